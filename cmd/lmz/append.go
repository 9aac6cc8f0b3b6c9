package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"github.com/lmz-go/lmz/stream"
)

// appendFiles adds a frame for each file to the archive -o. The frames are written behind a copy of the archive, which takes
// its place when it is complete: readers, and whoever looks after a crash, see the old archive or the new one. A copy
// costs little, since archives are small, and nothing where the file system shares blocks.
func (a *app) appendFiles(ctx context.Context, files []string) error {
	t, err := openTarget(a.ui, a.output)
	if err != nil {
		return &fileError{a.output, err}
	}
	defer t.Close()
	out := &output{name: t.name, pending: &a.pending, force: t.File != nil}
	if err := a.pending.create(out, renameio.WithTempDir(filepath.Dir(t.name)), renameio.WithPermissions(0o600)); err != nil {
		return err
	}
	defer out.discard()
	size, err := t.copyTo(out.file)
	if err != nil {
		return &fileError{a.output, err}
	}
	var done []*source
	defer func() {
		for _, src := range done {
			src.Close()
		}
	}()
	if err := a.each(files, func(name string) error {
		src, err := a.appendFile(ctx, out, name, &size, t)
		if err == nil {
			done = append(done, src)
		}
		return err
	}); err != nil || len(done) == 0 {
		return err
	}
	if err := t.attribute(out, done); err != nil {
		return &fileError{a.output, err}
	}
	if err := out.mayReplace(); err != nil {
		return err
	}
	if err := out.pending.commit(); err != nil {
		return err
	}
	if err := syncFolder(out.name); err != nil {
		return err
	}
	for _, src := range done {
		if err := a.each([]string{src.name}, func(string) error { return a.removeSource(src, out) }); err != nil {
			return err
		}
	}
	return nil
}

// appendFile adds one frame to out, which has size bytes. After an error it has as many again.
func (a *app) appendFile(ctx context.Context, out *output, name string, size *int64, t *target) (_ *source, err error) {
	src, err := openSource(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			src.Close()
			err = errors.Join(err, out.file.Truncate(*size))
			_, seek := out.file.Seek(*size, io.SeekStart)
			err = errors.Join(err, seek)
		}
	}()
	if t.File != nil && sameRegular(t.info, src.info) {
		return nil, errSameFile
	}
	var m meter
	var p *proof
	if a.remove && src.regular() {
		p = newProof(*size)
	}
	if err := a.writeArchive(ctx, out, src, &m, p); err != nil {
		return nil, err
	}
	if err := p.check(out, src); err != nil {
		return nil, err
	}
	raw, compressed := m.read.Load(), m.written.Load()
	a.ui.summary("%s: %s -> %s (%s), appended to %s", displayName(name), formatBytes(raw), formatBytes(compressed),
		formatRatio(raw, compressed), a.output)
	*size += compressed
	return src, nil
}

// target is an archive that something is appended to. It is locked: who appends to it at the same time must wait, or one
// of two frames would be lost.
type target struct {
	*os.File // nil: there is none yet
	name     string
	info     fs.FileInfo
}

func openTarget(u *ui, name string) (*target, error) {
	if path, err := filepath.EvalSymlinks(name); err == nil {
		name = path // the file that a link points to is replaced, not the link
	}
	for {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return &target{name: name}, nil
		}
		if err != nil {
			return nil, err
		}
		t := &target{File: f, name: name}
		if t.info, err = f.Stat(); err == nil && !t.info.Mode().IsRegular() {
			err = &hintedError{"is not a regular file", "--append takes the name of an archive"}
		}
		if err == nil {
			err = t.lock(u)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		// Whoever held the lock has put another file in its place.
		if now, err := os.Stat(name); err == nil && os.SameFile(now, t.info) {
			return t, nil
		}
		f.Close()
	}
}

// lock waits until nobody else has the lock. Where the file system has no locks, appending goes on without.
func (t *target) lock(u *ui) error {
	err := syscall.Flock(int(t.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		u.summary("%s: waiting for another lmz that appends to it", t.name)
		for {
			if err = syscall.Flock(int(t.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
				break
			}
		}
	}
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOLCK) || errors.Is(err, syscall.ENOSYS) {
		return nil
	}
	return err
}

// copyTo copies the archive, whose frames must be whole, and returns its size.
func (t *target) copyTo(dst *os.File) (int64, error) {
	if t.File == nil || t.info.Size() == 0 {
		return 0, nil
	}
	if _, err := stream.ReadIndex(t.File, t.info.Size()); err != nil {
		return 0, &appendError{err}
	}
	n, err := io.Copy(dst, t.File)
	if err == nil && n != t.info.Size() {
		err = fmt.Errorf("it has %d bytes, %d could be read", t.info.Size(), n)
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
func (t *target) attribute(out *output, sources []*source) error {
	if t.File != nil {
		if err := copyAttributes(out.file, t.info); err != nil {
			return err
		}
		now := time.Now()
		return os.Chtimes(out.file.Name(), now, now)
	}
	mask := syscall.Umask(0)
	syscall.Umask(mask)
	mode := fs.FileMode(0o666 &^ mask)
	for _, src := range sources {
		if src.regular() {
			mode &= src.info.Mode().Perm() | 0o600
		}
	}
	return out.file.Chmod(mode)
}

// Close also unlocks.
func (t *target) Close() error {
	if t.File == nil {
		return nil
	}
	return t.File.Close()
}
