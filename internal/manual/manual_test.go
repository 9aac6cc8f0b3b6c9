package manual

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func page() *Page {
	return &Page{
		Name: "lmz-x", Short: "Do x", Use: "lmz x [FILE]...", Long: "Do x.\n\n.Dot and 'quote'.\n\n  a\n\n  .b\nend",
		Flags: []Flag{{"n", "number", "N", "that many"}, {"", "all", "", `as \d says`}}, Example: "  lmz x -n 9",
		See: []string{"lmz", "lmz-y"}, Program: "lmz v1", Date: time.Unix(1_700_000_000, 0).UTC(),
	}
}

func TestFormat(t *testing.T) {
	want := `.TH LMZ\-X 1 2023-11-14 "lmz v1"
.SH NAME
lmz\-x \- Do x
.SH SYNOPSIS
.B lmz x [FILE]...
.SH DESCRIPTION
Do x.
.PP
\&.Dot and \(aqquote\(aq.
.PP
.nf
  a

  .b
.fi
end
.SH OPTIONS
.TP
\fB\-n\fR, \fB\-\-number\fR \fIN\fR
that many
.TP
\fB\-\-all\fR
as \ed says
.SH EXAMPLES
.nf
  lmz x \-n 9
.fi
.SH SEE ALSO
.BR lmz (1),
.BR lmz\-y (1)
`
	if got := string(page().Format()); got != want {
		t.Errorf("got:\n%s", got)
	}
	p := page()
	p.Long, p.See = "", nil
	if got := string(p.Format()); !strings.Contains(got, "DESCRIPTION\nDo x.\n") || strings.Contains(got, "SEE") {
		t.Errorf("got:\n%s", got)
	}
}

// The program man has nothing to complain of.
func TestGroff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("there is no groff")
	}
	file := filepath.Join(t.TempDir(), "lmz-x.1")
	if err := os.WriteFile(file, page().Format(), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		".TH x": "\\&.TH x", "a\n.b": "a\n\\&.b", `\d`: `\ed`, "it's -9": `it\(aqs \-9`,
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	dir := t.TempDir()
	files := func(date time.Time) (map[string][]byte, error) {
		return map[string][]byte{"man/man1/x.1": []byte(date.Format("2006"))}, nil
	}
	for _, args := range [][]string{{}, {dir}, {dir, "x"}, {dir, "1", "2"}} {
		if err := share(args, files); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	if err := share([]string{dir, "1700000000"}, files); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "man", "man1", "x.1")); err != nil || string(text) != "2023" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestWithDefault(t *testing.T) {
	for _, tt := range [][3]string{
		{"a size", "4", "a size (default 4)"}, {"a size", "0", "a size"}, {"so (default all)", "x", "so (default all)"},
		{"levels", "[1,3]", "levels (default 1,3)"}, {"a flag", "true", "a flag (default true)"}, {"a flag", "false", "a flag"},
	} {
		if got := WithDefault(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q, %q: %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}
