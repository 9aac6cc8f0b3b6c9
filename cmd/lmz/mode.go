package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// mode is what lmz does with files. Of -z, -d, -t and -l the last one counts, as with xz and zstd.
type mode int

const (
	compresses mode = iota
	decompresses
	tests
	lists
)

func (m *mode) addFlags(f *pflag.FlagSet) {
	set := func(to mode) func(string) error {
		return func(text string) error {
			on, err := strconv.ParseBool(text)
			if on {
				*m = to
			}
			return err
		}
	}
	f.BoolFuncP("compress", "z", "compress (the default)", set(compresses))
	f.BoolFuncP("decompress", "d", "decompress", set(decompresses))
	f.BoolFunc("uncompress", "the same", set(decompresses))
	f.MarkHidden("uncompress")
	f.BoolFuncP("test", "t", "decompress and check, write nothing", set(tests))
	f.BoolFuncP("list", "l", "list what archives hold, without decompressing; with -v also each chunk", set(lists))
}

// calledAs gives the arguments that the name of the program stands for, with what follows them.
func calledAs(program string, args []string) []string {
	var first []string
	switch strings.TrimSuffix(filepath.Base(program), ".exe") {
	case "unlmz":
		first = []string{"-d"}
	case "lmzcat":
		first = []string{"-dcf"}
	case "lmzgrep":
		first = []string{"grep"}
	}
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return slices.Concat(args[:1], first, args[1:]) // a shell asks what may come next
	}
	return append(first, args...)
}
