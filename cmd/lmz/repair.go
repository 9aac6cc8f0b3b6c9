package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/stream"
)

func newRepairCommand(a *app) *cobra.Command {
	var decode bool
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
				return &usageError{"repair wants damaged archives", "name files: what is repaired is read more than once"}
			case a.output != "" && a.stdout:
				return &usageError{"-o and -c exclude each other", ""}
			case a.output != "" && len(files) > 1:
				return &usageError{"-o with several files", "give one file"}
			}
			if err := a.checkReading(); err != nil {
				return err
			}
			return a.each(files, func(name string) error { return a.repair(cmd.Context(), name, decode) })
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&decode, "decompress", "d", false, "write the text")
	f.BoolVarP(&a.stdout, "stdout", "c", false, "write to standard output")
	f.StringVarP(&a.output, "output", "o", "", `write to this file ("-" is standard output)`)
	f.BoolVarP(&a.force, "force", "f", false, "overwrite the file")
	a.addReading(f)
	return cmd
}

// repairedName is where what is intact in an archive goes when no option says so.
func (a *app) repairedName(name string, decode bool) string {
	switch {
	case a.output != "":
		return a.output
	case a.stdout:
		return "-"
	}
	base := strings.TrimSuffix(name, suffix)
	if decode {
		return base + ".repaired"
	}
	return base + ".repaired" + suffix
}

func (a *app) repair(ctx context.Context, name string, decode bool) error {
	src, err := openSource(name)
	if err != nil {
		return err
	}
	defer src.Close()
	if src.size() < 0 {
		return &hintedError{"cannot repair what is not a regular file", "write it to a file first"}
	}
	outName := a.repairedName(name, decode)
	out, err := a.createOutput(outName, src, !decode)
	if err != nil {
		return err
	}
	defer out.discard()
	text := io.Writer(out)
	if !decode {
		text = io.Discard
	}
	d, err := a.survey(ctx, src, text)
	if err != nil {
		return err
	}
	if decode && d.undecoded != nil {
		return d.undecoded
	}
	for _, e := range d.recovery.Repaired {
		a.ui.warning("", "%v", &fileError{name, e})
	}
	for _, l := range d.losses {
		a.ui.warning("", "%v", &fileError{name, fmt.Errorf("lost: %s: %w", describe(l), l.Err)})
	}
	if d.undecoded != nil {
		a.ui.warning(hintFor(d.undecoded), "%v", &fileError{name, fmt.Errorf("what is intact was not decoded: %w", d.undecoded)})
	}
	if d.recovery.Intact() && len(d.losses) == 0 && out.staged != nil {
		a.ui.note("%s: there is nothing to repair", displayName(name))
		return nil
	}
	if !decode {
		if _, err := d.recovery.WriteTo(out); err != nil {
			return err
		}
	}
	if d.recovery.Size() == 0 {
		return &hintedError{"nothing is intact: " + d.summary(), ""}
	}
	if err := out.commit(src); err != nil {
		return err
	}
	if len(d.losses) > 0 {
		return fmt.Errorf("%s; the rest is in %s", d.summary(), outputLabel(outName))
	}
	a.ui.note("%s: nothing is lost, all %d chunks are in %s", displayName(name), d.recovery.Chunks, outputLabel(outName))
	return nil
}

func outputLabel(name string) string {
	if name == "-" {
		return "standard output"
	}
	return name
}

// explain adds to what reading an archive ran into what else is wrong with it.
func (a *app) explain(ctx context.Context, src *source, err error) error {
	if src.size() < 0 || !errors.Is(err, stream.ErrCorrupt) && !errors.Is(err, stream.ErrTruncated) {
		return err
	}
	d, failed := a.survey(ctx, src, io.Discard)
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
