//go:build unix

package main

import (
	"fmt"
	"math"
	"strconv"
)

// none stands for what was not measured.
const none = "–"

// grouped writes a count with its digits in groups of three, as 1 234 567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u00a0" + s[i:]
	}
	return s
}

// figureText writes a measured value: bytes and what is large whole and grouped, others with three
// or four digits.
func figureText(v float64, unit string) string {
	switch {
	case math.IsNaN(v):
		return none
	case unit == "bytes" || math.Abs(v) >= 1000:
		return grouped(int64(math.Round(v)))
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	case v == 0:
		return "0"
	case math.Abs(v) < 0.01:
		return fmt.Sprintf("%.2g", v)
	}
	return fmt.Sprintf("%.3f", v)
}
