package ui

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ByteSize is a flag for a number of bytes, such as 4096, 64KiB, 64K or 2G; suffixes are powers of
// 1024, as in xz.
type ByteSize int64

func (b *ByteSize) Type() string { return "SIZE" }

func (b *ByteSize) String() string {
	n, unit := int64(*b), 0
	for n > 0 && n%1024 == 0 && unit < 4 {
		n /= 1024
		unit++
	}
	return strconv.FormatInt(n, 10) + []string{"", "KiB", "MiB", "GiB", "TiB"}[unit]
}

func (b *ByteSize) Set(s string) error {
	digits := strings.TrimRight(s, "KMGTiBkmgtb ")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit := strings.ToLower(strings.TrimLeft(s[len(digits):], " "))
	shift := 0
	if i := strings.IndexAny(unit, "kmgt"); i == 0 {
		shift = 10 * (1 + strings.IndexByte("kmgt", unit[0]))
		unit = strings.TrimPrefix(unit[1:], "i")
	}
	if err != nil || unit != "" && unit != "b" || n < 0 || n > math.MaxInt64>>shift {
		return errors.New("want a number of bytes such as 4096, 64KiB or 2G")
	}
	*b = ByteSize(n << shift)
	return nil
}

// FormatBytes gives about three digits, for people.
func FormatBytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), -1
	for f >= 1023.5 && unit < 4 {
		f /= 1024
		unit++
	}
	digits := 2
	if f >= 99.95 {
		digits = 0
	} else if f >= 9.995 {
		digits = 1
	}
	return fmt.Sprintf("%.*f %ciB", digits, f, "KMGTP"[unit])
}

// FormatRatio is how many times smaller the archive is.
func FormatRatio(raw, compressed int64) string {
	if compressed == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2fx", float64(raw)/float64(compressed))
}

// FormatCount gives about two digits, for people.
func FormatCount(n uint64) string {
	f, unit := float64(n), ""
	for _, u := range []string{" k", " M", " G", " T"} {
		if f < 999.5 {
			break
		}
		f, unit = f/1000, u
	}
	if unit == "" || f >= 9.95 {
		return fmt.Sprintf("%.0f%s", f, unit)
	}
	return fmt.Sprintf("%.1f%s", f, unit)
}

// Shorten cuts a text to at most this many characters.
func Shorten(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most-1]) + "…"
}
