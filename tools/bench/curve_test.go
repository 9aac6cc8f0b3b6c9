//go:build unix && !386 && !arm

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCurve(t *testing.T) {
	defer func(texts []curveText) { curveTexts = texts }(curveTexts)
	curveTexts = []curveText{
		{"logs", "a log", []string{"logs/long.log"}, 20_000},
		{"absent", "nothing", []string{"logs/none.log"}, 20_000},
	}
	var out strings.Builder
	o := &options{data: corpusFolder(t), presets: []int{1, 3}, pictures: t.TempDir(), quick: true, out: &out}
	if err := curve(o); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lmz -1", "lmz -3", kanzi8} {
		if c := cells(t, out.String(), name); len(c) != 6 || c[0] == none {
			t.Errorf("%s: %q", name, c)
		}
	}
	picture, err := os.ReadFile(filepath.Join(o.pictures, "speed-logs.svg"))
	if err != nil || !strings.Contains(string(picture), "lmz -3") {
		t.Errorf("no picture with -3: %v", err)
	}
	if entries, _ := os.ReadDir(o.pictures); len(entries) != 1 {
		t.Errorf("%d pictures, want 1", len(entries))
	}
}
