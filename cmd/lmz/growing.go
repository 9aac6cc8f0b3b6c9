package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/salvage"
	"github.com/lmz-go/lmz/stream"
)

// sofar takes the end of what there is of an archive for no error if lmz is writing it, which is
// said.
func (a *app) sofar(src *file.Source, err error) error {
	if err == nil || !errors.Is(err, stream.ErrTruncated) || !src.Growing() {
		return err
	}
	a.ui.Warning("", "%s: it is still being written: this is what there is so far", ui.Input(src.Name))
	return nil
}

// unfinished says whether nothing is wrong with an archive but that its end is missing.
func unfinished(x *salvage.Recovery) bool {
	missing := func(err error) bool { return errors.Is(err, stream.ErrTruncated) }
	for _, l := range x.Losses {
		if !missing(l.Err) {
			return false
		}
	}
	// A frame in front of the last one has no end since somebody crashed.
	return x.Open <= 1 && !slices.ContainsFunc(x.Repaired, func(err error) bool { return !missing(err) })
}

// pollEvery is how often a growing file is looked at.
const pollEvery = 200 * time.Millisecond

// tail reads a file that grows. It ends where the archive in it is complete.
type tail struct {
	ctx context.Context
	src *file.Source
}

func (t tail) Read(p []byte) (int, error) {
	for {
		growing := t.src.Growing() // asked first: what is written in between is read
		n, err := t.src.Read(p)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		if !growing && t.complete() {
			return 0, io.EOF
		}
		select {
		case <-t.ctx.Done():
			return 0, context.Cause(t.ctx)
		case <-time.After(pollEvery):
		}
	}
}

// complete says whether all frames of the archive have an end. Without a lock of lmz on it somebody
// else may be writing it.
func (t tail) complete() bool {
	_, err := stream.ReadIndex(t.src, t.src.SizeNow())
	return err == nil
}

// follow writes what an archive holds, and goes on while it grows.
func (c *catCommand) follow(ctx context.Context, name string) error {
	src, err := file.OpenRegular(name, "lmz -dc reads pipes as they grow")
	if err != nil {
		return err
	}
	defer src.Close()
	out, err := c.create("-", src, file.Manner{})
	if err != nil {
		return err
	}
	defer out.Discard()
	z, err := stream.NewReader(tail{ctx, src}, c.findModel, c.options(ctx, func(damage error) { c.repaired(name, damage) })...)
	if err != nil {
		return err
	}
	defer z.Close()
	_, err = z.WriteTo(out)
	return err
}
