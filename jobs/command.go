package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// version is set by the linker, or else is that of the module.
var version = "unknown"

// failures is how many archives could not be made, and how many were not to be.
type failures struct{ failed, cancelled int }

func (n failures) Error() string {
	if n.failed == 0 {
		return fmt.Sprintf("%d archives were cancelled: lmz job resume takes them up again", n.cancelled)
	}
	also := ""
	if n.cancelled > 0 {
		also = fmt.Sprintf(", %d were cancelled", n.cancelled)
	}
	return fmt.Sprintf("%d archives failed%s: see lmz job report; lmz job resume tries them again", n.failed, also)
}

// programVersion is what the linker was told, or what go install knows.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "unknown" && info.Main.Version != "" {
		return info.Main.Version
	}
	return version
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:         "lmz-job",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "lmz job"},
		Short:       "Plan, run and audit the compression of many files or objects",
		Long: `Plan, run and audit the compression of many files or objects.

SOURCE and DEST are folders, or buckets with a prefix: s3://logs/2026/,
gs://…, azblob://…. Each object becomes DEST/its key.lmz, small ones of a folder
together one NAME.tar.lmz, and is

  read, as one version, and compressed; each chunk is decoded and compared,
  put, where there is nothing yet,
  read back and compared, and only then
  kept, tagged or deleted, as --source says.

What was done is in a database (--db). A run that was killed goes on with lmz
job run again, or lmz job worker; nothing is done twice.

Exit codes: 0 all is archived; 1 some is not, since it failed or was cancelled;
2 something else failed.`,
		Version:      programVersion(),
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetVersionTemplate("lmz job {{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	// No help is wider than 80 columns.
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages |", "FlagUsagesWrapped 80 |"))
	root.SetFlagErrorFunc(flagError)
	root.Flags().BoolP("version", "V", false, "show the version")
	f := root.PersistentFlags()
	f.BoolVarP(&quietly, "quiet", "q", false, "say only what fails")
	// What lmz has for all its commands does nothing here.
	f.BoolP("verbose", "v", false, "does nothing, as in lmz -v job")
	f.Bool("no-progress", false, "does nothing: no bar is drawn")
	f.MarkHidden("verbose")
	f.MarkHidden("no-progress")
	root.AddCommand(planCommand(), runCommand(), workerCommand(), statusCommand(), resumeCommand(), cancelCommand(), reportCommand())
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return unknownCommand(c, args[0])
	}
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(helpCommand())
	for _, c := range root.Commands() {
		addCompletion(c)
		number := c.Args
		c.Args = func(c *cobra.Command, args []string) error {
			if number(c, args) != nil {
				hint := "it is " + c.UseLine()
				if strings.HasSuffix(c.Use, " JOB") {
					hint += "; lmz job status lists the jobs"
				}
				return &usageError{fmt.Errorf("%s: wrong number of arguments", c.Name()), hint}
			}
			return checkEmpty(c, args)
		}
	}
	return root
}

// helpCommand is lmz job help.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		ValidArgsFunction: func(help *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			for _, c := range help.Root().Commands() {
				if len(args) == 0 && c.IsAvailableCommand() {
					names = append(names, c.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(help *cobra.Command, args []string) error {
			of, more, err := help.Root().Find(args)
			if err != nil {
				return err
			}
			if len(more) > 0 {
				return unknownCommand(of, more[0])
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}

func unknownCommand(below *cobra.Command, name string) error {
	hint := "see " + below.CommandPath() + " --help"
	if near := below.SuggestionsFor(name); len(near) > 0 {
		hint = "did you mean " + below.CommandPath() + " " + near[0] + "?"
	}
	return &usageError{fmt.Errorf("%s has no command %s", below.CommandPath(), name), hint}
}

// checkEmpty finds arguments and values that are empty: what a variable was to say that is not set
// must not go by what else is usual, such as all objects of a source.
func checkEmpty(c *cobra.Command, args []string) (err error) {
	const hint = "is a variable unset? what is not meant is left out"
	if slices.Contains(args, "") {
		err = &usageError{fmt.Errorf(`%s: "" is given for a name`, c.Name()), hint}
	}
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" {
			err = &usageError{fmt.Errorf("--%s is empty", f.Name), hint}
		}
	})
	return err
}

// addCompletion says what shells complete values and arguments of a command with, which they ask
// lmz for.
func addCompletion(c *cobra.Command) {
	levels := strings.Split("0123456789", "")
	for name, values := range map[string][]string{
		"source": {"keep", "tag", "delete"},
		"level":  levels, "levels": levels,
		"db": nil, "plan": nil, "inventory": nil, // files
	} {
		if c.Flags().Lookup(name) != nil {
			directive := cobra.ShellCompDirectiveNoFileComp
			if values == nil {
				directive = cobra.ShellCompDirectiveDefault
			}
			_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, directive))
		}
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	if strings.Contains(c.Use, "SOURCE") {
		directive = cobra.ShellCompDirectiveFilterDirs
	}
	c.ValidArgsFunction = cobra.FixedCompletions(nil, directive)
}

// ofMachine keeps the number that a flag is by default out of help and manual, which says what it is
// of.
func ofMachine(f *pflag.FlagSet, name string) { f.Lookup(name).DefValue = "0" }

// quietly leaves out what is not an error.
var quietly bool

// say tells what is done.
func say(format string, args ...any) {
	if !quietly {
		fmt.Fprintf(os.Stderr, "lmz job: "+format+"\n", args...)
	}
}

// usageError is a call that makes no sense.
type usageError struct {
	error
	hint string
}

func (e *usageError) Unwrap() error { return e.error }

// flagError is a flag that there is not, or that has a wrong value.
func flagError(of *cobra.Command, err error) error {
	hint := "see " + of.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		_, noLevel := strconv.Atoi(name)
		switch near := nearFlag(of, name); {
		case noLevel == nil && of.Flags().Lookup("level") != nil: // as lmz has it
			hint = "-l " + name + " is the level"
		case name == "rm" && of.Flags().Lookup("source") != nil:
			hint = "--source delete deletes what is proven"
		case near != "":
			hint = "did you mean --" + near + "?"
		}
	case errors.As(err, &invalid) && errors.As(err, &number):
		err = fmt.Errorf("--%s %q: want a whole number", invalid.GetFlag().Name, invalid.GetValue())
	}
	return &usageError{err, hint}
}

// nearFlag is the flag that a name was meant for, or nothing. The first letter must be right.
func nearFlag(of *cobra.Command, name string) string {
	if len(name) < 2 {
		return ""
	}
	flags := &cobra.Command{SuggestionsMinimumDistance: 2} // cobra knows how to find commands
	of.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	for _, near := range flags.SuggestionsFor(name) {
		if near[0] == name[0] {
			return near
		}
	}
	return ""
}
