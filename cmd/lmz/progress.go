package main

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

const redrawEvery = 200 * time.Millisecond

// showsProgress reports whether there is a terminal for a bar, and nothing else that writes to it.
func (u *ui) showsProgress() bool { return u.terminal && u.quiet == 0 && !u.busy }

// showProgress draws a bar on the last line of the terminal, if showsProgress, until the function that it returns
// is called. The bar counts the raw bytes that position gives up to size, or without an end if size is negative, and
// shows the ratio of the other two numbers, the raw bytes of whole chunks and what these take in the archive.
func (u *ui) showProgress(name string, size int64, position func() (raw, done, compressed int64)) (stop func()) {
	if !u.showsProgress() || size == 0 {
		return func() {}
	}
	bar := progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(u.out),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionSetWidth(20),
		progressbar.OptionUseANSICodes(true),
	)
	draw := func() {
		raw, done, compressed := position()
		if size > 0 {
			raw = min(raw, size-1) // the bar would end at size, but the work does not
		}
		text := shorten(filepath.Base(displayName(name)), 24)
		if done > 0 && compressed > 0 {
			text += " " + formatRatio(done, compressed)
		}
		u.mu.Lock()
		defer u.mu.Unlock()
		u.drawn = true
		_ = bar.Set64(raw) // what fails is the terminal, and nothing is lost
		bar.Describe(text)
	}
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			draw()
			select {
			case <-tick.C:
			case <-stopping:
				draw()
				u.mu.Lock()
				defer u.mu.Unlock()
				u.clearLine()
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(stopping); <-stopped })
}
