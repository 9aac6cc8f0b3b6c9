//go:build !unix

package main

import "time"

var began = time.Now()

// cpuSeconds is about the CPU time of this process: all the time that it was there.
func cpuSeconds() float64 { return time.Since(began).Seconds() }
