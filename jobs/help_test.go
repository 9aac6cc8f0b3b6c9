package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Help of all commands fits a terminal, and calls them as a user does.
func TestHelp(t *testing.T) {
	root := command()
	root.InitDefaultHelpCmd()
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
	root := command()
	var b bytes.Buffer
	root.SetOut(&b)
	root.SetArgs([]string{"--version"})
	if err := root.Execute(); err != nil || b.String() != "lmz job "+programVersion()+"\n" {
		t.Errorf("%q, %v", &b, err)
	}
}
