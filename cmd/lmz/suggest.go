package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
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
	noFilters = "the preset says all of it: -0 to -9"
	noSize    = "the size need not be known"
	noParams  = "the preset says all of it (-0 to -9), and --chunk-size how long what repeats is remembered"
	licence   = "lmz is under the MIT licence"
	makeDict  = "lmz dict SAMPLE... -o FILE makes a dictionary, lmz train a model"
	bothWays  = "--memlimit is for both ways"
	measuring = "lmz explain shows where bits go, make bench how fast it is"
	asText    = "all files are text, as with -a"
	lineEnds  = "lines end with a line feed: tr '\\0' '\\n' in front of lmz makes them so"
	allFrames = "all frames of an archive are read, and zeros between them left out"
)

// foreign says what commands have for flags, long and short, of other programs of their kind.
var foreign = map[string]map[string]string{
	"lmz": {
		"ultra": smallest, "extreme": smallest, "e": smallest, "max": smallest,
		"b": measuring, "bench": measuring,
		"n": noName, "N": noName, "name": noName, "no-name": noName,
		"p": noCipher, "passphrase": noCipher, "R": noCipher, "recipient": noCipher, "i": noCipher, "identity": noCipher,
		"a": "archives are binary", "armor": "archives are binary", "ascii": "archives are binary",
		"adapt": noFilters, "level": "the presets are -0 to -9",
		"lzma1": noFilters, "lzma2": noFilters, "delta": noFilters, "x86": noFilters, "filters": noFilters,
		"check": oneFormat, "C": oneFormat, "no-check": oneFormat, "format": oneFormat, "F": oneFormat,
		"files": zeroBytes, "filelist": zeroBytes,
		"size-hint": noSize, "stream-size": noSize, "content-size": noSize, "no-content-size": noSize,
		"memlimit-compress": bothWays, "memlimit-decompress": bothWays, "memlimit-mt-decompress": bothWays,

		"to-stdout":  "it is called --stdout",
		"block-size": "it is called --chunk-size",
		"B":          "it is called --chunk-size",
		"memory":     "it is called --memlimit",
		"long":       "chunks of 8 MiB and more remember all of themselves: see --chunk-size",
		"patch-from": "--dict FILE compresses against another file",
		"rsyncable":  "chunks do not depend on each other; --chunk-size makes them small",
		"train":      makeDict, "train-cover": makeDict, "train-fastcover": makeDict, "train-legacy": makeDict,
		"maxdict": "lmz dict --size N says how large a dictionary may be",
		"dictID":  "archives name their dictionary by its hash",
		"zstd":    noParams,
		"license": licence,
		"L":       licence,

		"show-default-cparams":         "lmz --help has what presets take, lmz -lv what an archive has",
		"target-compressed-block-size": "--chunk-size cuts the input, and --flush-every the output, by time",
		"pass-through":                 "-dcf writes what is no archive as it is",

		"output-dir-flat":    "--output-dir keeps the paths of files",
		"output-dir-mirror":  "it is called --output-dir",
		"exclude-compressed": "-r leaves archives out; --exclude takes a pattern",
		"flush-timeout":      "--flush-every takes a time with its unit, such as 5s",
		"robot":              "--json is for programs",
		"sparse":             "zeros become holes of files unless --no-sparse is given",
		"no-dictID":          "archives always say which dictionary they need",
		"single-thread":      "-T1 takes one thread",
		"auto-threads":       "-T0, the default, takes all cores",
		"asyncio":            "files are read and written while chunks are coded",
		"no-asyncio":         "files are read and written while chunks are coded",
		"priority":           "nice lmz ... gives it another one",
		"single-stream":      allFrames,
		"ignore-check":       "-d --keep-going gives what is intact of an archive",
		"no-adjust":          "--memlimit never changes the preset, nor any byte",
		"info-memory":        "lmz --help says what each preset takes",
	},
	"cat": {
		"n": "lmz grep -n '' ARCHIVE numbers lines", "number": "lmz grep -n '' ARCHIVE numbers lines",
	},
	"grep": {
		"z": lineEnds, "null-data": lineEnds,
		"G": "patterns are those of -E; -F takes them as they are", "basic-regexp": "patterns are those of -E; -F takes them as they are",
		"P": "patterns have \\d, \\b, (?i) and lazy repetition without it", "perl-regexp": "patterns have \\d, \\b, (?i) and lazy repetition without it",
		"d": "-r searches folders, which are skipped without it", "directories": "-r searches folders, which are skipped without it",
		"devices":      "pipes and devices are skipped, but for standard input",
		"binary-files": asText,
		"u":            "offsets are always those of bytes", "unix-byte-offsets": "offsets are always those of bytes",
		"initial-tab": "-T is the number of threads",
	},
}

// asFlags are the flags for what other programs have commands for.
var asFlags = map[string]string{
	"compress": "-z", "decompress": "-d", "uncompress": "-d", "extract": "-d", "test": "-t", "list": "-l",
}

// wanted says what flags of a type take.
var wanted = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint64": "a whole number, 0 or more", "float64": "a number",
	"duration": "a time with its unit, such as 5s or 2m", "bool": "true or false, or nothing", "boolfunc": "true or false, or nothing",
	"threads": "a number, or auto",
}

// flagError is a flag that there is not, or that has a wrong value.
func flagError(of *cobra.Command, err error) error {
	see := "see " + of.CommandPath() + " --help"
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		flag := invalid.GetFlag()
		var number *strconv.NumError
		want := wanted[flag.Value.Type()]
		if want != "" && (errors.As(err, &number) || flag.Value.Type() == "duration") {
			name := "--" + flag.Name
			if flag.Shorthand != "" && flag.ShorthandDeprecated == "" {
				name = "-" + flag.Shorthand + ", " + name
			}
			return ui.Usage(fmt.Sprintf("invalid argument %q for %q flag: want %s", invalid.GetValue(), name, want), see)
		}
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ui.Usage(err.Error(), see)
	}
	name := unknown.GetSpecifiedName()
	if _, seconds, _ := strings.Cut(unknown.GetSpecifiedShortnames(), "i"); name == "i" && isNumber(seconds) {
		name = "b" // zstd -i1; age -i FILE
	}
	if hint, ok := foreign[of.Name()][name]; ok {
		return ui.Usage(err.Error(), hint)
	}
	if near := nearFlag(of.Flags(), name); near != "" {
		return ui.Usage(err.Error(), "did you mean --"+near+"?")
	}
	return ui.Usage(err.Error(), see)
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 64)
	return err == nil
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

// calledLikeFile is a hint for where a command was called by the name of a file, as by lmz *, or
// nothing.
func calledLikeFile(called *cobra.Command, args []string) string {
	name := called.Name()
	if !called.HasParent() || !slices.Contains(args, name) {
		return ""
	}
	if _, err := os.Lstat(name); err != nil {
		return ""
	}
	return fmt.Sprintf("%s is a command of lmz: the file of this name is given as ./%s", name, name)
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
