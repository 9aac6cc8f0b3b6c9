// Package ui speaks to the user: messages and hints, progress bars, sizes, and the kinds of errors
// that have an exit code.
package ui

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"golang.org/x/term"
)

// UI writes to standard error. Messages begin with "lmz:", are lower case and have no full stop;
// what the user can do follows on a hint line.
type UI struct {
	Quiet   int // 1 leaves out warnings and the progress bar, 2 errors too
	Verbose int

	NoProgress bool // leaves out the progress bar alone

	mu       sync.Mutex
	out      *os.File
	hintFor  func(error) string
	terminal bool // whether out is one
	busy     bool // the output goes to the terminal, or where a bar would be in its way: none is drawn
	piped    bool // the output is standard output, whose reader need not hear what came of it
	drawn    bool // whether a progress bar is on the last line

	asking  sync.Mutex
	answers *bufio.Reader
}

// New makes a UI that writes to out. hintFor says what a user can do about an error, or nothing.
func New(out *os.File, hintFor func(error) string) *UI {
	return &UI{out: out, hintFor: hintFor, terminal: term.IsTerminal(int(out.Fd()))}
}

// ToStdout says that the output goes to standard output, and whether that is a terminal, which then
// has no place for a bar. As with zstd, there are no summaries then, nor a bar, unless asked for:
// a pager, or the next command of a pipe, has the screen.
func (u *UI) ToStdout(terminal bool) {
	u.piped = true
	u.busy = terminal || u.Verbose == 0
}

// Printf writes one message, in one line, whatever the flags say.
func (u *UI) Printf(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clearLine()
	fmt.Fprintf(u.out, "lmz: %s\n", Printable(fmt.Sprintf(format, args...)))
}

// clearLine removes the progress bar. u.mu must be held.
func (u *UI) clearLine() {
	if u.drawn {
		fmt.Fprint(u.out, "\r\033[2K")
		u.drawn = false
	}
}

// Freeze removes the progress bar; nothing can be said any more.
func (u *UI) Freeze() {
	u.mu.Lock() // for ever
	u.clearLine()
}

// Logger passes on what libllama says, only with -vv: it warns of much that is as it should be.
func (u *UI) Logger() *slog.Logger {
	level := slog.LevelError
	if u.Verbose >= 2 {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(lines{u}, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
}

// lines takes whole lines, of the logger.
type lines struct{ u *UI }

func (l lines) Write(p []byte) (int, error) {
	l.u.mu.Lock()
	defer l.u.mu.Unlock()
	l.u.clearLine()
	return l.u.out.Write(p)
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// Failure says what went wrong.
func (u *UI) Failure(err error) {
	if u.Quiet >= 2 {
		return
	}
	u.Printf("error: %v", err)
	u.hint(u.hintFor(err))
}

// Warning says what should be known though nothing failed.
func (u *UI) Warning(hint, format string, args ...any) {
	if u.Quiet >= 1 {
		return
	}
	u.Printf("warning: "+format, args...)
	u.hint(hint)
}

// Hint says what the user can do about failures that were said before.
func (u *UI) Hint(hint string) {
	if u.Quiet < 2 {
		u.hint(hint)
	}
}

func (u *UI) hint(hint string) {
	if hint != "" {
		u.Printf("hint: %s", hint)
	}
}

// Note says what came of a command whose result is not a file.
func (u *UI) Note(format string, args ...any) {
	if u.Quiet == 0 {
		u.Printf(format, args...)
	}
}

// Summary says what came of a file: to a user who watches, or asked.
func (u *UI) Summary(format string, args ...any) {
	if u.Verbose > 0 || u.terminal && u.Quiet == 0 && !u.piped {
		u.Printf(format, args...)
	}
}
