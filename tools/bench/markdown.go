//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"io"
	"strings"
)

// markdown is a table whose first column is text and the others numbers.
type markdown struct {
	head []string
	rows [][]string
}

func (t *markdown) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *markdown) print(w io.Writer) {
	fmt.Fprintf(w, "| %s |\n|---%s|\n", strings.Join(t.head, " | "), strings.Repeat("|--:", len(t.head)-1))
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(r, " | "))
	}
	fmt.Fprintln(w)
}

// none stands for what was not measured.
const none = "–"

// grouped writes a size with its digits in groups of three, as 1 234 567; 0 is a size that is not
// known.
func grouped(n int64) string {
	if n == 0 {
		return none
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u00a0" + s[i:]
	}
	return s
}

// ratio writes a/b, if both are known.
func ratio(a, b int64) string {
	if a == 0 || b == 0 {
		return none
	}
	return fmt.Sprintf("%.3f", float64(a)/float64(b))
}
