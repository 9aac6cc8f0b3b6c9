package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how many columns help takes at most.
const helpWidth = 80

// setHelp makes the help of all commands narrow, and that of -h short.
func setHelp(root *cobra.Command) {
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages |", fmt.Sprintf("FlagUsagesWrapped %d |", helpWidth)))
	long := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		// None: of lmz help, and -H.
		if cmd == root && !slices.Contains(args, "--help") && len(args) > 0 {
			shortHelp(cmd)
			return
		}
		defer hideIdle(cmd)()
		long(cmd, args)
	})
}

// idle are the flags that commands have from those above them and do nothing with.
var idle = map[string][]string{
	"grep": {"no-progress"}, "dict": {"no-progress"}, "prove": {"no-progress"}, "version": {"no-progress"},
	"model": {"no-progress"}, "model list": {"no-progress", "class", "device"}, "model info": {"no-progress", "class", "device"}, "model verify": {"no-progress"},
	"completion": {"no-progress"}, "completion bash": {"no-progress"}, "completion fish": {"no-progress"}, "completion powershell": {"no-progress"}, "completion zsh": {"no-progress"},
}

// hideIdle hides the idle flags of a command until the function that it returns is called.
func hideIdle(cmd *cobra.Command) (show func()) {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	var hidden []*pflag.Flag
	for _, name := range idle[name] {
		if f := cmd.Flag(name); f != nil {
			f.Hidden = true
			hidden = append(hidden, f)
		}
	}
	return func() {
		for _, f := range hidden {
			f.Hidden = false
		}
	}
}

// newHelpCommand is lmz help.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]...",
		Short: "Show the help of a command",
		ValidArgsFunction: func(help *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			of, _, err := help.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(of), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(help *cobra.Command, args []string) error {
			of, more, err := help.Root().Find(args)
			if err != nil {
				return err
			}
			if of.Name() == "job" { // whose help is that of the program
				if _, err := findProgram("lmz-job"); err == nil {
					return runProgram("lmz-job", append([]string{"help"}, more...))
				}
			}
			if len(more) > 0 {
				return unknownCommand(of, more[0])
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}

// often are the flags that the short help shows.
var often = []string{
	"decompress", "test", "list", "stdout", "output", "force", "keep", "rm", "recursive", "threads", "memlimit", "dict", "model", "quiet", "verbose", "version",
}

func shortHelp(root *cobra.Command) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.SortFlags = false
	for _, name := range often {
		flag := *root.Flags().Lookup(name)
		if end := strings.IndexAny(flag.Usage, ";:("); end > 0 {
			flag.Usage = strings.TrimSpace(flag.Usage[:end])
		}
		f.AddFlag(&flag)
	}
	fmt.Fprintf(root.OutOrStdout(), `usage: %s
%s

  -0 to -9, --best      from the fastest preset to the smallest archive
%s
Commands: %s

lmz --help says more, lmz COMMAND --help of a command.
`, root.UseLine(), root.Short, f.FlagUsagesWrapped(helpWidth), strings.Join(commandNames(root), ", "))
}

func commandNames(root *cobra.Command) (names []string) {
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "completion" {
			names = append(names, c.Name())
		}
	}
	return names
}
