package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const source = `package p

const (
	a, magic = 3, "\x8clm"
	shift    = 1 << 20
)

var table = [...]row{1: {2, 'a', 0x10, 0.5}}

func (r *row) sure(text []byte) bool {
	var memory [64]byte
	println("25", text[0], memory)
	return 25*len(text) < 8 && text[1] != '9'
}
`

// Each constant is found once, and changed to the one that comes next.
func TestFind(t *testing.T) {
	found, err := findIn("p.go", []byte(source), &target{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range found {
		if source[m.from:m.from+len(m.old)] != m.old {
			t.Errorf("%v is not at %d", m, m.from)
		}
		got = append(got, m.decl+": "+m.old+" -> "+m.new)
	}
	want := []string{
		`a: 3 -> 4`, `a: "\x8clm" -> "\x8cl\x6c"`, `shift: 1 -> 2`, `shift: 20 -> 21`,
		`table: 1 -> 2`, `table: 2 -> 3`, `table: 'a' -> 'b'`, `table: 0x10 -> 17`, `table: 0.5 -> 0x1.000002p-01`,
		`row.sure: 25 -> 26`, `row.sure: 8 -> 9`, `row.sure: '9' -> ':'`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Names are unique, what decides most about bytes is among them, and no exemption has outlived what
// it is about.
func TestTargets(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	names := map[string]bool{}
	var all []*mutant
	for _, target := range targets {
		found, err := find(".", target)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range found {
			if names[m.name()] {
				t.Errorf("%s twice", m.name())
			}
			names[m.name()] = true
		}
		all = append(all, found...)
	}
	for _, name := range []string{
		"internal/mix/level.go proseRate 11#1", "internal/mix/level.go levels 65000#1", "internal/mix/level.go levels 50000#1", "internal/mix/level.go levels 17#3",
		"internal/mix/level.go letters.prose 25#1", "internal/coder/advisor.go gateRetry 16#1", "internal/coder/mix.go primerTail 16#1", "stream/writer.go worthwhile 100#1",
		"stream/filter.go filterShare 50#1", "internal/format/index.go GroupSize 16#1", "internal/preset/preset.go presets 64#1",
	} {
		if !names[name] {
			t.Errorf("%s is not found", name)
		}
	}
	if _, err := readExempt(filepath.Join("tools", "mutate", "exempt.txt"), all); err != nil {
		t.Error(err)
	}
}

func TestReadExempt(t *testing.T) {
	all := []*mutant{{file: "a.go", decl: "f", old: "1", nth: 1}, {file: "a.go", decl: "f", old: "2", nth: 1}}
	for text, want := range map[string]int{
		"// none\n\n": 0, "a.go f 1#1 : speed\n": 1, "a.go f * : speed\n": 2, "a.go f 1#1\n": -1, "a.go f 1#1 : \n": -1, "a.go g 1#1 : gone\n": -1,
	} {
		path := filepath.Join(t.TempDir(), "exempt.txt")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		exempt, err := readExempt(path, all)
		if (err != nil) != (want < 0) || err == nil && len(exempt) != want {
			t.Errorf("%q: %v, %v", text, exempt, err)
		}
	}
}
