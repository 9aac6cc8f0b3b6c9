package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/explain"
)

// What docs/USAGE.md says that lmz has, it has, and what it says that others have and lmz has not
// is refused.
func TestUsageTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/USAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	root := newRootCommand(newApp(nil))
	grep, _, err := root.Find([]string{"grep"})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	own, of := 0, (*cobra.Command)(nil) // column of lmz
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		switch strings.TrimSpace(cells[0]) {
		case "zstd":
			own, of = 2, root
			continue
		case "age":
			own, of = 1, root
			continue
		case "`lmz grep`":
			own, of = 0, grep
			continue
		case "JSON":
			of = nil
			continue
		case "GNU grep":
			own, of = 1, grep
			continue
		}
		if of == nil {
			continue
		}
		rows++
		for _, name := range flagNames(cells[own]) {
			if !hasFlag(of, name) {
				t.Errorf("%s has no %s: %s", of.Name(), name, line)
			}
		}
		if strings.TrimSpace(cells[own]) == "-" {
			for _, name := range flagNames(strings.Join(cells[:own], " ")) {
				if hasFlag(of, name) {
					t.Errorf("%s has %s: %s", of.Name(), name, line)
				}
				if foreign[of.Name()][strings.TrimLeft(name, "-")] == "" {
					t.Errorf("%s has no hint for %s: %s", of.Name(), name, line)
				}
			}
		}
	}
	if rows < 40 {
		t.Errorf("%d rows", rows)
	}
}

// All fields of what --json prints are in docs/USAGE.md, and what is there is printed.
func TestUsageOfJSON(t *testing.T) {
	text, err := os.ReadFile("../../docs/USAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| JSON |")
	rows := map[string][]string{}
	for line := range strings.SplitSeq(table, "\n") {
		if cells := strings.SplitN(strings.Trim(line, "|"), "|", 2); len(cells) == 2 {
			for _, m := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(cells[1], -1) {
				rows[strings.TrimSpace(cells[0])] = append(rows[strings.TrimSpace(cells[0])], m[1])
			}
		}
	}
	for of, v := range map[string]any{
		"a file": outcome{}, "a loss": lossListing{}, "`-l`": listing{}, "a frame": frameListing{}, "its model": modelListing{}, "a chunk": chunkListing{},
		"times": timesListing{}, "`lmz cat --members`": listedMember{}, "`lmz model`": modelSummary{}, "`lmz version`": versions{},
		"`lmz explain`": explain.Report{}, "what cost less": explain.Under{}, "a template": explain.Template{}, "a field": explain.Field{}, "a line": explain.Line{},
		"a token or winner": explain.Share{}, "a stretch": explain.Stretch{}, "an explained chunk": explain.Chunk{},
	} {
		var want []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				want = append(want, name)
			}
		}
		slices.Sort(want)
		got := rows[of]
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", of, got, want)
		}
	}
}

// Values have names that say what they are, rather than their types.
func TestValuesHaveNames(t *testing.T) {
	var check func(of *cobra.Command)
	check = func(of *cobra.Command) {
		of.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); name != strings.ToUpper(name) {
				t.Errorf("%s has --%s %s", of.CommandPath(), f.Name, name)
			}
		})
		for _, c := range of.Commands() {
			check(c)
		}
	}
	check(newRootCommand(newApp(nil)))
}

var flagName = regexp.MustCompile("`(--?[A-Za-z0-9][A-Za-z0-9-]*)")

func flagNames(cell string) (names []string) {
	for _, m := range flagName.FindAllStringSubmatch(cell, -1) {
		names = append(names, m[1])
	}
	return names
}

// hasFlag takes also several short flags in one, and -NUM.
func hasFlag(cmd *cobra.Command, name string) bool {
	cmd.InheritedFlags() // brings them to its own
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return cmd.Flags().Lookup(long) != nil
	}
	if name == "-NUM" {
		name = "-3"
	}
	for _, c := range strings.TrimPrefix(name, "-") {
		var f *pflag.Flag
		if f = cmd.Flags().ShorthandLookup(string(c)); f == nil {
			return false
		}
	}
	return true
}
