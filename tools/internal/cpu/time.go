//go:build unix

// Package cpu takes the CPU time of what tools measure.
package cpu

import (
	"runtime"
	"syscall"
	"time"
)

// Time is what f takes of cores, in user and system mode.
func Time(f func() error) (time.Duration, error) {
	runtime.GC() // garbage of others
	before, err := used()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := used()
	return after - before, err
}

func used() (time.Duration, error) {
	var r syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return Used(&r), err
}

// Used is the time that is in what the system says of a process.
func Used(r *syscall.Rusage) time.Duration {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
