package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Help of all commands fits a terminal, and calls them as a user does.
func TestHelp(t *testing.T) {
	root := command()
	tried := 0
	var try func(c *cobra.Command)
	try = func(c *cobra.Command) {
		var b bytes.Buffer
		c.SetOut(&b)
		if err := c.Help(); err != nil {
			t.Error(err)
		}
		for line := range strings.SplitSeq(b.String(), "\n") {
			if utf8.RuneCountInString(line) > 80 {
				t.Errorf("%s: %q", c.CommandPath(), line)
			}
		}
		if _, usage, _ := strings.Cut(b.String(), "Usage:\n"); !strings.HasPrefix(usage, "  lmz job") {
			t.Errorf("%s: %s", c.CommandPath(), &b)
		}
		tried++
		for _, below := range c.Commands() {
			try(below)
		}
	}
	try(root)
	if tried < 8 {
		t.Errorf("%d commands", tried)
	}
}

func TestVersion(t *testing.T) {
	for _, flag := range []string{"--version", "-V"} {
		root := command()
		var b bytes.Buffer
		root.SetOut(&b)
		root.SetArgs([]string{"-q", flag})
		if err := root.Execute(); err != nil || b.String() != "lmz job "+programVersion()+"\n" {
			t.Errorf("%s: %q, %v", flag, &b, err)
		}
	}
}

// Wrong calls are told in words, and what to do about them; flags of all commands of lmz are taken.
func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"run":                     "run: wrong number of arguments; it is lmz job run SOURCE DEST [flags]",
		"status a b":              "status: wrong number of arguments; it is lmz job status [JOB] [flags]",
		"run --lvl 3 a b":         "unknown flag: --lvl; did you mean --level?",
		"stauts":                  "lmz job has no command stauts; did you mean lmz job status?",
		"help stauts":             "lmz job has no command stauts; did you mean lmz job status?",
		"help nosuch":             "lmz job has no command nosuch; see lmz job --help",
		"run -9 a b":              "unknown shorthand flag: '9' in -9; -l 9 is the level",
		"status -9":               "unknown shorthand flag: '9' in -9; see lmz job status --help",
		"run --rm a b":            "unknown flag: --rm; --source delete deletes what is proven",
		"run --inventory= a b":    "--inventory is empty; is a variable unset? what is not meant is left out",
		"status --db=":            "--db is empty; is a variable unset? what is not meant is left out",
		"status --db missing.db":  "there is no database missing.db; lmz job run makes it; --db says where it is",
		"run -x a b":              "unknown shorthand flag: 'x' in -x; see lmz job run --help",
		"run -l x a b":            `--level "x": want a whole number; see lmz job run --help`,
		"-q -v --no-progress run": "run: wrong number of arguments; it is lmz job run SOURCE DEST [flags]",
		"worker -q --verbose a":   "worker: wrong number of arguments; it is lmz job worker [flags]",
	} {
		root := command()
		root.SetArgs(strings.Fields(args))
		err := root.Execute()
		var usage *usageError
		if !errors.As(err, &usage) || usage.Error()+"; "+usage.hint != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	quietly = false
	root := command()
	root.SetArgs([]string{"run", "", "to"})
	if err := root.Execute(); err == nil || err.Error() != `run: "" is given for a name` {
		t.Errorf("%v", err)
	}
}
