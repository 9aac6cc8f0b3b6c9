package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Every table of figures that were measured has the command near it that makes them again: a span of
// code within its section.
func TestFiguresNameCommands(t *testing.T) {
	section := regexp.MustCompile(`(?m)^#{1,4} `)
	figures := regexp.MustCompile(`(?m)^\|.*\| *[-+~*]*\d[\d  .,]*[%sx]?[^|]*\|.*\n\|.*\| *[-+~*]*\d[\d  .,]*[%sx]?[^|]*\|`)
	command := regexp.MustCompile("`[^`\n]*(make |go run |go test |lmz |BENCH=|STUDY=|tools/|scripts/|Test[A-Z])|\\(\\.\\./scripts/|```")
	tables := 0
	for _, name := range []string{"README.md", "docs/BENCHMARKS.md", "docs/CODEC.md", "docs/EVIDENCE.md", "docs/JOBS.md", "docs/MODELS.md", "docs/RELIABILITY.md", "docs/STUDY.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range section.Split(string(text), -1) {
			if !figures.MatchString(s) {
				continue
			}
			if tables++; !command.MatchString(s) {
				t.Errorf("%s: %.60q has figures and no command", name, s)
			}
		}
	}
	if tables < 30 {
		t.Errorf("%d sections have figures", tables)
	}
}
