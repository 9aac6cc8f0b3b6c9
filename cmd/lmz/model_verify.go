package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
)

// verify checks one model and says that it is good, or fails.
func (c modelCommand) verify(ctx context.Context, name string) error {
	f, err := c.store.Locate(name)
	if err != nil {
		return err
	}
	if _, err := readHeader(f); err != nil { // also that all tensors lie within the file
		return err
	}
	sum, known, err := c.store.Rehash(f)
	if err != nil {
		return err
	}
	released, isReleased := models.ReleasedWith(sum)
	if sum != known {
		return ui.Hinted(fmt.Sprintf("SHA-256 is %x, and was %x: its content changed, but not its size and time", sum, known),
			"the disk or a copy may be faulty: get the file again; if it was replaced on purpose, touch it")
	}
	if r, ok := models.ReleasedAs(filepath.Base(f.Path)); ok && sum != r.SHA256 {
		return ui.Hinted(fmt.Sprintf("it has the name of the released %s, but SHA-256 %x instead of %x", r.Name, sum, r.SHA256),
			"get the released file again, or give yours another name")
	}
	what := "not a released model"
	if isReleased {
		what = "the released " + released.Name
	}
	m, err := c.openModelFile(ctx, f, c.class)
	if errors.Is(err, llama.ErrNotBuilt) {
		c.warned.Store(true)
		c.ui.Warning(hintFor(err), "%s: the file is good, but what it computes was not checked: %v", name, llama.ErrNotBuilt)
		c.tell("%s: file ok, %s, SHA-256 %s\n", ui.Printable(name), what, hex.EncodeToString(sum[:8]))
		return nil
	}
	if err != nil {
		return err
	}
	probe, err := verifyProbe(ctx, m, released)
	if err != nil {
		return err
	}
	asReleased := ""
	if _, ok := released.Probes[m.ID().Class]; ok {
		asReleased = " as released"
	}
	c.tell("%s: ok, %s, SHA-256 %s, class %s, probe %x%s\n", ui.Printable(name), what, hex.EncodeToString(sum[:8]), m.ID().Class, probe, asReleased)
	return nil
}

// tell prints what came of a model, unless --json does.
func (c modelCommand) tell(format string, args ...any) {
	if !c.json {
		fmt.Printf(format, args...)
	}
}

// verifyProbe computes the probe twice, in sessions of their own, and compares it with the released
// one if that is known.
func verifyProbe(ctx context.Context, m lm.Model, released models.Released) (probe [8]byte, err error) {
	var again [8]byte
	if probe, err = coder.Probe(ctx, m); err == nil {
		again, err = coder.Probe(ctx, m)
	}
	if err != nil {
		return probe, err
	}
	if again != probe {
		return probe, ui.Hinted(fmt.Sprintf("it computes other numbers each time: probes %x and %x", probe, again),
			"nothing that is compressed with it here can be trusted to come back: suspect the memory, or this libllama")
	}
	class := m.ID().Class
	if known, ok := released.Probes[class]; ok && probe != known {
		return probe, ui.Hinted(
			fmt.Sprintf("it computes other numbers here than where it was released: class %s, probe %x, want %x", class, probe, known),
			"archives of other machines that name it cannot be read here, nor can those written here be read there: see docs/DETERMINISM.md")
	}
	return probe, nil
}
