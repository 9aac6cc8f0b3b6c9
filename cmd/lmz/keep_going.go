package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/salvage"
	"github.com/lmz-go/lmz/stream"
)

// salvage writes what is intact in an archive, for --keep-going, and gives as lost what is not.
func (c *decompressCommand) salvage(ctx context.Context, out io.Writer, src *file.Source, m *meter) (lost, err error) {
	stop := c.showReading(src, m)
	defer stop()
	how := c.salvageOptions(c.findModel, m.output(out))
	x, err := salvage.Recover(metered(ctx, func() *meter { return m }), src, src.Size(), how)
	if err != nil {
		return nil, err
	}
	m.read.Store(src.Size())
	c.tellRecovered(src.Name, x)
	switch {
	case x.Undecoded != nil:
		return nil, x.Undecoded
	case len(x.Losses) > 0:
		return errors.New(x.Summary()), nil
	case x.Open > 0:
		return nil, stream.ErrUnfinished
	}
	return nil, nil
}

// tellRecovered says what was repaired in an archive, and what is lost.
func (r *reading) tellRecovered(name string, x *salvage.Recovery) {
	r.outcome(name).recovered(x)
	for _, e := range x.Repaired {
		r.ui.Warning("", "%v", ui.InFile(name, e))
	}
	for _, l := range x.Losses {
		r.ui.Warning("", "%v", ui.InFile(name, fmt.Errorf("lost: %s: %w", l, l.Err)))
	}
}

// readOn is readArchive for who goes on behind damage, and says what is lost of an archive that
// cannot be followed to its end.
func (r *reading) readOn(ctx context.Context, src *file.Source, read func(*stream.Archive) error) error {
	how := r.salvageOptions(r.findModel, nil)
	how.Reader = append(how.Reader, stream.WithNotice(func(damage error) { r.repaired(src.Name, damage) }))
	archive, x, err := salvage.Open(ctx, src, src.Size(), how)
	if err != nil {
		return err
	}
	if x == nil {
		return r.closeRead(src, archive, read(archive))
	}
	if end := len(x.Losses) - 1; end >= 0 && src.Growing() && x.Losses[end].Offset+x.Losses[end].Size == src.Size() {
		x.Losses = x.Losses[:end] // it is being written
	}
	r.tellRecovered(src.Name, x)
	if len(x.Losses) > 0 {
		r.failed.Store(true)
	}
	err = r.closeRead(src, archive, read(archive))
	if err != nil || x.Open == 0 || len(x.Losses) > 0 && !src.Growing() { // a loss has been said
		return err
	}
	return r.sofar(src, stream.ErrUnfinished)
}

// damaged is what to do about a chunk that cannot be decoded: with --keep-going it is said, else it
// is nil, and the end.
func (c *catCommand) damaged(src *file.Source, archive *stream.Archive) func(*stream.LostError) error {
	if !c.keepGoing {
		return nil
	}
	return c.goOn(src, archive)
}

// writeRange writes the bytes from one offset to another, with --keep-going those that can be
// decoded.
func (c *catCommand) writeRange(src *file.Source, archive *stream.Archive, out io.Writer, from, to int64) error {
	counted := &counter{w: out}
	out = counted
	defer c.showCat(src.Name, to-from, counted)()
	for damaged := c.damaged(src, archive); ; {
		_, err := archive.WriteRange(out, from, to-from)
		var lost *stream.LostError
		if damaged == nil || !errors.As(err, &lost) {
			return err
		}
		if err := damaged(lost); err != nil {
			return err
		}
		if from = lost.Offset + lost.Size; from >= to {
			return nil
		}
	}
}
