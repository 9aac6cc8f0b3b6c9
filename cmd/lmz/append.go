package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/stream"
)

// appendCommand is lmz --append.
type appendCommand struct {
	compressCommand
	proof string // file for the proof that the archive was extended; "": none is wanted
}

// run adds a frame for each file to the archive -o. The frames are written behind a copy of the
// archive, which takes its place when it is complete: readers, and whoever looks after a crash, see
// the old archive or the new one. A copy costs little, since archives are small, and nothing where
// the file system shares blocks.
func (c *appendCommand) run(ctx context.Context, files []string) error {
	t, err := c.files.OpenTarget(c.output, func() {
		c.ui.Summary("%s: waiting for another lmz that appends to it", ui.Output(c.output))
	})
	if err != nil {
		return ui.InFile(c.output, err)
	}
	defer t.Close()
	size, err := copyArchive(t)
	if err != nil {
		return ui.InFile(c.output, err)
	}
	var old evidence.Head
	var proof *file.Output // before anything is appended: there is no proof of that afterwards, without the head
	if c.proof != "" {
		if old, err = c.headOf(ctx, t); err != nil {
			return ui.InFile(c.output, err)
		}
		if proof, err = c.createProof(files); err != nil {
			return ui.InFile(c.proof, err)
		}
		defer proof.Discard()
	}
	done := c.appendAll(ctx, t, files, &size)
	if len(done) == 0 || size < 0 {
		return nil
	}
	// A first archive may be read by those who may read all of its sources.
	mode := fs.FileMode(0o666)
	for _, src := range done {
		if src.Regular() {
			mode &= src.Info.Mode().Perm() | 0o600
		}
	}
	if c.proof != "" { // before the archive is changed: who has no proof can try again
		if err := c.proveExtension(ctx, old, t, proof); err != nil {
			return err
		}
	}
	if err := t.Commit(mode); err != nil {
		return ui.InFile(c.output, err)
	}
	if c.proof != "" {
		if err := proof.Commit(nil); err != nil {
			return ui.InFile(c.proof, err) // the archive is good, and so are the sources
		}
	}
	if c.many {
		c.summarize()
	}
	for _, src := range done {
		c.each([]string{src.Name}, func(string) error { return c.removal.source("compressed", src, t.Output) })
	}
	return nil
}

// copyArchive copies what the archive holds so far, whose frames must be whole, and returns its
// size.
func copyArchive(t *file.Target) (int64, error) {
	if t.Old == nil || t.Info.Size() == 0 {
		return 0, nil
	}
	if _, err := stream.ReadIndex(t.Old, t.Info.Size()); err != nil {
		return 0, &appendError{err}
	}
	n, err := io.Copy(t.Output, t.Old)
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
	if errors.Is(e.error, stream.ErrUnsupportedVersion) {
		return hintFor(e.error)
	}
	return "nothing was appended: lmz repair makes an archive of what is good in it, to append to; what is written behind this one with >> is read, too, and what is wrong is said each time"
}
