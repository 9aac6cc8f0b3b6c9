package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// emptyAsInGrep are the flags of lmz grep for which an empty value is what GNU grep takes it for,
// as an empty pattern is.
var emptyAsInGrep = []string{"regexp", "file", "label", "color", "colour", "include", "exclude", "exclude-from", "exclude-dir"}

// checkEmpty finds values of flags, and names of files, that are empty: mostly a variable of a
// script is, and what was to go to a folder of its own, say, must not go elsewhere.
func (a *app) checkEmpty(of *cobra.Command, args []string) (err error) {
	const hint = "is a variable unset? what is not meant is left out"
	if strings.HasPrefix(of.Name(), cobra.ShellCompRequestCmd) {
		return nil // what is not typed yet is empty
	}
	grep := of.Name() == "grep"
	of.Flags().Visit(func(f *pflag.Flag) {
		empty := f.Value.Type() == "string" && f.Value.String() == ""
		if list, is := f.Value.(pflag.SliceValue); is {
			empty = slices.Contains(list.GetSlice(), "")
		}
		if empty && !slices.Contains(a.undone, "--"+f.Name+"=") && !(grep && slices.Contains(emptyAsInGrep, f.Name)) {
			err = ui.Usage("--"+f.Name+" is empty", hint)
		}
	})
	if err == nil && !grep && slices.Contains(args, "") {
		err = ui.Usage(`"" is given for a file`, hint)
	}
	return err
}
