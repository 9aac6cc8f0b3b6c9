package main

import (
	"context"
	"io"
	"time"

	"github.com/lmz-go/lmz/stream"
)

// follow adds what r gives to w, and flushes at least every so often what has come, so that the
// archive can be read meanwhile; flushed is called after each flush. It ends at the end of r, or
// early and without an error when stop is closed.
func follow(ctx context.Context, w *stream.Writer, r io.Reader, every time.Duration, stop <-chan struct{}, flushed func() error) error {
	blocks, errs := make(chan []byte), make(chan error, 1)
	quit := make(chan struct{})
	defer close(quit)
	go func() {
		for {
			block := make([]byte, 64<<10)
			n, err := r.Read(block)
			if n > 0 {
				select {
				case blocks <- block[:n]:
				case <-quit:
					return
				}
			}
			if err != nil {
				errs <- err
				close(blocks)
				return
			}
		}
	}()
	tick := time.NewTicker(every)
	defer tick.Stop()
	dirty := false
	flush := func() error {
		if !dirty {
			return nil
		}
		dirty = false
		if err := w.Flush(); err != nil {
			return err
		}
		return flushed()
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-stop:
			return drain(w, blocks)
		case <-tick.C:
			if err := flush(); err != nil {
				return err
			}
		case block, ok := <-blocks:
			if !ok {
				if err := <-errs; err != io.EOF {
					return err
				}
				return nil
			}
			dirty = true
			if _, err := w.Write(block); err != nil {
				return err
			}
		}
	}
}

// drain adds what is on its way to w: whoever writes it is interrupted too, and most often done at
// once.
func drain(w *stream.Writer, blocks <-chan []byte) error {
	const quiet, longest = 100 * time.Millisecond, time.Second
	end := time.After(longest)
	for {
		select {
		case block, ok := <-blocks:
			if !ok {
				return nil
			}
			if _, err := w.Write(block); err != nil {
				return err
			}
		case <-time.After(quiet):
			return nil
		case <-end:
			return nil
		}
	}
}
