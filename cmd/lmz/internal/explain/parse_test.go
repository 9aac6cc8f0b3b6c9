package explain

import (
	"slices"
	"strings"
	"testing"
)

// shown is the parts of a line, as name=text, or text alone.
func shown(line string, parts []part) (all []string) {
	for _, p := range parts {
		text := line[p.start:p.end]
		if p.name != "" {
			text = p.name + "=" + text
		}
		all = append(all, text)
	}
	return all
}

func TestParse(t *testing.T) {
	for line, c := range map[string]struct {
		kind lineKind
		want string // parts, with | between them
	}{
		"Jun  9 06:06:20 combo sshd(pam_unix)[19937]: failure; uid=0 tty= rhost=10.1.2.3": {textLine,
			"Jun|9|06:06:20|combo|sshd|pam_unix|19937|failure|uid|uid=0|tty|tty=|rhost|rhost=10.1.2.3"},
		`level=info msg="two words" port:22 10.0.0.1:5567 a::b http://x/y?id=7&u=8`: {textLine,
			`level|level=info|msg|msg=two words|port|port=22|10.0.0.1:5567|a::b|http://x/y|id|id=7|u|u=8`},
		`error: not found`:        {textLine, "error|not|found"},
		`  "name": "a b", "n": 5`: {textLine, `name|name=a b|n|n=5`},
		`x == y, a=`:              {textLine, `x|y|a|a=`},
		`say "unfinished`:         {textLine, `say|unfinished`},
		`k="unfinished`:           {textLine, `k|unfinished`},
		`(k=[v])`:                 {textLine, `k|k=v`},
		`{"a": {"b": [1, {"c": "d e"}]}, "f": -1.5e3, "g": null} `: {jsonLine, `a.b[]=1|a.b[].c=d e|f=-1.5e3|g=null`},
		`{"a": "x\"y", "e": {}, "l": []}`:                          {jsonLine, `a=x\"y`},
		`{"a": }`:                                                  {textLine, `a`},
		`{"a": 1} {"b": 2}`:                                        {textLine, `a|a=1|b|b=2`},
		`{"a": [1, 2}`:                                             {textLine, `a|a=1|2`},
		``:                                                         {textLine, ``},
		"   \t ":                                                   {textLine, ``},
		strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40): {textLine, ""},
	} {
		var p parser
		parts, kind := p.parse(nil, []byte(line))
		if strings.HasPrefix(line, `{"a":{"a"`) { // too deep for JSON: only not to be taken for it
			if kind != textLine {
				t.Errorf("depth is not limited")
			}
			continue
		}
		if got := strings.Join(shown(line, parts), "|"); kind != c.kind || got != c.want {
			t.Errorf("%q\n is  %d %s\nwant %d %s", line, kind, got, c.kind, c.want)
		}
	}
}

func TestParseTable(t *testing.T) {
	p := parser{separator: ',', columns: []string{"a", ""}}
	for line, want := range map[string]string{
		`1,2,3`:              `a=1|column 2=2|column 3=3`,
		`,,`:                 `a=|column 2=|column 3=`,
		`"x, y",2`:           `a="x, y"|column 2=2`,
		`"say ""no"", now",`: `a="say ""no"", now"|column 2=`,
		`"open,2`:            `a="open,2`,
		``:                   `a=`,
	} {
		parts, _ := p.parse(nil, []byte(line))
		if got := strings.Join(shown(line, parts), "|"); got != want {
			t.Errorf("%q is %s, want %s", line, got, want)
		}
	}
}

func TestContentOf(t *testing.T) {
	for text, want := range map[string]struct {
		content   Content
		separator byte
		columns   []string
	}{
		"":                                   {Log, 0, nil},
		"a,b,c\n1,2,3\n4,5,6\n":              {Table, ',', []string{"a", "b", "c"}},
		"1\t2\t3\n4\t5\t6\n7\t8\t9\n":        {Table, '\t', nil},
		"a,b,a\n1,2,3\n4,5,6\n":              {Table, ',', nil},
		"{\"a\":1,\"b\":2,\"c\":3}\n":        {Log, 0, nil},
		strings.Repeat("a 1, b 2, c\n", 9):   {Table, ',', nil},
		strings.Repeat("\x00\x01ab\xff", 20): {Binary, 0, nil},
		strings.Repeat("over the hills and far away ", 20): {Prose, 0, nil},
		strings.Repeat("Grüße aus Köln, 日本\n", 2):          {Log, 0, nil},
	} {
		content, separator, columns := contentOf([]byte(text))
		if content != want.content || separator != want.separator || !slices.Equal(columns, want.columns) {
			t.Errorf("%.40q is %s, %q, %q, want %v", text, content, separator, columns, want)
		}
	}
}

func TestShapes(t *testing.T) {
	for value, want := range map[string]shape{
		"1234":                                 digits | decimal | hexLower | hexUpper | base64ish,
		"-1.5":                                 decimal,
		"1.2.3":                                0,
		"deadbeef":                             hexLower | base64ish | word,
		"0FF1":                                 hexUpper | base64ish,
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8": uuid | base64ish,
		"10.0.0.255":                           ipv4,
		"10.0.0.255:80":                        ipv4,
		"10.0.0.2555":                          0,
		"12:59":                                clock,
		"2026-03-02T08:15:27.123Z":             clock | date,
		"17/May/2015:10:05:03":                 clock | date,
		"/var/log/x1":                          path | base64ish,
		"https://a.b/c":                        url,
		"hello":                                word | base64ish,
		".":                                    0,
		"-":                                    base64ish,
	} {
		if got := shapeOf([]byte(value)); got != want {
			t.Errorf("%q is %b, want %b", value, got, want)
		}
	}
	for value, want := range map[string][2]int{
		"08:15:27.123Z": {9, 12}, "08:15:27": {}, "08:15:27,5": {9, 10}, "12.5": {}, "1:2:3.4": {}, "08:15:27.": {},
	} {
		if from, to := fraction([]byte(value)); [2]int{from, to} != want {
			t.Errorf("the fraction of %q is at %d to %d, want %v", value, from, to, want)
		}
	}
}
