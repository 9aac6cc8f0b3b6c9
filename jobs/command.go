package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// version is set by the linker, or else is that of the module.
var version = "unknown"

// failures is how many objects could not be archived.
type failures int

func (n failures) Error() string {
	return fmt.Sprintf("%d objects failed: see lmz job report; lmz job resume tries them again", int(n))
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

Exit codes: 0 all is archived; 1 objects failed; 2 something else did.`,
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
		hint := "see lmz job --help"
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "did you mean lmz job " + near[0] + "?"
		}
		return &usageError{fmt.Errorf("there is no command %s", args[0]), hint}
	}
	root.SuggestionsMinimumDistance = 2
	for _, c := range root.Commands() {
		addCompletion(c)
		number := c.Args
		c.Args = func(c *cobra.Command, args []string) error {
			if number(c, args) != nil {
				return &usageError{fmt.Errorf("%s: wrong number of arguments", c.Name()), "it is " + c.UseLine()}
			}
			return nil
		}
	}
	return root
}

// addCompletion says what shells complete values and arguments of a command with, which they ask lmz
// for.
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
		if near := nearFlag(of, unknown.GetSpecifiedName()); near != "" {
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
