package main

import (
	"archive/tar"
	"cmp"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
	"github.com/lmz-go/lmz/members"
)

// oneCommand is lmz --one: an archive of a tar of many files.
type oneCommand struct{ compressCommand }

// oneChunkSize is the least chunk size that --one takes by default, in bytes: files learn from
// those in front of them in their chunk.
const oneChunkSize = 32 << 20

// run packs files into -o. One that cannot be opened is left out, and said to have failed.
func (c *oneCommand) run(ctx context.Context, files []string) (err error) {
	// Rotated and forked files lie next to what they have in common.
	slices.SortStableFunc(files, func(a, b string) int {
		return cmp.Or(strings.Compare(filepath.Base(a), filepath.Base(b)), strings.Compare(a, b))
	})
	if done, err := c.prepare(c.output); done || err != nil {
		return err
	}
	whole := &file.Source{Name: c.output, Info: private{}}
	out, err := c.createArchive(c.output, whole, file.Manner{Force: c.force})
	if err != nil {
		return ui.InFile(ui.Output(c.output), err)
	}
	defer out.Discard()
	if i := slices.IndexFunc(files, out.Overwrites); i >= 0 {
		return ui.InFile(files[i], file.ErrSame)
	}
	var m meter
	c.now.Store(&task{whole, &m, nil})
	w, err := c.writerFor(ctx, m.output(out), writerKind{verifies: c.verify})
	if err != nil {
		return err
	}
	defer w.Close()
	p, packed := members.NewWriter(w), false
	mode := fs.FileMode(0o666) // of whoever may read all
	c.each(files, func(name string) error {
		if p.Err() != nil {
			return nil
		}
		readable, err := c.pack(p, name)
		if mode &= readable; p.Err() != nil {
			return nil
		}
		packed = packed || err == nil
		return err
	})
	if !packed && p.Err() == nil {
		w.Reset(nil)
		c.warned.Store(true)
		c.ui.Warning("", "%s: is not made: there is nothing to put into it", ui.Output(c.output))
		return nil
	}
	broken := p.Close()
	if broken == nil {
		broken = w.Close()
	}
	if broken != nil {
		w.Reset(nil)
		return ui.InFile(ui.Output(c.output), broken)
	}
	if out.Staged() {
		if err := out.SetMode(mode); err != nil {
			return ui.InFile(ui.Output(c.output), err)
		}
	}
	if err := out.Commit(nil); err != nil {
		return ui.InFile(ui.Output(c.output), err)
	}
	c.tally.compressed.Store(m.written.Load())
	c.summarize()
	return nil
}

// private is a file that nobody else may read, as is what is made from it until it is complete.
type private struct{ fs.FileInfo }

func (private) Mode() fs.FileMode { return 0o600 }

// pack adds a file, and says who may read it.
func (c *oneCommand) pack(p *members.Writer, name string) (fs.FileMode, error) {
	src, err := file.Open(name, false)
	if err != nil {
		return 0o666, err
	}
	defer src.Close()
	if !src.Removable() {
		return 0o666, ui.Skip("is not a regular file", "--one takes files")
	}
	if src.Size() == 0 && !remote.IsURL(name) { // files of /proc say so
		n, err := src.ReadAt(make([]byte, 1), 0)
		if err != nil && err != io.EOF {
			return 0o666, err
		}
		if n > 0 && src.SizeNow() == 0 {
			return 0o666, ui.Skip("says that it is empty, and is not", "copy it to a file first, whose size can be known")
		}
	}
	header, err := tar.FileInfoHeader(src.Info, "")
	if err != nil {
		return 0o666, err
	}
	path := name
	if remote.IsURL(name) {
		path = remote.Key(name)
	}
	header.Name, header.Uname, header.Gname = strings.TrimLeft(filepath.ToSlash(filepath.Clean(path)), "/"), "", ""
	header.Size = src.Size()
	if err := p.Add(header, src); err != nil {
		return src.Info.Mode().Perm() | 0o600, err
	}
	if grown := src.Grown(); grown != "" {
		c.warned.Store(true)
		c.ui.Warning("", "%s: %s", ui.Input(name), grown)
	}
	c.packed(name, src.Size())
	return src.Info.Mode().Perm() | 0o600, nil
}

// packed counts a file that is in the tar.
func (c *oneCommand) packed(name string, size int64) {
	c.tally.add(size, 0)
	o := c.outcome(name)
	o.RawBytes, o.Output = &size, c.output
}

// checkOne finds options that --one does not go with.
func (r *rootCommand) checkOne() error {
	switch {
	case !r.one:
		return nil
	case r.mode != compresses || r.append || r.flushEvery > 0 || r.dir != "":
		return ui.Usage("--one excludes -d, -t, -l, --append, --flush-every and --output-dir", "")
	case r.output == "" && !r.stdout:
		return ui.Usage("--one wants -o ARCHIVE", "or -c, for standard output")
	case r.remove:
		return ui.Usage("--one and --rm exclude each other", "look at the archive first (lmz -t, lmz cat --members), and delete the sources yourself")
	}
	return nil
}
