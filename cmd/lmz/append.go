package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/stream"
)

// appendCommand is lmz --append.
type appendCommand struct{ compressCommand }

// run adds a frame for each file to the archive -o. The frames are written behind a copy of the archive, which takes
// its place when it is complete: readers, and whoever looks after a crash, see the old archive or the new one. A copy
// costs little, since archives are small, and nothing where the file system shares blocks.
func (c *appendCommand) run(ctx context.Context, files []string) error {
	t, err := file.OpenTarget(c.output, func() {
		c.ui.Summary("%s: waiting for another lmz that appends to it", c.output)
	})
	if err != nil {
		return ui.InFile(c.output, err)
	}
	defer t.Close()
	out, err := c.files.Replace(t.Name, t.Exists())
	if err != nil {
		return err
	}
	defer out.Discard()
	size, err := copyArchive(out, t)
	if err != nil {
		return ui.InFile(c.output, err)
	}
	var done []*file.Source
	defer func() {
		for _, src := range done {
			src.Close()
		}
	}()
	c.each(files, func(name string) error {
		src, err := c.append(ctx, out, name, &size, t)
		if err == nil {
			done = append(done, src)
		}
		return err
	})
	if len(done) == 0 {
		return nil
	}
	if err := attribute(out, t, done); err != nil {
		return ui.InFile(c.output, err)
	}
	if err := out.Commit(nil); err != nil {
		return err
	}
	if err := out.SyncFolder(); err != nil {
		return err
	}
	for _, src := range done {
		c.each([]string{src.Name}, func(string) error { return c.removal.source(src, out) })
	}
	return nil
}

// append adds one frame to out, which has size bytes. After an error it has as many again.
func (c *appendCommand) append(ctx context.Context, out *file.Output, name string, size *int64, t *file.Target) (_ *file.Source, err error) {
	src, err := file.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			src.Close()
			err = errors.Join(err, out.Rewind(*size))
		}
	}()
	if t.Exists() && file.SameRegular(t.Info, src.Info) {
		return nil, file.ErrSame
	}
	var m meter
	var p *file.Proof
	if c.remove && src.Regular() {
		p = file.NewProof(*size)
	}
	if err := c.write(ctx, out, src, &m, p); err != nil {
		return nil, err
	}
	if err := p.Check(out, src); err != nil {
		return nil, err
	}
	raw, compressed := m.read.Load(), m.written.Load()
	c.ui.Summary("%s: %s -> %s (%s), appended to %s", ui.Input(name), ui.FormatBytes(raw), ui.FormatBytes(compressed),
		ui.FormatRatio(raw, compressed), c.output)
	*size += compressed
	return src, nil
}

// copyArchive copies the archive t, whose frames must be whole, and returns its size.
func copyArchive(dst io.Writer, t *file.Target) (int64, error) {
	if !t.Exists() || t.Info.Size() == 0 {
		return 0, nil
	}
	if _, err := stream.ReadIndex(t.File, t.Info.Size()); err != nil {
		return 0, &appendError{err}
	}
	n, err := io.Copy(dst, t.File)
	if err == nil && n != t.Info.Size() {
		err = fmt.Errorf("it has %d bytes, %d could be read", t.Info.Size(), n)
	}
	return n, err
}

// appendError is what is wrong with the archive that something should be appended to.
type appendError struct{ error }

func (e *appendError) Unwrap() error { return e.error }

func (e *appendError) Hint() string {
	if errors.Is(e.error, stream.ErrNotArchive) {
		return "-o takes the archive, the files to append are given without an option"
	}
	return "nothing was appended: what follows such an archive could not be read"
}

// attribute gives the new archive the mode and owner of the one that it replaces. A first one may be read by those who may
// read all of its sources.
func attribute(out *file.Output, t *file.Target, sources []*file.Source) error {
	if t.Exists() {
		if err := out.CopyAttributes(t.Info); err != nil {
			return err
		}
		return out.Touch(time.Now())
	}
	mode := fs.FileMode(0o666)
	for _, src := range sources {
		if src.Regular() {
			mode &= src.Info.Mode().Perm() | 0o600
		}
	}
	return out.SetMode(mode)
}
