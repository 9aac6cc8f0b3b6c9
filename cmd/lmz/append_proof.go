package main

import (
	"context"
	"crypto/sha256"
	"io"
	"path/filepath"
	"slices"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/stream"
)

// headOf is the head of the archive that something is to be appended to.
func (c *appendCommand) headOf(ctx context.Context, t *file.Target) (evidence.Head, error) {
	if t.Old == nil || t.Info.Size() == 0 {
		return evidence.Head{Root: sha256.Sum256(nil)}, nil
	}
	p, done, err := c.prover(ctx, t.Old, t.Info.Size())
	if err != nil {
		return evidence.Head{}, err
	}
	defer done()
	return p.Head(), nil
}

// createProof begins the file for the proof, which may be neither the archive nor one of the files.
func (c *appendCommand) createProof(files []string) (*file.Output, error) {
	if filepath.Clean(c.proof) == filepath.Clean(c.output) { // which need not exist
		return nil, file.ErrSame
	}
	out, err := c.create(c.proof, &file.Source{Name: c.output, Info: private{}}, file.Manner{Force: c.force})
	if err != nil {
		return nil, err
	}
	if out.Overwrites(c.output) || slices.ContainsFunc(files, out.Overwrites) {
		out.Discard()
		return nil, file.ErrSame
	}
	return out, nil
}

// proveExtension writes to out the proof that what is to become the archive extends the one with this
// head.
func (c *appendCommand) proveExtension(ctx context.Context, old evidence.Head, t *file.Target, out *file.Output) error {
	src, err := file.OpenRegular(t.Output.TemporaryName(), "")
	if err != nil {
		return ui.InFile(c.output, err)
	}
	defer src.Close()
	p, done, err := c.prover(ctx, src, src.Size())
	if err != nil {
		return ui.InFile(c.output, err)
	}
	defer done()
	proof, err := p.Extension(old)
	if err != nil {
		return ui.InFile(c.output, err)
	}
	if _, err = out.Write(evidence.Text(proof)); err == nil {
		err = out.Sync()
	}
	if err != nil {
		return ui.InFile(c.proof, err)
	}
	return nil
}

// prover opens an archive of size bytes; done closes it.
func (c *appendCommand) prover(ctx context.Context, r io.ReaderAt, size int64) (p *evidence.Prover, done func(), err error) {
	read := reading{app: c.app, coding: c.coding}
	archive, err := stream.Open(r, size, read.findModel, read.options(ctx, nil)...)
	if err != nil {
		return nil, nil, err
	}
	if p, err = evidence.New(archive); err != nil {
		archive.Close()
		return nil, nil, err
	}
	return p, func() { archive.Close() }, nil
}
