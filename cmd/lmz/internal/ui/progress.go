package ui

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

const redrawEvery = 200 * time.Millisecond

// ShowsProgress reports whether there is a terminal for a bar, and nothing else that writes to it.
func (u *UI) ShowsProgress() bool { return u.terminal && u.Quiet == 0 && !u.NoProgress && !u.busy }

// ShowProgress draws a bar on the last line of the terminal, if ShowsProgress, until the function
// that it returns is called. The bar counts the raw bytes that position gives up to size, or
// without an end if size is negative, and shows the ratio of the other two numbers, the raw bytes
// of whole chunks and what these take in the archive.
func (u *UI) ShowProgress(name string, size int64, position func() (raw, done, compressed int64)) (stop func()) {
	if !u.ShowsProgress() || size == 0 {
		return func() {}
	}
	bar := progressbar.NewOptions64(size, u.barOptions(
		progressbar.OptionSetPredictTime(false), // until the rate is one
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionUseIECUnits(true))...)
	begun := time.Now()
	return u.redraw(func() {
		raw, done, compressed := position()
		if size > 0 {
			raw = min(raw, size-1) // the bar would end at size, but the work does not
		}
		text := Printable(Shorten(filepath.Base(Input(name)), 24))
		if done > 0 && compressed > 0 {
			text += " " + FormatRatio(done, compressed)
		}
		if raw > 0 && size > 0 && time.Since(begun) > time.Second {
			progressbar.OptionSetPredictTime(true)(bar)
		}
		_ = bar.Set64(raw) // what fails is the terminal, and nothing is lost
		bar.Describe(text)
	})
}

// ShowShare draws a bar as ShowProgress does, of a share of 0 to 1 of work that has no bytes, and a
// text.
func (u *UI) ShowShare(state func() (share float64, text string)) (stop func()) {
	if !u.ShowsProgress() {
		return func() {}
	}
	const all = 1000
	bar := progressbar.NewOptions(all, u.barOptions()...)
	return u.redraw(func() {
		share, text := state()
		_ = bar.Set(min(all-1, int(share*all)))
		bar.Describe(text)
	})
}

func (u *UI) barOptions(more ...progressbar.Option) []progressbar.Option {
	return append(more, progressbar.OptionSetWriter(u.out), progressbar.OptionSetWidth(20), progressbar.OptionUseANSICodes(true))
}

// redraw draws now and then, with u.mu held, until the function that it returns is called, which
// removes what was drawn.
func (u *UI) redraw(draw func()) (stop func()) {
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
