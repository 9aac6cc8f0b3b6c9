package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/stream"
)

func (a *app) compress(ctx context.Context, name string) error {
	src, err := openSource(name)
	if err != nil {
		return err
	}
	defer src.Close()
	outName, err := a.outputName(src)
	if err != nil {
		return err
	}
	out, err := a.createOutput(outName, src, true)
	if err != nil {
		return err
	}
	defer out.discard()

	var m meter
	if err := a.writeArchive(ctx, out, src, &m); err != nil {
		return err
	}
	if a.remove && out.staged != nil && src.regular() {
		if err := a.verify(ctx, out, src); err != nil {
			return err
		}
	}
	if err := out.commit(src); err != nil {
		return err
	}
	raw, compressed := m.read.Load(), m.written.Load()
	a.ui.summary("%s: %s -> %s (%s)", displayName(name), formatBytes(raw), formatBytes(compressed), formatRatio(raw, compressed))
	return a.removeSource(src, out)
}

// writeArchive compresses src and leaves in m the bytes on both sides.
func (a *app) writeArchive(ctx context.Context, dst io.Writer, src *source, m *meter) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts := []stream.WriterOption{
		stream.WithContext(ctx), stream.WithMethod(methods[a.method]), stream.WithLevel(a.level()),
		stream.WithPrimer(int(a.primer)), stream.WithProgress(m.progress),
	}
	if len(a.dictionaries) > 0 {
		opts = append(opts, stream.WithDictionary(a.dictionaries[0]))
	}
	if a.workers > 0 {
		opts = append(opts, stream.WithWorkers(a.workers))
	}
	if a.lanes > 0 {
		opts = append(opts, stream.WithLanes(a.lanes))
	}
	if a.chunkSize > 0 {
		opts = append(opts, stream.WithChunkSize(int(a.chunkSize)))
	}
	var model codec.Model
	if a.asksModel() {
		var err error
		model, err = a.store.Open(ctx, a.model, a.class)
		switch {
		case err != nil && errors.Is(err, llama.ErrNotBuilt) && !a.needsModel():
			a.ui.summary("this lmz was built without libllama: the model is not asked")
			model = nil
		case err != nil:
			return err
		}
	}
	w, err := stream.NewWriter(m.output(dst), m.model(model), opts...)
	if err != nil {
		return err
	}
	stop := a.ui.showProgress(src.name, src.size(), func() (raw, done, compressed int64) {
		return max(m.modeled.Load(), m.done.Load()), m.done.Load(), m.compressed.Load()
	})
	defer stop()
	if _, err := w.ReadFrom(m.source(src)); err != nil {
		cancel() // Close must not make what there is so far look like the whole
		w.Close()
		return err
	}
	return w.Close()
}

// errDiffers is returned when an archive does not give back what was compressed.
var errDiffers = errors.New("the archive does not give the original back")

// verify reads the archive just written and compares what it gives with the source as it is now.
func (a *app) verify(ctx context.Context, out *output, src *source) error {
	f, err := os.Open(out.staged.Name())
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	archive := &source{File: f, name: src.name, info: info}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return err
	}
	original := bufio.NewReaderSize(src, 1<<16)
	var damage error
	n, err := a.readArchive(ctx, &comparer{original: original}, archive, &meter{}, func(repaired error) { damage = repaired })
	if err = errors.Join(err, damage); err != nil {
		return fmt.Errorf("reading the archive back: %w", err)
	}
	if _, err := original.ReadByte(); err != io.EOF {
		return fmt.Errorf("%w: the original has more than its %d bytes; was it written to?", errDiffers, n)
	}
	return nil
}

// comparer is a writer that wants to be written what original reads.
type comparer struct {
	original io.Reader
	offset   int64
	buf      []byte
}

func (c *comparer) Write(p []byte) (int, error) {
	if cap(c.buf) < len(p) {
		c.buf = make([]byte, len(p))
	}
	buf := c.buf[:len(p)]
	n, err := io.ReadFull(c.original, buf)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	if n < len(p) || !bytes.Equal(buf, p) {
		return 0, fmt.Errorf("%w: they differ after byte %d", errDiffers, c.offset)
	}
	c.offset += int64(n)
	return n, nil
}

// removeSource deletes the source, when asked to, after its output is there for good.
func (a *app) removeSource(src *source, out *output) error {
	if !a.remove {
		return nil
	}
	if out.staged == nil {
		return &skipError{msg: "is kept: the output is not a regular file"}
	}
	if err := syncFolder(out.name); err != nil {
		return err
	}
	return src.remove()
}
