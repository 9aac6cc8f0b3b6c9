package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/stream"
)

// repairCommand is lmz repair.
type repairCommand struct {
	reading
	destination
	decode bool
}

func newRepairCommand(a *app) *cobra.Command {
	c := &repairCommand{reading: reading{app: a}}
	cmd := &cobra.Command{
		Use:   "repair [flags] FILE...",
		Short: "Write an archive, or the text, of what is intact in a damaged archive",
		Long: `Write an archive, or the text, of what is intact in a damaged archive.

FILE.lmz becomes FILE.repaired.lmz, or FILE.repaired with -d; FILE.lmz is left as
it is. Chunks are copied, not compressed anew. A damaged first chunk, from which
the others start, is restored from its parity as far as that goes; a missing
index is made. Each loss is reported with its place in the content, as far as
that is known. An archive without damage gives no new file.

Exit codes: 0 nothing is lost; 1 something is, or something failed.`,
		Example: `  lmz repair app.log.lmz
  lmz repair -d app.log.lmz -o rest.log`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			switch {
			case len(files) == 0:
				return ui.Usage("repair wants damaged archives", "name files: what is repaired is read more than once")
			case c.output != "" && len(files) > 1:
				return ui.Usage("-o with several files", "give one file")
			}
			if err := c.destination.check(); err != nil {
				return err
			}
			if err := c.reading.check(); err != nil {
				return err
			}
			c.each(files, func(name string) error { return c.repair(cmd.Context(), name) })
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&c.decode, "decompress", "d", false, "write the text")
	f.BoolVarP(&c.stdout, "stdout", "c", false, "write to standard output")
	f.StringVarP(&c.output, "output", "o", "", `write to this file ("-" is standard output)`)
	f.BoolVarP(&c.force, "force", "f", false, "overwrite the file")
	f.BoolVar(&c.noSparse, "no-sparse", false, "with -d, write zeros rather than leave holes in the file")
	c.addFlags(f)
	return cmd
}

// repairedName is where what is intact in an archive goes.
func (c *repairCommand) repairedName(name string) string {
	if name, ok := c.named(); ok {
		return name
	}
	base := strings.TrimSuffix(name, suffix) + ".repaired"
	if c.decode {
		return base
	}
	return base + suffix
}

// createRepaired opens the output, which is an archive or a text.
func (c *repairCommand) createRepaired(name string, src *file.Source) (*file.Output, error) {
	how := file.Manner{Force: c.force, Sparse: c.decode && !c.noSparse}
	if c.decode {
		return c.create(name, src, how)
	}
	return c.createArchive(name, src, how)
}

func (c *repairCommand) repair(ctx context.Context, name string) error {
	src, err := file.OpenRegular(name, "write it to a file first")
	if err != nil {
		return err
	}
	defer src.Close()
	outName := c.repairedName(name)
	out, err := c.createRepaired(outName, src)
	if err != nil {
		return err
	}
	defer out.Discard()
	text := io.Writer(out)
	if !c.decode {
		text = io.Discard
	}
	d, err := c.survey(ctx, src, text)
	if err != nil {
		return err
	}
	if c.decode && d.undecoded != nil {
		return d.undecoded
	}
	for _, e := range d.recovery.Repaired {
		c.ui.Warning("", "%v", ui.InFile(name, e))
	}
	for _, l := range d.losses {
		c.ui.Warning("", "%v", ui.InFile(name, fmt.Errorf("lost: %s: %w", describe(l), l.Err)))
	}
	if d.undecoded != nil {
		c.ui.Warning(hintFor(d.undecoded), "%v", ui.InFile(name, fmt.Errorf("what is intact was not decoded: %w", d.undecoded)))
	}
	if d.recovery.Intact() && len(d.losses) == 0 && out.Staged() {
		c.ui.Note("%s: there is nothing to repair", ui.Input(name))
		return nil
	}
	if !c.decode {
		if _, err := d.recovery.WriteTo(out); err != nil {
			return err
		}
	}
	if d.recovery.Size() == 0 {
		return ui.Hinted("nothing is intact: "+d.summary(), "")
	}
	if err := out.Commit(src); err != nil {
		return err
	}
	if len(d.losses) > 0 {
		return fmt.Errorf("%s; the rest is in %s", d.summary(), ui.Output(outName))
	}
	c.ui.Note("%s: nothing is lost, all %d chunks are in %s", ui.Input(name), d.recovery.Chunks, ui.Output(outName))
	return nil
}

// explain adds to what reading an archive ran into what else is wrong with it.
func (r *reading) explain(ctx context.Context, src *file.Source, err error) error {
	if src.Size() < 0 || !errors.Is(err, stream.ErrCorrupt) && !errors.Is(err, stream.ErrTruncated) {
		return err
	}
	d, failed := r.survey(ctx, src, io.Discard)
	switch {
	case failed != nil:
		return err
	case len(d.losses) > 0:
		first := d.losses[0]
		return &damagedError{fmt.Errorf("%s: %w; %s", describe(first), first.Err, d.summary())}
	case d.undecoded == nil:
		return &damagedError{fmt.Errorf("%w; all of the %d chunks are good", err, d.recovery.Chunks)}
	}
	return err
}

// damagedError is about an archive of which something may be saved.
type damagedError struct{ error }

func (e *damagedError) Unwrap() error { return e.error }

func (e *damagedError) Hint() string { return "lmz repair writes what is intact to another file" }
