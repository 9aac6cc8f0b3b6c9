package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/llama"
)

// addCompletion says what shells complete values and arguments of a command, and those below it,
// with.
func (a *app) addCompletion(cmd *cobra.Command) {
	values := map[string]func() []string{
		"method": func() []string { return methodNames },
		"class":  func() []string { return append([]string{exact.Class}, llama.Classes()...) },
		"color":  func() []string { return []string{"auto", "always", "never"} },
		"kernel": func() []string { return []string{"amx", "avx512", "avx2", "portable"} },
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if list := values[f.Name]; list != nil {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return list(), cobra.ShellCompDirectiveNoFileComp
			})
		}
		if f.Name == "model" {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return a.modelNames(), cobra.ShellCompDirectiveDefault // or a file
			})
		}
		if p, is := f.Value.(presetFlag); is && f.Shorthand != "" {
			f.Usage = fmt.Sprintf("preset %d: %s", p.number, presetSummary(preset.Level(p.number)))
		}
	})
	for _, c := range cmd.Commands() {
		a.addCompletion(c)
	}
}

// completeArchives completes arguments that are archives.
func completeArchives(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{suffix[1:]}, cobra.ShellCompDirectiveFilterFileExt
}

// completeModels completes arguments that are models.
func (a *app) completeModels(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return a.modelNames(), cobra.ShellCompDirectiveDefault
}

func (a *app) modelNames() (names []string) {
	if a.store == nil {
		a.openStore()
	}
	for _, f := range a.store.List() {
		names = append(names, f.Name())
	}
	return names
}

// prepareCompletion lets shells complete -0 to -9, which help has in its table, and tells what flags do
// without the quotes in which help finds the names of values.
func prepareCompletion(cmd *cobra.Command) {
	for n := range preset.Max + 1 {
		if f := cmd.Flags().Lookup(fmt.Sprint(n)); f != nil {
			f.Hidden = false
		}
	}
	unquoteUsages(cmd)
}

func unquoteUsages(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, c := range cmd.Commands() {
		unquoteUsages(c)
	}
}
