package main

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// oneCommand is lmz --one: an archive of a tar of many files.
type oneCommand struct{ compressCommand }

// oneChunkSize is the least chunk size that --one takes by default, in bytes: files learn from
// those in front of them in their chunk.
const oneChunkSize = 32 << 20

// packed is a tar that is being written to an archive.
type packed struct {
	tar     *tar.Writer
	at      int64 // bytes of the tar so far
	to      io.Writer
	members []member
	seen    map[[sha256.Size]byte]int // number of the member with this content
	sizes   map[int64]int             // how many members have this size
	mode    fs.FileMode               // of whoever may read all
}

func (p *packed) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	p.at += int64(n)
	return n, err
}

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
		return ui.InFile(c.output, err)
	}
	defer out.Discard()
	var m meter
	c.now.Store(&task{whole, &m, nil})
	w, err := c.writerFor(ctx, m.output(out), writerKind{verifies: c.verify})
	if err != nil {
		return err
	}
	defer w.Close()
	p := &packed{to: w, seen: map[[sha256.Size]byte]int{}, sizes: map[int64]int{}, mode: 0o666}
	p.tar = tar.NewWriter(p)
	var broken error
	c.each(files, func(name string) error {
		if broken != nil {
			return nil
		}
		err, broken = c.pack(p, name)
		return err
	})
	if broken == nil {
		broken = p.finish()
	}
	if broken == nil {
		broken = w.Close()
	}
	if broken != nil {
		w.Reset(nil)
		return ui.InFile(c.output, broken)
	}
	if out.Staged() {
		if err := out.SetMode(p.mode); err != nil {
			return ui.InFile(c.output, err)
		}
	}
	if err := out.Commit(nil); err != nil {
		return ui.InFile(c.output, err)
	}
	c.tally.compressed.Store(m.written.Load())
	c.summarize()
	return nil
}

// private is a file that nobody else may read, as is what is made from it until it is complete.
type private struct{ fs.FileInfo }

func (private) Mode() fs.FileMode { return 0o600 }

// pack adds a file. After an error that is broken, the tar is of no use.
func (c *oneCommand) pack(p *packed, name string) (err, broken error) {
	src, err := file.Open(name, false)
	if err != nil {
		return err, nil
	}
	defer src.Close()
	if !src.Regular() {
		return ui.Skip("is not a regular file", "--one takes files"), nil
	}
	header, err := tar.FileInfoHeader(src.Info, "")
	if err != nil {
		return err, nil
	}
	header.Name, header.Uname, header.Gname = strings.TrimLeft(filepath.ToSlash(filepath.Clean(name)), "/"), "", ""
	header.Format = tar.FormatPAX
	size := src.Size()
	p.mode &= src.Info.Mode().Perm() | 0o600
	if size > 0 && p.sizes[size] > 0 {
		sum := sha256.New()
		if _, err := io.Copy(sum, io.NewSectionReader(src, 0, size)); err != nil {
			return err, nil
		}
		if i, ok := p.seen[[sha256.Size]byte(sum.Sum(nil))]; ok && p.members[i].Size == size {
			header.Typeflag, header.Linkname, header.Size = tar.TypeLink, p.members[i].Name, 0
			if err := p.tar.WriteHeader(header); err != nil {
				return nil, err
			}
			c.packed(name, size)
			p.members = append(p.members, member{Name: header.Name, Offset: p.members[i].Offset, Size: size})
			return nil, nil
		}
	}
	if err := p.tar.WriteHeader(header); err != nil {
		return nil, err
	}
	m := member{Name: header.Name, Offset: p.at, Size: size}
	sum := sha256.New()
	n, err := io.Copy(p.tar, io.TeeReader(io.NewSectionReader(src, 0, size), sum))
	if err == nil && n < size {
		err = fmt.Errorf("%s was cut off while it was read: only %d of its %d bytes were there", name, n, size)
	}
	if err == nil {
		err = p.tar.Flush()
	}
	if err != nil {
		return nil, err
	}
	p.members = append(p.members, m)
	p.seen[[sha256.Size]byte(sum.Sum(nil))] = len(p.members) - 1
	p.sizes[size]++
	c.packed(name, size)
	return nil, nil
}

// packed counts a file that is in the tar.
func (c *oneCommand) packed(name string, size int64) {
	c.tally.add(size, 0)
	o := c.outcome(name)
	o.RawBytes, o.Output = &size, c.output
}

// finish adds the names of all members, and the end of the tar.
func (p *packed) finish() error {
	text := appendMembers(nil, p.members)
	header := &tar.Header{Name: membersName, Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	header.Size = int64(len(text)) + membersEnd
	if err := p.tar.WriteHeader(header); err != nil {
		return err
	}
	text = fmt.Appendf(text, membersTrailer, p.at)
	if _, err := p.tar.Write(text); err != nil {
		return err
	}
	return p.tar.Close()
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
