//go:build unix && !386 && !arm

package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// cpuTime is what f takes of cores, in user and system mode.
func cpuTime(f func() error) (time.Duration, error) {
	runtime.GC() // garbage of others
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	return used(&after) - used(&before), err
}

func used(r *syscall.Rusage) time.Duration {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func median[T int64 | float64 | time.Duration](x []T) T {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
