package search

import (
	"errors"
	"testing"
)

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern   string
		o         Options
		yes, noes []string
	}{
		{"a.c", Options{}, []string{"abc", "xaxcx"}, []string{"ac", "ABC"}},
		{"a.c", Options{IgnoreCase: true}, []string{"aBC"}, []string{"ac"}},
		{"a.c", Options{Fixed: true}, []string{"a.c"}, []string{"abc", "A.c"}},
		{"a.C", Options{Fixed: true, IgnoreCase: true}, []string{"A.c"}, []string{"abc"}},
		{"a\xff", Options{Fixed: true}, []string{"xa\xff"}, []string{"a"}},
		{"one\ntwo", Options{}, []string{"one", "twofold"}, []string{"three"}},
		{"one\ntwo", Options{Fixed: true}, []string{"one", "twofold"}, []string{"three"}},
		{"one|two", Options{IgnoreCase: true}, []string{"ONE", "TWO"}, []string{"three"}},
		{"^a$", Options{}, []string{"a"}, []string{"ab", "a\r"}},
		{"", Options{}, []string{"", "a"}, nil},
		{"", Options{Fixed: true}, []string{"", "a"}, nil},
	} {
		p, err := Compile(tt.pattern, tt.o)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		for _, line := range tt.yes {
			if !p.Match([]byte(line)) {
				t.Errorf("%q, %+v does not match %q", tt.pattern, tt.o, line)
			}
		}
		for _, line := range tt.noes {
			if p.Match([]byte(line)) {
				t.Errorf("%q, %+v matches %q", tt.pattern, tt.o, line)
			}
		}
	}
	for _, pattern := range []string{"(", "a**", "[z-a]", "a\n(", `\8`, "a\xff"} {
		if _, err := Compile(pattern, Options{}); !errors.Is(err, ErrPattern) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}
