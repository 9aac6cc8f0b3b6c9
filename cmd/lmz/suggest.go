package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

const (
	smallest  = "-9 is the smallest preset"
	oneFormat = "there is one format, and its checks are always there"
	noName    = "an archive keeps no name; the file's is made from that of the archive"
	noCipher  = "lmz encrypts nothing: lmz -c FILE | age -r RECIPIENT does"
	zeroBytes = "--files0 takes a list with a zero byte behind each name"
)

// foreign says what lmz has for flags, long and short, that other programs of its kind have.
var foreign = map[string]string{
	"ultra": smallest, "extreme": smallest, "e": smallest,
	"b": "lmz explain shows where bits go, make bench how fast it is",
	"n": noName, "N": noName,
	"p": noCipher, "passphrase": noCipher, "R": noCipher, "recipient": noCipher, "i": noCipher, "identity": noCipher,
	"level":        "the presets are -0 to -9",
	"to-stdout":    "it is called --stdout",
	"adapt":        "the preset is fixed: -0 to -9",
	"block-size":   "it is called --chunk-size",
	"check":        oneFormat,
	"C":            oneFormat,
	"no-check":     oneFormat,
	"format":       oneFormat,
	"F":            oneFormat,
	"files":        zeroBytes,
	"filelist":     zeroBytes,
	"long":         "chunks of 8 MiB and more remember all of themselves: see --chunk-size",
	"memory":       "it is called --memlimit",
	"name":         noName,
	"no-name":      noName,
	"patch-from":   "--dict FILE compresses against another file",
	"rsyncable":    "chunks do not depend on each other; --chunk-size makes them small",
	"train":        "lmz dict SAMPLE... -o FILE makes a dictionary, lmz train a model",
	"pass-through": "-dcf writes what is no archive as it is",

	"output-dir-flat":   "--output-dir keeps the paths of files",
	"output-dir-mirror": "it is called --output-dir",
	"flush-timeout":     "--flush-every takes a time with its unit, such as 5s",
	"robot":             "--json is for programs",
}

// asFlags are the flags for what other programs have commands for.
var asFlags = map[string]string{
	"compress": "-z", "decompress": "-d", "uncompress": "-d", "extract": "-d", "test": "-t", "list": "-l",
}

// flagError is a flag that there is not, or that has a wrong value.
func flagError(of *cobra.Command, err error) error {
	see := "see " + of.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ui.Usage(err.Error(), see)
	}
	name := unknown.GetSpecifiedName()
	if hint, ok := foreign[name]; ok {
		return ui.Usage(err.Error(), hint)
	}
	if near := nearFlag(of.Flags(), name); near != "" {
		return ui.Usage(err.Error(), "did you mean --"+near+"?")
	}
	return ui.Usage(err.Error(), see)
}

// nearFlag is the flag that a name was meant for, or nothing.
func nearFlag(flags *pflag.FlagSet, name string) string {
	all := &cobra.Command{} // cobra knows how to find commands
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	return nearCommand(all, name)
}

// nearCommand is the command that a name was meant for, or nothing. The first letter must be right:
// most other names of two or three letters are near too.
func nearCommand(parent *cobra.Command, name string) string {
	if len(name) < 2 {
		return ""
	}
	for distance := range 3 {
		parent.SuggestionsMinimumDistance = distance
		for _, near := range parent.SuggestionsFor(name) {
			if near[0] == name[0] {
				return near
			}
		}
	}
	return ""
}

// wantCommand is for a command that does nothing but have others below it.
func wantCommand(c *cobra.Command) {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return ui.Usage(c.Name()+" wants a command", "they are "+strings.Join(commandNames(c), ", "))
		}
		return unknownCommand(c, args[0])
	}
}

func unknownCommand(below *cobra.Command, name string) error {
	hint := "they are " + strings.Join(commandNames(below), ", ")
	if near := nearCommand(below, name); near != "" {
		hint = "did you mean " + below.CommandPath() + " " + near + "?"
	}
	return ui.Usage(fmt.Sprintf("%s has no command %s", below.CommandPath(), name), hint)
}

// checkCommand finds the name of a command that is not quite right, where there is no such file:
// the files behind it must not be compressed.
func checkCommand(root *cobra.Command, files []string) error {
	if len(files) == 0 || strings.ContainsAny(files[0], "/.") {
		return nil
	}
	if _, err := os.Lstat(files[0]); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	near := asFlags[files[0]]
	if near == "" {
		near = nearCommand(root, files[0])
	}
	if near == "" {
		return nil
	}
	return ui.Usage(fmt.Sprintf("%s is neither a file nor a command", files[0]), "did you mean lmz "+near+"?")
}
