package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
	"github.com/lmz-go/lmz/salvage"
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
		Short: "Save what is intact in damaged archives",
		Long: `Write an archive, or the text, of what is intact in a damaged archive.

FILE.lmz becomes FILE.repaired.lmz, or FILE.repaired with -d; FILE.lmz is left
as it is. Chunks are copied, not compressed anew, and only those that decode. A
first chunk that is damaged is restored from its parity as far as that goes, and
any chunk of which one byte is wrong from its checks. Indexes, filters and
counts of lines that are missing or wrong are made anew. Each loss is reported
with its place in the content, as far as that is known. An archive without
damage gives no new file.

Exit codes: 0 nothing is lost; 1 something is, or something failed.`,
		Example: `  lmz repair app.log.lmz
  lmz repair -d app.log.lmz -o rest.log`,
		Args: cobra.ArbitraryArgs, ValidArgsFunction: completeArchives,
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
			if c.json && (c.stdout || c.output == "-") {
				return ui.Usage("--json with standard output", "name the output with -o")
			}
			c.each(files, func(name string) error { return c.repair(cmd.Context(), name) })
			return c.printReport()
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&c.decode, "decompress", "d", false, "write the text")
	f.BoolVarP(&c.stdout, "stdout", "c", false, "write to standard output")
	f.StringVarP(&c.output, "output", "o", "", "write to this `FILE` (\"-\" is standard output)")
	f.BoolVarP(&c.force, "force", "f", false, "overwrite the file")
	f.BoolVar(&c.noSparse, "no-sparse", false, "with -d, write zeros rather than leave holes in the file")
	c.addFlags(f)
	c.addModelPlace(f)
	c.addJSON(f)
	return cmd
}

// repairedName is where what is intact in an archive goes.
func (c *repairCommand) repairedName(name string) string {
	if name, ok := c.named(); ok {
		return name
	}
	base, _ := remote.Cut(name, suffix)
	base = remote.Extend(base, ".repaired")
	if c.decode {
		return base
	}
	return remote.Extend(base, suffix)
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
	how := c.salvageOptions(c.findModel, io.Discard)
	if c.decode {
		how.Text = out
	}
	x, err := salvage.Recover(ctx, src, src.Size(), how)
	if err != nil {
		return err
	}
	if c.decode && x.Undecoded != nil {
		return x.Undecoded
	}
	c.tellRecovered(name, x)
	if x.Undecoded != nil {
		c.ui.Warning(hintFor(x.Undecoded), "%v", ui.InFile(name, fmt.Errorf("not all of what is intact was decoded: %w", x.Undecoded)))
	}
	if x.Intact() && out.Staged() {
		c.ui.Note("%s: there is nothing to repair", ui.Input(name))
		return nil
	}
	if !c.decode {
		if _, err := x.WriteTo(out); err != nil {
			return err
		}
	}
	if x.Size() == 0 {
		return ui.Hinted("nothing is intact: "+x.Summary(), "")
	}
	if err := out.Commit(src); err != nil {
		return err
	}
	c.outcome(name).Output = outName
	switch {
	case len(x.Losses) > 0:
		return fmt.Errorf("%s; the rest is in %s", x.Summary(), ui.Output(outName))
	case x.Undecoded != nil:
		c.ui.Note("%s: nothing is known to be lost, %d chunks are in %s", ui.Input(name), x.Chunks, ui.Output(outName))
	case x.Open > 0:
		c.ui.Note("%s: all that was written is good, %d chunks are in %s", ui.Input(name), x.Chunks, ui.Output(outName))
	default:
		c.ui.Note("%s: nothing is lost, all %d chunks are in %s", ui.Input(name), x.Chunks, ui.Output(outName))
	}
	return nil
}

// salvageOptions are what the flags say about decoding a damaged archive.
func (r *reading) salvageOptions(models stream.ModelSource, text io.Writer) salvage.Options {
	return salvage.Options{
		Models: models, Dictionaries: stream.DictionarySet(r.dictionaries...), Reader: r.readerOptions(), Text: text,
	}
}

// damagedError is about an archive that can be repaired, or partly.
type damagedError struct{ *salvage.DamageError }

func (e *damagedError) Unwrap() error { return e.DamageError }

func (e *damagedError) Hint() string {
	switch {
	case len(e.Recovery.Losses) == 0:
		return mendedHint
	case e.Recovery.Size() == 0:
		return "" // nothing is intact
	}
	return "lmz repair writes what is intact to another file"
}
