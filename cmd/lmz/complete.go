package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
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

// complete says what may come next, as cobra has it, for a shell that asks with args.
func complete(root *cobra.Command, args []string) error {
	given := args[1:max(1, len(args)-1)]
	of, _, err := root.Find(given)
	switch {
	case err != nil:
	case of.Name() == "job": // which has flags of these names
		root.PersistentFlags().VisitAll(func(f *pflag.Flag) { f.Hidden = true })
	case of == root && slices.Contains(given, "--"): // only files follow
		root.RemoveCommand(root.Commands()...)
	}
	for n := range preset.Max + 1 { // which help has in its table
		if f := root.Flags().Lookup(fmt.Sprint(n)); f != nil {
			f.Hidden = false
		}
	}
	unquoteUsages(root)
	var said bytes.Buffer
	root.SetOut(&said)
	root.SetArgs(args)
	err = root.Execute()
	longLevel := regexp.MustCompile(`^--[0-9]\b`) // of a flag such as -6, which pflag wants to have
	for line := range strings.Lines(said.String()) {
		if !longLevel.MatchString(line) {
			fmt.Print(line)
		}
	}
	return err
}

// unquoteUsages tells what flags do without the quotes in which help finds the names of values.
func unquoteUsages(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, c := range cmd.Commands() {
		unquoteUsages(c)
	}
}

// completionScript is what makes a shell complete commands of lmz and of its other names, or "" for
// other shells.
func completionScript(root *cobra.Command, shell string, described bool) (string, error) {
	const others = " unlmz lmzcat lmzgrep"
	var b bytes.Buffer
	switch shell {
	case "bash":
		err := root.GenBashCompletionV2(&b, described)
		return strings.ReplaceAll(b.String(), " -F __start_lmz lmz\n", " -F __start_lmz lmz"+others+"\n"), err
	case "zsh":
		write := root.GenZshCompletionNoDesc
		if described {
			write = root.GenZshCompletion
		}
		err := write(&b)
		return strings.Replace(b.String(), "#compdef lmz\ncompdef _lmz lmz\n", "#compdef lmz"+others+"\ncompdef _lmz lmz"+others+"\n", 1), err
	case "fish":
		err := root.GenFishCompletion(&b, described)
		return strings.ReplaceAll(b.String(), " -c lmz ", " -c lmz"+strings.ReplaceAll(others, " ", " -c ")+" "), err
	case "powershell":
		write := root.GenPowerShellCompletion
		if described {
			write = root.GenPowerShellCompletionWithDesc
		}
		err := write(&b)
		return b.String(), err
	}
	return "", nil
}

// printCompletion is lmz completion SHELL.
func printCompletion(shell *cobra.Command, _ []string) error {
	bare, err := shell.Flags().GetBool("no-descriptions")
	if err != nil {
		return err
	}
	text, err := completionScript(shell.Root(), shell.Name(), !bare)
	if err == nil {
		_, err = fmt.Print(text)
	}
	return err
}
