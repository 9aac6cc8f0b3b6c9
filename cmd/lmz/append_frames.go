package main

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// appendAll adds a frame for each file to the archive, in their order, and gives the sources of
// those that are in it. Files of one chunk that follow each other are compressed side by side, each
// on one core. The sources are closed: there may be more of them than descriptors.
func (c *appendCommand) appendAll(ctx context.Context, t *file.Target, files []string, size *int64) (done []*file.Source) {
	add := func(name string, f *frame) {
		c.each([]string{name}, func(name string) error {
			src, err := c.append(ctx, t, name, size, f)
			if err == nil {
				done = append(done, src)
			}
			return err
		})
	}
	for len(files) > 0 {
		n := c.small(files)
		if cores := c.coresFor(2 * c.largest()); min(n, cores) > 1 {
			c.compressAhead(ctx, t, files[:n], cores, add)
		} else {
			n = max(n, 1)
			for _, name := range files[:n] {
				add(name, nil)
			}
		}
		files = files[n:]
	}
	return done
}

// largest is how many bytes a file of one chunk has, at most.
func (c *appendCommand) largest() int64 {
	if c.memLimit > 0 && c.most >= 0 {
		return min(c.most, c.oneChunk())
	}
	return c.oneChunk()
}

// small is how many of the first files are of one chunk each, and can be compressed before it is
// known where in the archive they go. A file of a model is opened once.
func (c *appendCommand) small(files []string) (n int) {
	for chunk := c.oneChunk(); c.model == "" && n < len(files); n++ {
		if size := c.sizeOf(files[n]); size < 0 || size > chunk {
			break
		}
	}
	return n
}

// frame is one that was compressed ahead.
type frame struct {
	name  string
	src   *file.Source // nil: it could not be opened, as err says
	meter meter
	proof *file.Proof
	bytes bytes.Buffer
	err   error
	ready chan struct{}
}

// compressAhead gives the frames of files to add, in the order of files. At most two for each core
// are in memory.
func (c *appendCommand) compressAhead(ctx context.Context, t *file.Target, files []string, cores int, add func(string, *frame)) {
	frames := make(chan *frame, cores) // in their order
	added := make(chan struct{})
	go func() {
		defer close(added)
		for f := range frames {
			<-f.ready
			add(f.name, f)
		}
	}()
	sideBySide(cores, func() func(*frame) {
		one := c.onOneCore()
		return func(f *frame) {
			defer close(f.ready)
			if f.src, f.err = c.open(t, f.name); f.err == nil {
				f.proof = c.proofOf(f.src, 0)
				f.err = one.write(ctx, &f.bytes, f.src, &f.meter, f.proof)
			}
		}
	}, func(give func(*frame)) {
		for _, name := range files {
			f := &frame{name: name, ready: make(chan struct{})}
			frames <- f
			give(f)
		}
		close(frames)
	})
	<-added
}

// open opens a file that is to be appended.
func (c *appendCommand) open(t *file.Target, name string) (*file.Source, error) {
	src, err := file.Open(name, c.force)
	if err == nil && t.Old != nil && file.SameRegular(t.Info, src.Info) {
		src.Close()
		return nil, file.ErrSame
	}
	return src, err
}

// proofOf is what proves the frame of a source at an offset; nil: nothing need be proven.
func (c *appendCommand) proofOf(src *file.Source, at int64) *file.Proof {
	if c.remove && src.Removable() {
		return file.NewProof(at)
	}
	return nil
}

// append adds one frame, that was compressed ahead if it is not nil, to the archive, which has size
// bytes. After an error it has as many again, or if not even that could be done, size is negative.
func (c *appendCommand) append(ctx context.Context, t *file.Target, name string, size *int64, f *frame) (_ *file.Source, err error) {
	ahead := f != nil
	if !ahead {
		f = new(frame)
		if *size >= 0 {
			f.src, f.err = c.open(t, name)
		}
	}
	if f.src != nil {
		defer f.src.Close()
	}
	switch {
	case *size < 0:
		return nil, errors.New("not appended, since what came before it failed")
	case f.err != nil:
		return nil, f.err
	}
	out := t.Output
	defer func() {
		if err != nil {
			if failed := out.Rewind(*size); failed != nil {
				err, *size = failed, -1
			}
		}
	}()
	if ahead {
		f.proof.Begin(*size)
		_, err = io.Copy(out, &f.bytes)
	} else {
		f.proof = c.proofOf(f.src, *size)
		err = c.write(ctx, out, f.src, &f.meter, f.proof)
	}
	if err != nil {
		return nil, err
	}
	if err := f.proof.Check(out, f.src); err != nil {
		return nil, err
	}
	raw, compressed := f.meter.read.Load(), f.meter.written.Load()
	c.tally.add(raw, compressed)
	c.outcome(name).sizes(raw, compressed, c.output)
	if !c.many || c.ui.Verbose > 0 {
		c.ui.Summary("%s: %s -> %s (%s), appended to %s", ui.Input(name), ui.FormatBytes(raw), ui.FormatBytes(compressed),
			ui.FormatRatio(raw, compressed), c.output)
	}
	*size += compressed
	return f.src, nil
}
