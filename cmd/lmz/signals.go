package main

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// signals is what becomes of the run when one comes.
type signals struct {
	ui    *ui.UI
	files *file.Set

	mu     sync.Mutex
	finish chan struct{} // closed by the first signal, if somebody wants to finish then
}

// handle lets the process die of the signals that end one, after the unfinished output is removed.
// The sources are not touched before their outputs are complete, so nothing else needs to be done.
// SIGPIPE is among them because standard output or error may be closed while a file is being
// written, and SIGQUIT, at which Go would print its stacks and leave that output.
func (s *signals) handle() {
	received := make(chan os.Signal, 1)
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE} {
		if !signal.Ignored(sig) { // as nohup and a shell's background jobs want
			signal.Notify(received, sig)
		}
	}
	go func() {
		for sig := range received {
			if sig == syscall.SIGPIPE || !s.finishNow() {
				s.die(sig.(syscall.Signal))
			}
		}
	}()
}

// finishEarly gives a channel that the next signal that would end the process closes instead; the
// one after it ends it.
func (s *signals) finishEarly() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finish == nil {
		s.finish = make(chan struct{})
	}
	return s.finish
}

// finishing says whether a signal has told somebody to finish.
func (s *signals) finishing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.finish: // nil: blocks
		return true
	default:
		return false
	}
}

// finishNow reports whether somebody has been told to finish, for the first time.
func (s *signals) finishNow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finish == nil {
		return false
	}
	select {
	case <-s.finish:
		return false
	default:
		close(s.finish)
		return true
	}
}

// die removes the unfinished output and ends the process by the signal.
func (s *signals) die(sig syscall.Signal) {
	s.files.Abort()
	if sig != syscall.SIGPIPE { // whose reason may be that nobody reads messages
		s.ui.Freeze()
		if sig != syscall.SIGQUIT { // of which nothing but Go's own way to die is left
			// Die of the signal itself, so that a shell's loop over many files ends as well.
			signal.Reset(sig)
			raise(sig)
		}
	}
	os.Exit(128 + int(sig))
}

// diePiped is what becomes of a process whose output nobody reads any more, as in lmz -dc a.lmz |
// head: it ends without a word, unless it was started with SIGPIPE ignored. The signal and the
// write's error arrive in any order.
func (s *signals) diePiped(err error) {
	if errors.Is(err, syscall.EPIPE) && !signal.Ignored(syscall.SIGPIPE) {
		s.die(syscall.SIGPIPE)
	}
}
