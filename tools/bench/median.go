//go:build unix && !386 && !arm

package main

import (
	"slices"
	"time"
)

func median[T int64 | float64 | time.Duration](x []T) T {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
