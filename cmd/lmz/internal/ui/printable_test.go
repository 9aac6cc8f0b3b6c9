package ui

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"app log (1).lmz":            "app log (1).lmz",
		"ünïcode 日本 \\ \"q\" \uFFFD": "ünïcode 日本 \\ \"q\" \uFFFD",
		"\x1b[31mred\x1b[0m":         `\x1b[31mred\x1b[0m`,
		"a\nb\tc\r\a":                `a\nb\tc\r\a`,
		"\xff\xfeb":                  `\xff\xfeb`,
		"\xef":                       `\xef`,
		"\u009b2J":                   `\u009b2J`, // CSI as one character
		"evil\u202egol.exe":          `evil\u202egol.exe`,
		"zero\u200bwidth":            `zero\u200bwidth`,
		"\x7f":                       `\x7f`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Nothing that is said reaches the terminal as an escape, whatever it is about.
func TestMessagesArePrintable(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	const evil = "a\x1b]0;owned\a\nlmz: error: b"
	u := New(out, func(error) string { return "hint " + evil })
	u.Verbose = 2
	u.Failure(InFile(evil, errors.New(evil)))
	u.Failure(InFile(evil, &os.PathError{Op: "open", Path: evil, Err: errors.New(evil)}))
	u.Warning(evil, "%s", evil)
	u.Note("%s", evil)
	u.Summary("%s", evil)
	u.Logger().Error(evil, "key", evil)
	said, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(said, "\x1b\a") {
		t.Errorf("%q", said)
	}
	if n := bytes.Count(said, []byte("\n")); n != 9 {
		t.Errorf("%d lines, want 9: %q", n, said)
	}
}
