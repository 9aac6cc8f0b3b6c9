package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/models"
)

// modelCommand is lmz model, with the commands below it.
type modelCommand struct{ *app }

func newModelCommand(a *app) *cobra.Command {
	c := modelCommand{a}
	model := &cobra.Command{
		Use:   "model",
		Short: "Show language models",
	}
	wantCommand(model)
	const names = `
MODEL is the name of an embedded model (see "lmz model list"), the path of a
GGUF file, the name without .gguf of one in $` + models.PathVariable + ` or in
~/.local/share/lmz/models, or the first 8 or more digits of a SHA-256. Without
MODEL it is the model of -m, or else the default.`
	f := model.PersistentFlags()
	c.addModel(f)
	f.Lookup("model").Usage = "the `MODEL`, if none is given; or a place to look for it"
	c.addClass(f)
	c.addJSON(f)
	model.AddCommand(
		&cobra.Command{
			Use:   "list",
			Short: "List the embedded models and those that are found",
			Long: "List the embedded models and those that are found in $" + models.PathVariable +
				"\n(files and folders), and in ~/.local/share/lmz/models.",
			Args: noArgs,
			RunE: func(*cobra.Command, []string) error {
				if err := c.checkStdout(); err != nil {
					return err
				}
				return c.list()
			},
		},
		&cobra.Command{
			Use:   "info [MODEL]...",
			Short: "Show what models are",
			Long:  "Show what models are, from their files; with -v also all metadata.\n" + names,
			Args:  cobra.ArbitraryArgs, ValidArgsFunction: c.completeModels,
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := c.checkStdout(); err != nil {
					return err
				}
				return c.infos(cmd.Context(), c.models(args))
			},
		},
		&cobra.Command{
			Use:   "verify [MODEL]...",
			Short: "Check that models are whole and compute what they should",
			Long: `Check that models are whole and compute what they should: the file's structure,
its SHA-256 against the released models and against what it was when lmz last
read it, and what it computes, twice, against what is known of released models.
Each numeric class computes other numbers: --class says which to check.
` + names,
			Args: cobra.ArbitraryArgs, ValidArgsFunction: c.completeModels,
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := c.checkStdout(); err != nil {
					return err
				}
				names := c.models(args)
				for _, name := range names {
					c.outcome(name)
				}
				c.each(names, func(name string) error { return c.verify(cmd.Context(), name) })
				return c.printReport()
			},
		},
	)
	return model
}

// models are the models that a command is about.
func (c modelCommand) models(args []string) []string {
	if len(args) > 0 {
		return args
	}
	if c.model != "" {
		return []string{c.model}
	}
	return []string{models.EmbeddedName}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return ui.Usage(fmt.Sprintf("%s takes no arguments", cmd.CommandPath()), "")
	}
	return nil
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
