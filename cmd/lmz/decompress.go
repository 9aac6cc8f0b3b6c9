package main

import (
	"context"
	"errors"
	"io"

	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/salvage"
	"github.com/lmz-go/lmz/stream"
)

// decompress gives back what an archive holds, or with -t only sees to it that it could.
func (a *app) decompress(ctx context.Context, name string) error {
	src, err := openSource(name)
	if err != nil {
		return err
	}
	defer src.Close()
	if src.terminal() {
		return &hintedError{"refusing to read compressed data from a terminal", "give a file, or redirect standard input"}
	}
	if a.mode == modeTest {
		return a.test(ctx, src)
	}
	outName, err := a.outputName(src)
	if err != nil {
		return err
	}
	out, err := a.createOutput(outName, src, false)
	if err != nil {
		return err
	}
	defer out.discard()

	var m meter
	if _, err := a.readArchive(ctx, out, src, &m, func(damage error) { a.ui.repaired(name, damage) }); err != nil {
		return err
	}
	if err := out.commit(src); err != nil {
		return err
	}
	raw, compressed := m.written.Load(), m.read.Load()
	a.ui.summary("%s: %s -> %s (%s)", displayName(name), formatBytes(compressed), formatBytes(raw), formatRatio(raw, compressed))
	return a.removeSource(src, out)
}

// test fails also for damage that costs nothing yet: more of it may be too much. What comes through a pipe is read once, so that
// its filters are not compared with the content.
func (a *app) test(ctx context.Context, src *source) error {
	var m meter
	if src.size() >= 0 {
		if err := a.verifyArchive(ctx, src, &m); err != nil {
			return err
		}
	} else {
		var damage error
		if _, err := a.readArchive(ctx, io.Discard, src, &m, func(repaired error) { damage = repaired }); err != nil {
			return err
		}
		if damage != nil {
			return &hintedError{damage.Error(), rewriteHint}
		}
	}
	a.ui.summary("%s: good (%s)", displayName(src.name), formatBytes(m.written.Load()))
	return nil
}

// verifyArchive makes sure that an archive in a file is as it was written.
func (a *app) verifyArchive(ctx context.Context, src *source, m *meter) error {
	start := int64(0)
	if src.stdin {
		at, err := src.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		start = at
	}
	stop := a.showReading(src, m)
	defer stop()
	size := src.size() - start
	err := salvage.Verify(ctx, io.NewSectionReader(src, start, size), size, a.salvageOptions(a.meteredModels(m), m.output(io.Discard)))
	var damage *salvage.DamageError
	if errors.As(err, &damage) {
		return &damagedError{damage}
	}
	return err
}

// meteredModels is a stream.ModelSource.
func (a *app) meteredModels(m *meter) stream.ModelSource {
	return func(ctx context.Context, id lm.ModelID) (lm.Model, error) {
		model, err := a.store.Model(ctx, id)
		return m.model(model), err
	}
}

// readArchive writes to dst what an archive holds and gives the number of bytes. It leaves in m the bytes on both sides, and
// tells notice, from another goroutine but not after it returns, of damage that it could repair.
func (a *app) readArchive(ctx context.Context, dst io.Writer, src *source, m *meter, notice func(error)) (int64, error) {
	stop := a.showReading(src, m)
	defer stop()
	r, err := stream.NewReader(m.source(src), a.meteredModels(m), a.readerOptions(ctx, notice)...)
	if err != nil {
		return 0, err
	}
	n, err := r.WriteTo(m.output(dst))
	return n, errors.Join(err, r.Close())
}

// showReading draws the progress of reading an archive.
func (a *app) showReading(src *source, m *meter) (stop func()) {
	if !a.ui.showsProgress() {
		return func() {}
	}
	raw, compressed := int64(-1), int64(-1) // not known, unless there is an index
	if size := src.size(); size >= 0 && !src.stdin {
		if frames, err := stream.ReadIndex(src, size); err == nil {
			raw, compressed = 0, size
			for _, f := range frames {
				for _, c := range f.Chunks {
					raw += c.RawSize
				}
			}
		}
	}
	return a.ui.showProgress(src.name, raw, func() (int64, int64, int64) {
		return max(m.modeled.Load(), m.written.Load()), raw, compressed
	})
}
