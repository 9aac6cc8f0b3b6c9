package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/internal/manual"
)

// manPage is the page of a command: what its help says.
func manPage(cmd *cobra.Command, date time.Time) *manual.Page {
	cmd.InitDefaultHelpFlag()
	page := &manual.Page{
		Name: manual.Name(cmd.CommandPath()), Short: cmd.Short, Use: strings.TrimSuffix(cmd.UseLine(), " [flags]"),
		Long: cmd.Long, Example: cmd.Example, Program: "lmz " + programVersion(), Date: date,
	}
	flags := func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		if f.NoOptDefVal != "" {
			value = ""
		}
		if !f.Hidden {
			page.Flags = append(page.Flags, manual.Flag{Short: f.Shorthand, Name: f.Name, Value: value, Usage: manual.WithDefault(usage, f.DefValue)})
		}
	}
	cmd.NonInheritedFlags().VisitAll(flags)
	cmd.InheritedFlags().VisitAll(flags)
	if cmd.HasParent() {
		page.See = append(page.See, manual.Name(cmd.Parent().CommandPath()))
	} else {
		page.See = append(page.See, "lmz")
	}
	for _, c := range cmd.Commands() {
		page.See = append(page.See, manual.Name(c.CommandPath()))
	}
	return page
}
