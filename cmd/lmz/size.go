package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a flag for a number of bytes, such as 4096, 64KiB, 64K or 2G; suffixes are powers of 1024, as in xz.
type byteSize int64

func (b *byteSize) Type() string { return "size" }

func (b *byteSize) String() string {
	n, unit := int64(*b), 0
	for n > 0 && n%1024 == 0 && unit < 4 {
		n /= 1024
		unit++
	}
	return strconv.FormatInt(n, 10) + []string{"", "KiB", "MiB", "GiB", "TiB"}[unit]
}

func (b *byteSize) Set(s string) error {
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
	*b = byteSize(n << shift)
	return nil
}

// formatBytes gives about three digits, for people.
func formatBytes(n int64) string {
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

// formatRatio is how many times smaller the archive is.
func formatRatio(raw, compressed int64) string {
	if compressed == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2fx", float64(raw)/float64(compressed))
}
