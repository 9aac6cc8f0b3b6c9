package main

import (
	"crypto/sha256"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/dict"
)

const defaultDictionarySize = 1 << 20 // bytes

// maxSamples bounds the memory that making a dictionary takes, in bytes.
const maxSamples = 256 << 20

// dictCommand is lmz dict.
type dictCommand struct {
	*app
	destination
	size ui.ByteSize
}

func newDictCommand(a *app) *cobra.Command {
	c := &dictCommand{app: a, size: defaultDictionarySize}
	cmd := &cobra.Command{
		Use:   "dict [flags] SAMPLE... -o FILE",
		Short: "Make a dictionary of samples, for many small files of a kind",
		Long: `Make a dictionary of samples, for many small files of a kind.

What is compressed with --dict FILE begins with what the dictionary teaches, and
needs the same file to be decompressed: keep it. A dictionary is text, nothing
else: the parts of the samples that have most in common with the rest of them.`,
		Example: `  lmz dict monday/*.log -o app.lmzd
  lmz --dict app.lmzd tuesday/*.log
  lmz -d --dict app.lmzd tuesday/*.lmz`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, samples []string) error {
			switch {
			case len(samples) == 0:
				return ui.Usage("dict wants samples", "name files of the kind that is to be compressed")
			case c.output == "":
				return ui.Usage("dict wants -o FILE", "")
			case c.size < 1 || c.size > maxSamples:
				return ui.Usage("--size is 1 to "+ui.FormatBytes(maxSamples), "")
			}
			return c.run(samples)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&c.output, "output", "o", "", "write to this `FILE` (\"-\" is standard output)")
	f.BoolVarP(&c.force, "force", "f", false, "overwrite the file")
	f.Var(&c.size, "size", "the most bytes of the dictionary")
	return cmd
}

// run writes a dictionary of the samples in the files. Who may not read all of them may not read it
// either.
func (c *dictCommand) run(files []string) error {
	var samples [][]byte
	var total int64
	out := (*file.Output)(nil)
	mode := os.FileMode(0o666)
	for _, name := range files {
		src, err := file.Open(name, c.force)
		if err != nil {
			return ui.InFile(name, err)
		}
		defer src.Close()
		if out == nil {
			// As from standard input: a dictionary has no times of its own.
			if out, err = c.create(c.output, &file.Source{Stdin: true, Info: src.Info}, file.Manner{Force: c.force}); err != nil {
				return err
			}
			defer out.Discard()
		} else if info, err := os.Stat(out.Name); err == nil && file.SameRegular(info, src.Info) {
			return ui.InFile(name, file.ErrSame)
		}
		text, err := io.ReadAll(io.LimitReader(src, maxSamples-total+1))
		if err != nil {
			return ui.InFile(name, err)
		}
		if total += int64(len(text)); total > maxSamples {
			return ui.Hinted("samples of more than "+ui.FormatBytes(maxSamples), "give fewer files: one of each kind does")
		}
		if src.Regular() {
			mode &= src.Info.Mode().Perm()
		}
		samples = append(samples, text)
	}
	text := dict.Build(samples, int(c.size))
	if len(text) == 0 {
		return ui.Hinted("the samples hold nothing to learn from", "they are empty, or too short")
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	if err := out.Restrict(mode); err != nil {
		return err
	}
	if err := out.Commit(nil); err != nil {
		return err
	}
	c.ui.Summary("%s: %s of %s, SHA-256 %x", c.output, ui.FormatBytes(int64(len(text))), ui.FormatBytes(total), sha256.Sum256(text))
	return nil
}
