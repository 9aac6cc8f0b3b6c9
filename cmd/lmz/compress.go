package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/internal/remote"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/stream"
)

// compression is what the flags say about compressing alone.
type compression struct {
	encoding
	verify     bool
	flushEvery time.Duration // 0: only at the end
}

// compressCommand is lmz FILE.
type compressCommand struct {
	*app
	destination
	coding
	compression
	removal
	*writing

	most   int64 // bytes of the largest file, with --memlimit; negative: nobody knows
	tally  *tally
	many   bool // files, of which only a sum is told
	single bool // other files are compressed at the same time
}

func (c *compressCommand) run(ctx context.Context, files []string) error {
	// A file of a model is opened once.
	if len(files) > 1 && !c.stdout && c.flushEvery == 0 && c.model == "" {
		c.compressMany(ctx, files)
		if c.many {
			c.summarize()
		}
		return nil
	}
	c.each(files, func(name string) error { return c.compress(ctx, name) })
	return nil
}

func (c *compressCommand) compress(ctx context.Context, name string) error {
	if c.signals.finishing() {
		return ui.Skip("is left out: interrupted", "")
	}
	src, err := file.Open(name, c.meant())
	if err != nil {
		return err
	}
	defer src.Close()
	outName, err := c.archiveName(src)
	if err != nil {
		return err
	}
	done, err := c.prepare(outName)
	if done {
		c.outcome(name).existing(outName)
		c.tally.existing.Add(1)
	}
	if done || err != nil {
		return err
	}
	out, err := c.createArchive(outName, src, file.Manner{Force: c.force, Live: c.flushEvery > 0})
	if err != nil {
		return c.taken(err)
	}
	defer out.Discard()
	if c.flushEvery > 0 {
		err := out.MarkGrowing(func() { c.ui.Summary("%s: waiting for another lmz that writes to it", ui.Output(outName)) })
		if err != nil {
			c.ui.Warning("", "%s: it cannot be locked, so that readers will take it for an archive that was cut off: %v", ui.Output(outName), err)
		}
	}

	var m meter
	var proof *file.Proof
	if c.remove && out.Staged() && src.Removable() {
		proof = file.NewProof(0)
	}
	if err := c.write(ctx, out, src, &m, proof); err != nil {
		return err
	}
	if err := proof.Check(out, src); err != nil {
		return err
	}
	if err := out.Commit(src); err != nil {
		return err
	}
	raw, compressed := m.read.Load(), m.written.Load()
	c.tally.add(raw, compressed)
	c.outcome(name).sizes(raw, compressed, outName)
	if !c.many || c.ui.Verbose > 0 {
		c.ui.Summary("%s: %s -> %s (%s)", ui.Input(name), ui.FormatBytes(raw), ui.FormatBytes(compressed), ui.FormatRatio(raw, compressed))
	}
	return c.removal.source("compressed", src, out)
}

// archiveName is where the archive goes.
func (c *compressCommand) archiveName(src *file.Source) (string, error) {
	if name, ok := c.named(); ok {
		return name, nil
	}
	switch {
	case src.Stdin:
		return "-", nil
	case c.isArchive(src.Name):
		return "", ui.Skip("ends in "+c.ending()+" already", "decompress with -d; to compress it again give the output's name with -o")
	}
	return c.place(remote.Extend(src.Name, c.ending()))
}

// write compresses src and leaves in m the bytes on both sides, and in p, which may be nil, what
// proves the archive.
func (c *compressCommand) write(ctx context.Context, dst io.Writer, src *file.Source, m *meter, p *file.Proof) error {
	c.now.Store(&task{src, m, p})
	w, err := c.writerFor(ctx, m.output(p.Written(dst)), writerKind{
		verifies: c.verify || p != nil,
		small:    src.Size() >= 0 && src.Size() < preset.LeastAsked && !c.needsModel(c.model),
	})
	if err != nil {
		return err
	}
	if !c.single {
		passes := int64(1)
		if c.verify || p != nil {
			passes = 2 // each chunk is decoded, too
		}
		stop := c.ui.ShowProgress(src.Name, src.Size(), func() (raw, done, compressed int64) {
			return max(m.coded.Load()/passes, m.done.Load()), m.done.Load(), m.compressed.Load()
		})
		defer stop()
	}
	flush := func() error { return nil } // of what is kept in memory
	if out, ok := dst.(*file.Output); ok {
		flush = out.Flush
	}
	from := src.Snapshot()
	if c.flushEvery > 0 {
		var stop <-chan struct{}
		if src.Size() < 0 { // else half of a file would look like the whole
			stop = c.signals.finishEarly()
		}
		err = follow(ctx, w, m.source(from), c.flushEvery, stop, flush)
	} else {
		_, err = w.ReadFrom(m.source(from))
	}
	if err != nil {
		w.Reset(nil) // Close would make what there is so far look like the whole
		return err
	}
	if changed := from.Changed(); changed != "" {
		c.warned.Store(true)
		c.ui.Warning("", "%s: %s", ui.Input(src.Name), changed)
	}
	if err = w.Close(); err == nil && c.flushEvery > 0 {
		err = flush()
	}
	return err
}

// writerFor gives a writer, which is made for the first file of its kind and reset for the others.
func (c *compressCommand) writerFor(ctx context.Context, dst io.Writer, kind writerKind) (*stream.Writer, error) {
	if w := c.writers[kind]; w != nil {
		w.Reset(dst)
		return w, nil
	}
	opts := append(c.encoding.writerOptions(), c.coding.writerOptions()...)
	opts = append(opts, stream.WithContext(metered(ctx, c.meter)), stream.WithProgress(c.progress))
	if kind.verifies {
		opts = append(opts, stream.WithVerify(decoded{c.writing}, func(wrong error) {
			c.ui.Warning(fallbackHint, "%v", ui.InFile(c.now.Load().src.Name, wrong))
		}))
	}
	w, err := c.newWriter(ctx, dst, kind.small, opts)
	if err == nil {
		c.writers[kind] = w
	}
	return w, err
}

// newWriter makes the writer, with the model that is to be asked. Where that is optional and cannot
// be had, or does not compute, there is none, which is said once.
func (c *compressCommand) newWriter(ctx context.Context, dst io.Writer, small bool, opts []stream.WriterOption) (*stream.Writer, error) {
	if small || c.alone.Load() || !c.asksModel(c.model) {
		return stream.NewWriter(dst, nil, opts...)
	}
	model, err := c.store.Open(ctx, c.model, c.class)
	if err == nil {
		var w *stream.Writer
		if w, err = stream.NewWriter(dst, model, opts...); err == nil {
			return w, nil
		}
	}
	if ctx.Err() != nil || c.needsModel(c.model) {
		return nil, &modelError{err}
	}
	if c.alone.Swap(true) {
		return stream.NewWriter(dst, nil, opts...)
	}
	if errors.Is(err, llama.ErrNotBuilt) {
		c.ui.Summary("this lmz was built without libllama: the model is not asked")
	} else {
		c.ui.Warning("archives get a little larger; --no-model asks for that", "the model is not asked, since it cannot be: %v", err)
	}
	return stream.NewWriter(dst, nil, opts...)
}
