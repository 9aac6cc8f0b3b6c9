package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

const defaultDictionarySize = 1 << 20 // bytes

// maxSamples bounds the memory that making a dictionary takes, in bytes.
const maxSamples = 256 << 20

func newDictionaryCommand(a *app) *cobra.Command {
	size := byteSize(defaultDictionarySize)
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
				return &usageError{"dict wants samples", "name files of the kind that is to be compressed"}
			case a.output == "":
				return &usageError{"dict wants -o FILE", ""}
			case a.json:
				return &usageError{"--json is for -l, model and version", ""}
			case size < 1 || size > maxSamples:
				return &usageError{"--size is 1 to " + formatBytes(maxSamples), ""}
			}
			return a.makeDictionary(samples, int(size))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&a.output, "output", "o", "", `write to this file ("-" is standard output)`)
	f.BoolVarP(&a.force, "force", "f", false, "overwrite the file")
	f.Var(&size, "size", "the most bytes of the dictionary")
	return cmd
}

// makeDictionary writes a dictionary of the samples in the files. Who may not read all of them may not read it either.
func (a *app) makeDictionary(files []string, size int) error {
	var samples [][]byte
	var total int64
	out := (*output)(nil)
	mode := os.FileMode(0o666)
	for _, name := range files {
		src, err := openSource(name)
		if err != nil {
			return &fileError{name, err}
		}
		defer src.Close()
		if out == nil {
			// As from standard input: a dictionary has no times of its own.
			if out, err = a.createOutput(a.output, &source{stdin: true, info: src.info}, false); err != nil {
				return err
			}
			defer out.discard()
		} else if info, err := os.Stat(out.name); err == nil && sameRegular(info, src.info) {
			return &fileError{name, errSameFile}
		}
		text, err := io.ReadAll(io.LimitReader(src, maxSamples-total+1))
		if err != nil {
			return &fileError{name, err}
		}
		if total += int64(len(text)); total > maxSamples {
			return &hintedError{"samples of more than " + formatBytes(maxSamples), "give fewer files: one of each kind does"}
		}
		if src.regular() {
			mode &= src.info.Mode().Perm()
		}
		samples = append(samples, text)
	}
	text := buildDictionary(samples, size)
	if len(text) == 0 {
		return &hintedError{"the samples hold nothing to learn from", "they are empty, or too short"}
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	if out.staged != nil {
		if err := out.restrict(mode); err != nil {
			return err
		}
	}
	if err := out.commit(&source{stdin: true}); err != nil {
		return err
	}
	a.ui.summary("%s: %s of %s, SHA-256 %x", a.output, formatBytes(int64(len(text))), formatBytes(total), sha256.Sum256(text))
	return nil
}

// readDictionaries reads the files of --dict.
func (a *app) readDictionaries() error {
	for _, name := range a.dictFiles {
		text, err := os.ReadFile(name)
		if err == nil && len(text) == 0 {
			err = fmt.Errorf("the dictionary is empty")
		}
		if err != nil {
			return &usageError{(&fileError{name, err}).Error(), ""}
		}
		a.dictionaries = append(a.dictionaries, text)
	}
	return nil
}
