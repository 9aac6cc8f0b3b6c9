//go:build llama && cgo

package llama

// #cgo pkg-config: llama
// #include "bridge.h"
import "C"

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// libllama has one log callback per process.
var log struct {
	sync.Mutex
	once   sync.Once
	logger *slog.Logger
	reason string // the latest error line
}

// SetLogger sends libllama's log to l, whose level is asked now; nil, as at the start, keeps it
// quiet.
func SetLogger(l *slog.Logger) {
	log.Lock()
	defer log.Unlock()
	log.logger = l
	level := C.int(C.GGML_LOG_LEVEL_ERROR) // errors are kept for messages
	if l != nil {
		for _, at := range []C.int{C.GGML_LOG_LEVEL_WARN, C.GGML_LOG_LEVEL_INFO, C.GGML_LOG_LEVEL_DEBUG} {
			if l.Enabled(context.Background(), slogLevel(at)) {
				level = min(level, at)
			}
		}
	}
	C.lmz_log_level(level)
}

func slogLevel(level C.int) slog.Level {
	switch level {
	case C.GGML_LOG_LEVEL_ERROR:
		return slog.LevelError
	case C.GGML_LOG_LEVEL_WARN:
		return slog.LevelWarn
	case C.GGML_LOG_LEVEL_INFO:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// maxLine is how many bytes of a line are kept: it may quote the metadata of a model, which has any
// size.
const maxLine = 1000

//export lmzLog
func lmzLog(level C.int, text *C.char) {
	line := strings.TrimSpace(C.GoString(text))
	line = printable(line[:min(len(line), maxLine)])
	log.Lock()
	l := log.logger
	if level == C.GGML_LOG_LEVEL_ERROR {
		log.reason = line
	}
	log.Unlock()
	if l != nil && line != "" {
		l.Log(context.Background(), slogLevel(level), line)
	}
}

// initLog installs the callback; libllama's own writes to stderr.
func initLog() { log.once.Do(func() { C.lmz_log_init() }) }

// takeReason gives the latest error line of libllama as " (line)", once.
func takeReason() string {
	log.Lock()
	defer log.Unlock()
	reason := log.reason
	log.reason = ""
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", reason)
}
