package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/salvage"
	"github.com/lmz-go/lmz/stream"
)

// decompressCommand is lmz -d.
type decompressCommand struct {
	reading
	destination
	removal
	keepGoing bool
}

func (c *decompressCommand) run(ctx context.Context, files []string) error {
	if c.force && len(files) > 1 {
		c.outputs.protect(files)
	}
	if !c.stdout && !c.keepGoing {
		asked, others := c.askedAbout(c.app, files, c.cut)
		c.each(asked, func(name string) error { return c.decompress(ctx, name) })
		files = c.readMany(others, func(one reading) func(string) error {
			many := *c
			many.reading = one
			return func(name string) error { return many.decompress(ctx, name) }
		})
	}
	c.each(files, func(name string) error { return c.decompress(ctx, name) })
	c.sequence.close()
	return nil
}

// decompress gives back what an archive holds.
func (c *decompressCommand) decompress(ctx context.Context, name string) error {
	open := openArchive
	if c.keepGoing && name == "-" {
		open = func(string, bool) (*file.Source, error) { return file.SpoolStdin() }
	}
	src, err := open(name, c.meant())
	if err != nil {
		return err
	}
	defer src.Close()
	if c.keepGoing && src.Size() < 0 {
		return ui.Usage("--keep-going wants files", "or standard input")
	}
	outName, err := c.contentName(src)
	if err != nil {
		return err
	}
	if done, err := c.prepare(outName); done || err != nil {
		if done {
			c.outcome(name).existing(outName)
		}
		return err
	}
	out, err := c.create(outName, src, file.Manner{Force: c.force, Sparse: !c.noSparse})
	if err != nil {
		return c.taken(err)
	}
	defer out.Discard()

	var m meter
	from := io.Reader(src)
	if outName == "-" {
		plain := false
		if from, plain, err = c.openPlain(src); err != nil {
			return err
		}
		if plain {
			_, err = io.Copy(out, from)
			return err
		}
	}
	var lost error
	if c.keepGoing {
		lost, err = c.salvage(ctx, out, src, &m)
	} else {
		_, err = c.copyContent(ctx, out, src, from, &m, func(damage error) { c.repaired(name, damage) })
	}
	ended := err
	if err = c.sofar(src, err); err != nil {
		return err
	}
	if err := out.Commit(src); err != nil {
		return err
	}
	if lost != nil {
		return lost
	}
	raw, compressed := m.written.Load(), m.read.Load()
	c.outcome(name).sizes(raw, compressed, outName)
	c.ui.Summary("%s: %s -> %s (%s)", ui.Input(name), ui.FormatBytes(compressed), ui.FormatBytes(raw), ui.FormatRatio(raw, compressed))
	if ended != nil && c.remove {
		return kept("decompressed", ui.Kept("it is still being written"))
	}
	return c.removal.source("decompressed", src, out)
}

// contentName is where the content goes.
func (c *decompressCommand) contentName(src *file.Source) (string, error) {
	if name, ok := c.named(); ok {
		return name, nil
	}
	if src.Stdin {
		return "-", nil
	}
	base, ok := c.cut(src.Name)
	if !ok {
		if program := otherFormat(src); program != "" {
			return "", ui.Skip("is a file of "+program, otherHint(program))
		}
	}
	if !ok || base == "" || strings.HasSuffix(base, "/") {
		return "", ui.Skip("does not end in "+c.ending(), "give the output's name with -o, or write to standard output with -c")
	}
	return c.place(base)
}

// testCommand is lmz -t.
type testCommand struct {
	reading
	force bool
}

func (c *testCommand) run(ctx context.Context, files []string) error {
	files = c.readMany(files, func(one reading) func(string) error {
		many := *c
		many.reading = one
		return func(name string) error { return many.test(ctx, name) }
	})
	c.each(files, func(name string) error { return c.test(ctx, name) })
	c.sequence.close()
	return nil
}

// test fails also for damage that costs nothing yet: more of it may be too much. What comes through
// a pipe is read once, so that its filters are not compared with the content.
func (c *testCommand) test(ctx context.Context, name string) error {
	src, err := openArchive(name, c.force)
	if err != nil {
		return err
	}
	defer src.Close()
	var m meter
	if src.Size() >= 0 {
		err := c.verify(ctx, src, &m)
		var damage *damagedError
		if errors.As(err, &damage) && unfinished(damage.Recovery) {
			err = c.sofar(src, err)
		}
		if err != nil {
			return err
		}
	} else {
		var damage error
		if _, err := c.copyContent(ctx, io.Discard, src, src, &m, func(repaired error) { damage = repaired }); err != nil {
			return err
		}
		if damage != nil {
			return ui.Hinted(damage.Error(), mendedHint)
		}
	}
	c.outcome(name).sizes(m.written.Load(), src.Size(), "")
	c.ui.Summary("%s: good (%s)", ui.Input(src.Name), ui.FormatBytes(m.written.Load()))
	return nil
}

// verify makes sure that an archive in a file is as it was written.
func (c *testCommand) verify(ctx context.Context, src *file.Source, m *meter) error {
	stop := c.showReading(src, m)
	defer stop()
	err := salvage.Verify(metered(ctx, func() *meter { return m }), src, src.Size(), c.salvageOptions(c.findModel, m.output(io.Discard)))
	var damage *salvage.DamageError
	if errors.As(err, &damage) {
		return &damagedError{damage}
	}
	return err
}

// openArchive opens an archive that is read from its beginning to its end.
func openArchive(name string, meant bool) (*file.Source, error) {
	src, err := file.Open(name, meant)
	if err != nil {
		return nil, err
	}
	if src.Terminal() {
		src.Close()
		return nil, ui.Hinted("refusing to read compressed data from a terminal", "give a file, or redirect standard input")
	}
	return src, nil
}

// copyContent writes to dst what the archive in src, which from reads, holds and gives the number
// of bytes. It leaves in m the bytes on both sides, and tells notice, from another goroutine but
// not after it returns, of damage that it could repair.
func (r *reading) copyContent(ctx context.Context, dst io.Writer, src *file.Source, from io.Reader, m *meter, notice func(error)) (int64, error) {
	stop := r.showReading(src, m)
	defer stop()
	if r.sequence == nil {
		r.sequence = &sequence{}
	}
	z, err := r.sequence.open(ctx, r, m, m.source(from), notice)
	if err != nil {
		return 0, err
	}
	return z.WriteTo(m.output(dst))
}

// showReading draws the progress of reading an archive.
func (r *reading) showReading(src *file.Source, m *meter) (stop func()) {
	if r.single || !r.ui.ShowsProgress() {
		return func() {}
	}
	raw, compressed := int64(-1), int64(-1) // not known, unless there is an index
	if size := src.Size(); size >= 0 && !src.Stdin {
		if frames, err := stream.ReadIndex(src, size); err == nil {
			raw, compressed = 0, size
			for _, f := range frames {
				for _, c := range f.Chunks {
					raw += c.RawSize
				}
			}
		}
	}
	return r.ui.ShowProgress(src.Name, raw, func() (int64, int64, int64) {
		return max(m.coded.Load(), m.written.Load()), raw, compressed
	})
}
