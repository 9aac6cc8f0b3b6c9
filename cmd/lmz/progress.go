package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/lmz-go/lmz/internal/finetune"
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
	return u.redraw(func() {
		raw, done, compressed := position()
		if size > 0 {
			raw = min(raw, size-1) // the bar would end at size, but the work does not
		}
		text := shorten(filepath.Base(displayName(name)), 24)
		if done > 0 && compressed > 0 {
			text += " " + formatRatio(done, compressed)
		}
		_ = bar.Set64(raw) // what fails is the terminal, and nothing is lost
		bar.Describe(text)
	})
}

// showTraining draws a bar of the share of a training run, as showProgress does, from what shown is told until stop is called.
func (u *ui) showTraining() (shown func(finetune.Progress), stop func()) {
	if !u.showsProgress() {
		return nil, func() {}
	}
	const all = 1000
	bar := progressbar.NewOptions(all,
		progressbar.OptionSetWriter(u.out),
		progressbar.OptionSetWidth(20),
		progressbar.OptionUseANSICodes(true),
	)
	var latest atomic.Pointer[finetune.Progress]
	start := time.Now()
	return func(p finetune.Progress) { latest.Store(&p) }, u.redraw(func() {
		text := "training"
		p := latest.Load()
		if p == nil {
			p = &finetune.Progress{}
		} else {
			text = fmt.Sprintf("training, loss %.2f, %.0f tokens/s", p.Loss, float64(p.Tokens)/time.Since(start).Seconds())
		}
		_ = bar.Set(min(all-1, int(p.Share*all)))
		bar.Describe(text)
	})
}

// redraw draws now and then, with u.mu held, until the function that it returns is called, which removes what was drawn.
func (u *ui) redraw(draw func()) (stop func()) {
	locked := func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.drawn = true
		draw()
	}
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			locked()
			select {
			case <-tick.C:
			case <-stopping:
				locked()
				u.mu.Lock()
				defer u.mu.Unlock()
				u.clearLine()
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(stopping); <-stopped })
}
