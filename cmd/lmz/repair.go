package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/salvage"
	"github.com/lmz-go/lmz/stream"
)

func newRepairCommand(a *app) *cobra.Command {
	var decode bool
	cmd := &cobra.Command{
		Use:   "repair [flags] FILE...",
		Short: "Write an archive, or the text, of what is intact in a damaged archive",
		Long: `Write an archive, or the text, of what is intact in a damaged archive.

FILE.lmz becomes FILE.repaired.lmz, or FILE.repaired with -d; FILE.lmz is left as
it is. Chunks are copied, not compressed anew, and only those that decode. A
first chunk that is damaged is restored from its parity as far as that goes, and
any chunk of which one byte is wrong from its checks. Indexes, filters and counts
of lines that are missing or wrong are made anew. Each loss is reported with its
place in the content, as far as that is known. An archive without damage gives no
new file.

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
	o := a.salvageOptions(a.findModel, io.Discard)
	if decode {
		o.Text = out
	}
	x, err := salvage.Recover(ctx, src, src.size(), o)
	if err != nil {
		return err
	}
	if decode && x.Undecoded != nil {
		return x.Undecoded
	}
	for _, e := range x.Repaired {
		a.ui.warning("", "%v", &fileError{name, e})
	}
	for _, l := range x.Losses {
		a.ui.warning("", "%v", &fileError{name, fmt.Errorf("lost: %s: %w", l, l.Err)})
	}
	if x.Undecoded != nil {
		a.ui.warning(hintFor(x.Undecoded), "%v", &fileError{name, fmt.Errorf("not all of what is intact was decoded: %w", x.Undecoded)})
	}
	if x.Intact() && out.staged != nil {
		a.ui.note("%s: there is nothing to repair", displayName(name))
		return nil
	}
	if !decode {
		if _, err := x.WriteTo(out); err != nil {
			return err
		}
	}
	if x.Size() == 0 {
		return &hintedError{"nothing is intact: " + x.Summary(), ""}
	}
	if err := out.commit(src); err != nil {
		return err
	}
	switch {
	case len(x.Losses) > 0:
		return fmt.Errorf("%s; the rest is in %s", x.Summary(), outputLabel(outName))
	case x.Undecoded != nil:
		a.ui.note("%s: nothing is known to be lost, %d chunks are in %s", displayName(name), x.Chunks, outputLabel(outName))
	case x.Open > 0:
		a.ui.note("%s: all that was written is good, %d chunks are in %s", displayName(name), x.Chunks, outputLabel(outName))
	default:
		a.ui.note("%s: nothing is lost, all %d chunks are in %s", displayName(name), x.Chunks, outputLabel(outName))
	}
	return nil
}

func outputLabel(name string) string {
	if name == "-" {
		return "standard output"
	}
	return name
}

// salvageOptions are what the flags say about decoding a damaged archive.
func (a *app) salvageOptions(models stream.ModelSource, text io.Writer) salvage.Options {
	return salvage.Options{
		Models: models, Dictionaries: stream.DictionarySet(a.dictionaries...), Reader: a.readerOptions(context.Background(), nil), Text: text,
	}
}

// findModel is a stream.ModelSource.
func (a *app) findModel(ctx context.Context, id lm.ModelID) (lm.Model, error) {
	return a.store.Model(ctx, id)
}

// damagedError is about an archive that can be repaired, or partly.
type damagedError struct{ *salvage.DamageError }

func (e *damagedError) Unwrap() error { return e.DamageError }

func (e *damagedError) Hint() string {
	if len(e.Recovery.Losses) == 0 {
		return "its content is good: lmz repair writes an archive without the damage"
	}
	return "lmz repair writes what is intact to another file"
}
