package ui

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// CanAsk says whether somebody sits at a terminal who can be asked.
func (u *UI) CanAsk() bool {
	return u.terminal && u.Quiet == 0 && term.IsTerminal(int(os.Stdin.Fd()))
}

// Ask asks a question, one at a time, and says whether the answer begins with y.
func (u *UI) Ask(question string) bool {
	u.asking.Lock()
	defer u.asking.Unlock()
	u.mu.Lock()
	u.clearLine()
	fmt.Fprintf(u.out, "lmz: %s (y/N) ", Printable(question))
	u.mu.Unlock() // a signal must not wait for the answer
	if u.answers == nil {
		u.answers = bufio.NewReader(os.Stdin)
	}
	answer, err := u.answers.ReadString('\n')
	if err != nil {
		fmt.Fprintln(u.out)
	}
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y")
}
