package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
)

// threads is a flag for their number; 0 is one for each core.
type threads int

func (t *threads) Type() string   { return "threads" }
func (t *threads) String() string { return strconv.Itoa(int(*t)) }

func (t *threads) Set(text string) error {
	if text == "auto" {
		text = "0"
	}
	n, err := strconv.Atoi(text)
	*t = threads(n)
	return err
}

// cores is how many files of one chunk are worked on at the same time, each on one core.
func (c *coding) cores() int {
	if c.workers > 0 {
		return c.workers
	}
	return runtime.GOMAXPROCS(0)
}

// sideBySide has so many workers take what next hands to give, each by a function that worker makes
// for it. It returns when all are done.
func sideBySide[T any](workers int, worker func() func(T), next func(give func(T))) {
	given := make(chan T)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			do := worker()
			for t := range given {
				do(t)
			}
		})
	}
	next(func(t T) { given <- t })
	close(given)
	running.Wait()
}

// sizeOf is that of a regular file, or of an object that was found below a URL; else it is -1.
func (a *app) sizeOf(name string) int64 {
	if size, ok := a.listed[name]; ok {
		return size
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return -1
}
