package main

import (
	"fmt"
	"log/slog"
	"os"
	"sync"

	"golang.org/x/term"
)

// ui speaks to the user on standard error. Messages begin with "lmz:", are lower case and have no full stop; what the user
// can do follows on a hint line.
type ui struct {
	mu       sync.Mutex
	out      *os.File
	terminal bool // whether out is one
	busy     bool // the output goes to the terminal, so nothing is drawn on it
	quiet    int  // 1 leaves out warnings and the progress bar, 2 errors too
	verbose  int
	drawn    bool // whether a progress bar is on the last line
}

func newUI(out *os.File) *ui {
	return &ui{out: out, terminal: term.IsTerminal(int(out.Fd()))}
}

func (u *ui) printf(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clearLine()
	fmt.Fprintf(u.out, "lmz: "+format+"\n", args...)
}

// clearLine removes the progress bar. u.mu must be held.
func (u *ui) clearLine() {
	if u.drawn {
		fmt.Fprint(u.out, "\r\033[2K")
		u.drawn = false
	}
}

// logger passes on what libllama says, only with -vv: it warns of much that is as it should be.
func (u *ui) logger() *slog.Logger {
	level := slog.LevelError
	if u.verbose >= 2 {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(u, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
}

// Write writes whole lines, of the logger.
func (u *ui) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clearLine()
	return u.out.Write(p)
}

func (u *ui) failure(err error) {
	if u.quiet >= 2 {
		return
	}
	u.printf("error: %v", err)
	u.hint(hintFor(err))
}

func (u *ui) warning(hint, format string, args ...any) {
	if u.quiet >= 1 {
		return
	}
	u.printf("warning: "+format, args...)
	u.hint(hint)
}

func (u *ui) skipped(name string, why *skipError) {
	u.warning(why.hint, "%s: %v: skipped", displayName(name), why)
}

// repaired tells of damage to an archive that does no harm yet.
func (u *ui) repaired(name string, damage error) {
	u.warning(rewriteHint, "%v", &fileError{name, damage})
}

// fellBack tells of a chunk that had to be stored by another method.
func (u *ui) fellBack(name string, wrong error) {
	u.warning(fallbackHint, "%v", &fileError{name, wrong})
}

func (u *ui) hint(hint string) {
	if hint != "" {
		u.printf("hint: %s", hint)
	}
}

// note says what came of a command whose result is not a file.
func (u *ui) note(format string, args ...any) {
	if u.quiet == 0 {
		u.printf(format, args...)
	}
}

// summary says what came of a file: to a user who watches, or asked.
func (u *ui) summary(format string, args ...any) {
	if u.verbose > 0 || u.terminal && u.quiet == 0 {
		u.printf(format, args...)
	}
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
