package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"pgregory.net/rapid"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/stream"
)

// ran is what came of a command.
type ran struct {
	out  string
	code int
}

func runIn(t *rapid.T, dir, locale string, name string, args ...string) (r ran, said string) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL="+locale, "GREP_COLORS=", "GREP_COLOR=")
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{out.String(), cmd.ProcessState.ExitCode()}, stderr.String()
}

// grepWords are what texts and patterns are made of; the first four are in most lines, the others
// in few.
var grepWords = map[string][]string{
	"C.UTF-8": {"info", "foo", "user", "bar", "foobar", "needle", "Needle", "sandwich", "10.0.3.17", "née", "É", "x-y", "_z", "timeout"},
	"C":       {"info", "foo", "user", "bar", "M\xfcller", "m\xfcLLER", "\xff\xfe", "needle"},
}

// grepFolder has two texts under the same names in three folders: as they are, as archives, and
// compressed by others or not at all.
type grepFolder struct{ locale, plain, packed, others string }

var grepNames = []string{"a.log", "b.log"}

func newGrepFolder(t *testing.T, locale string, random *rand.Rand) grepFolder {
	f := grepFolder{locale, t.TempDir(), t.TempDir(), t.TempDir()}
	for _, name := range grepNames {
		content := grepText(grepWords[locale], random)
		packed := archivetest.Compress(t, nil, content, stream.WithMethod(codec.Mix), stream.WithLevel(1), stream.WithPrimer(0), stream.WithChunkSize(300+random.IntN(900)))
		for path, data := range map[string][]byte{filepath.Join(f.plain, name): content, filepath.Join(f.packed, name): packed, filepath.Join(f.others, name): otherwise(t, content, random)} {
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}

// otherwise compresses a text with gzip, zstd or xz, or leaves it as it is.
func otherwise(t *testing.T, text []byte, random *rand.Rand) []byte {
	var z bytes.Buffer
	var w io.WriteCloser
	var err error
	switch random.IntN(4) {
	case 0:
		w = gzip.NewWriter(&z)
	case 1:
		w, err = zstd.NewWriter(&z)
	case 2:
		w, err = xz.NewWriter(&z)
	case 3:
		return text
	}
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

// grepText makes lines of words and numbers.
func grepText(words []string, random *rand.Rand) (text []byte) {
	rare := 10 + random.IntN(200)
	for range []int{0, 3, 100, 100, 200, 200}[random.IntN(6)] {
		for range random.IntN(5) {
			word := words[random.IntN(4)]
			if random.IntN(rare) == 0 {
				word = words[random.IntN(len(words))]
			}
			text = append(text, word+" "...)
		}
		if random.IntN(4) > 0 {
			text = fmt.Appendf(text, "%x", random.Uint64())
		}
		text = append(text, '\n')
	}
	if random.IntN(2) == 0 {
		text = append(text, words[random.IntN(len(words))]...)
	}
	return text
}

// grepPattern draws what both programs take for the same expression.
func grepPattern(words []string) *rapid.Generator[string] {
	atom := rapid.OneOf(rapid.SampledFrom(words), rapid.SampledFrom([]string{".", "[a-f]", "[^ ]", "a", "n", "e", " ", "(foo|foobar)", "(e|ee)", "[0-9]", `\<foo`, `bar\>`}))
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		b.WriteString(rapid.SampledFrom([]string{"", "", "", "", "^"}).Draw(t, "begin"))
		for range rapid.IntRange(1, 3).Draw(t, "atoms") {
			a := atom.Draw(t, "atom")
			if op := rapid.SampledFrom([]string{"", "", "", "*", "+", "?", "{2}", "{,2}"}).Draw(t, "op"); op != "" {
				a = "(" + a + ")" + op
			}
			b.WriteString(a)
		}
		b.WriteString(rapid.SampledFrom([]string{"", "", "", "", "$"}).Draw(t, "end"))
		return b.String()
	})
}

// grepFlags draws flags that both programs have, so that each is there now and then, in any order.
func grepFlags(t *rapid.T, locale string) (flags []string) {
	var groups [][]string
	maybe := func(one int, list ...string) bool {
		given := rapid.IntRange(0, one-1).Draw(t, list[0]) == 0
		if given {
			groups = append(groups, list)
		}
		return given
	}
	number := func(name string, most int) string {
		return strconv.Itoa(rapid.IntRange(0, most).Draw(t, name))
	}
	for _, flag := range []string{"-n", "-b", "-i"} {
		maybe(3, flag)
	}
	whole, inverted := maybe(6, "-x"), maybe(6, "-v")
	for _, flag := range []string{"-o", "-H", "-h", "-a", "--line-buffered", "-Z", "-U", "-y", "--no-ignore-case"} {
		maybe(6, flag)
	}
	if locale != "C" && !whole {
		maybe(4, "-w") // what a word is depends on the locale, and with -x GNU grep takes line ends for matches
	}
	for _, flag := range []string{"-c", "-l", "-L", "-q"} {
		maybe(15, flag)
	}
	if !whole || !inverted {
		// Of what follows the last line GNU grep takes parts for whole lines then, with -o and
		// colors.
		maybe(5, "-m", number("most", 5))
	}
	maybe(4, "-A"+number("after", 4))
	maybe(4, "-B", number("before", 4))
	maybe(5, "-C", number("both", 3))
	maybe(5, "-"+number("digits", 12))
	maybe(5, "-"+number("digits", 2)+"n"+number("digits", 12))
	maybe(8, "--group-separator="+rapid.SampledFrom([]string{"", "==", "a\nb"}).Draw(t, "separator"))
	maybe(8, "--no-group-separator")
	maybe(4, "--color=always")
	maybe(20, "--color=never")
	return slices.Concat(rapid.Permutation(groups).Draw(t, "order")...)
}

// Output and exit codes are those of GNU grep, byte for byte, whatever the text, the patterns and
// the flags are.
func TestGrepIsGrep(t *testing.T) {
	needGrep(t)
	var folders []grepFolder
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 16 {
		locale := "C.UTF-8"
		if i%4 == 3 {
			locale = "C"
		}
		folders = append(folders, newGrepFolder(t, locale, random))
	}
	skipped := 0
	chunks := regexp.MustCompile(`: (\d+) of \d+ chunks skipped`)
	rapid.Check(t, func(t *rapid.T) {
		f := folders[rapid.IntRange(0, len(folders)-1).Draw(t, "folder")]
		words := grepWords[f.locale]
		flags := grepFlags(t, f.locale)
		kind, pattern := "-E", grepPattern(words)
		if f.locale == "C" || rapid.IntRange(0, 3).Draw(t, "fixed") == 0 {
			kind, pattern = "-F", rapid.SampledFrom(append(slices.Clone(words), "ee", "oo", "", "absent"))
		}
		most := 3
		if kind == "-E" && slices.Contains(flags, "-w") && (slices.Contains(flags, "-o") || slices.Contains(flags, "--color=always")) {
			// Behind the first match in a line GNU grep 3.8 misses what is a word only when shorter
			// than what the expression takes: printf 'fo x-y\n' | grep -owE '[^ ]{1,2}' has no x.
			pattern, most = rapid.SampledFrom(words), 1
		}
		flags = append(flags, kind)
		patterns := rapid.SliceOfN(pattern, 1, most).Draw(t, "patterns")
		switch rapid.IntRange(0, 2).Draw(t, "given") {
		case 0:
			flags = append(flags, strings.Join(patterns, "\n"))
		case 1:
			for _, p := range patterns {
				flags = append(flags, "-e", p)
			}
		case 2:
			patterns = patterns[rapid.IntRange(0, 1).Draw(t, "none"):]
			list := ""
			for _, p := range patterns {
				list += p + "\n"
			}
			for _, dir := range []string{f.plain, f.packed, f.others} {
				if err := os.WriteFile(filepath.Join(dir, "patterns"), []byte(list), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			flags = append(flags, "-f", "patterns")
		}
		flags = append(flags, rapid.SampledFrom([][]string{grepNames[:1], grepNames, {"missing", grepNames[1]}}).Draw(t, "files")...)
		want, _ := runIn(t, f.plain, f.locale, "grep", append([]string{"-a"}, flags...)...)
		got, said := runIn(t, f.packed, f.locale, "lmz", append([]string{"grep", "--verbose"}, flags...)...)
		for _, m := range chunks.FindAllStringSubmatch(said, -1) {
			n, _ := strconv.Atoi(m[1])
			skipped += n
		}
		if rapid.Bool().Draw(t, "others") {
			got, said = runIn(t, f.others, f.locale, "lmz", append([]string{"grep"}, flags...)...)
		}
		if got != want {
			t.Fatalf("%s grep %q: exit code %d, want %d\n%s%s", f.locale, flags, got.code, want.code, differing(got.out, want.out), said)
		}
	})
	if skipped < 10 {
		t.Errorf("only %d chunks were skipped", skipped)
	}
}

func needGrep(t *testing.T) {
	if out, err := exec.Command("grep", "--version").Output(); err != nil || !bytes.Contains(out, []byte("GNU grep) 3")) {
		t.Skip("needs GNU grep 3")
	}
}

// Each option of GNU grep is there, or said not to be.
func TestGrepHasOptions(t *testing.T) {
	needGrep(t)
	help, err := exec.Command("grep", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	usage, err := os.ReadFile("../../docs/USAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	grep := newGrepCommand(newApp(nil))
	names := regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllSubmatch(help, -1)
	if len(names) < 40 {
		t.Fatalf("%d options", len(names))
	}
	for _, m := range names {
		name := string(m[1])
		switch has := grep.Flags().Lookup(name) != nil; {
		case !has && foreign["grep"][name] == "":
			t.Errorf("no --%s", name)
		case !has && !bytes.Contains(usage, []byte("`--"+name+"`")):
			t.Errorf("docs/USAGE.md has no --%s", name)
		}
	}
}

// Folders are searched as GNU grep searches them, but in the order of names.
func TestGrepFolders(t *testing.T) {
	needGrep(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"d/f": "a\n", "d/e/h": "b\n", "o/g": "aa\n", "o/Z.txt": "A a\n", "globs": "f*\n\n*.txt\n"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"d/loop": ".", "d/e/out": "../../o", "d/dangling": "nowhere", "d/link": "f", "d/e/up": "../../d"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{
		"-r a d", "-r a", "-r a .", "-R a d", "-R a", "-R a .", "-rR a d", "-Rr a ./d", "-RlZ a d", "-RcZ a d", "-sRn a d", "-Rc a d/loop", "-RL a d",
		"-R --exclude-dir=out a d", "-R --exclude-from=globs a d", "--exclude-from globs --include Z* -R a d", "-Ry --include Z* A d", "-RI a o", "-RhZ a d",
		"--exclude-from missing a o/g",
		"-r --exclude-dir=e/ a d", "-r --exclude-dir=e// b d", "-r --exclude-dir=d a d", "-r --exclude-dir=e b d/e", "-r --exclude-dir=e b d/e/", "-r --exclude-dir=e* b d/e/",
		"-r --exclude-dir=d/e b d/e", "-r --exclude-dir=d/e b d", "-r --exclude-dir=d*e b d/e", "-r --exclude-dir=./e b ./d", "--exclude-dir=d a d", "--exclude=d a d", "-r --exclude=d a d",
		"-r --exclude-dir=. a", "-r --exclude-dir=* a", "-r --exclude-dir=. a .", "-r --exclude-dir=./ a .", "-r --exclude-dir=* a .", "-r --exclude-dir=.* a .", "-r --exclude-dir=. a ./",
		"-r --exclude-dir=.. a ./d/..", "-r --exclude-dir=. a d/..", "-r --exclude-dir=/ a .", "-r --exclude-dir= a .", "-r --exclude-dir=o a d o globs", "-R --exclude-dir=loop a d/loop",
		"--exclude=./f a ./d/f", "--exclude=./d/f a ./d/f", "--exclude=d/f a ./d/f", "--exclude=f a ./d/f", "--exclude=d*f a d/f", "--include=d*f a d/f", "--include=g a d/f", "-r --exclude=d/f a d",
		"--exclude=[!g] a d/f o/g", "--exclude=[^g] a d/f o/g", "--exclude=[[:alpha:]] a d/f", "-r --exclude=[![:upper:]]* a o", "--exclude=d?f a d/f", "-c --exclude=* a -",
	} {
		var results []ran
		for _, command := range []string{"grep", "lmz grep"} {
			words := strings.Fields(command + " " + args)
			cmd := exec.Command(words[0], words[1:]...)
			cmd.Dir = dir
			out, err := cmd.Output()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			end := "\n"
			if strings.Contains(args, "lZ") {
				end = "\x00"
			}
			lines := strings.SplitAfter(string(out), end)
			slices.Sort(lines)
			results = append(results, ran{strings.Join(lines, ""), cmd.ProcessState.ExitCode()})
		}
		if want, got := results[0], results[1]; got != want {
			t.Errorf("%s: exit code %d, want %d\ngot  %q\nwant %q", args, got.code, want.code, got.out, want.out)
		}
	}
}

// differing shows what the two wrote from the first line on that is not the same.
func differing(got, want string) (text string) {
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for len(g) > 0 && len(w) > 0 && g[0] == w[0] {
		g, w = g[1:], w[1:]
	}
	return fmt.Sprintf("got  %.500q\nwant %.500q\n", g, w)
}

// Of an archive that is being written all that is whole comes out, and then that its end is
// missing.
func TestUnfinished(t *testing.T) {
	dir := t.TempDir()
	var z bytes.Buffer
	w, err := stream.NewWriter(&z, nil, stream.WithMethod(codec.Mix), stream.WithLevel(1))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		fmt.Fprintf(w, "line %d\n", i)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "live.lmz"), z.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	w.Close()
	unfinished := `lmz: error: live.lmz: .*being written.*\n(lmz: hint: .*\n)?$`
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"cat", 1, `^line 0\nline 1\nline 2\n` + unfinished},
		{"cat --lines 2:", 1, `^line 1\nline 2\n` + unfinished},
		{"cat --lines -1", 1, `^line 2\n` + unfinished},
		{"cat --lines 2:3", 0, `^line 1\nline 2\n$`},
		{"grep line", 2, `^line 0\nline 1\nline 2\n` + unfinished},
		{"grep -c line", 2, `^3\n` + unfinished},
		{"grep -m 2 line", 0, `^line 0\nline 1\n$`},
		{"grep -q line", 0, `^$`},
		{"grep -q other", 2, `^` + unfinished},
		{"-l", 1, `^compressed .*\n.* 3 .*live.lmz\n` + unfinished},
	} {
		cmd := lmzIn(dir, append(strings.Fields(tt.args), "live.lmz")...)
		out, err := cmd.CombinedOutput()
		if !regexp.MustCompile(tt.want).Match(out) || cmd.ProcessState.ExitCode() != tt.code {
			t.Errorf("%s: %v\n%s", tt.args, err, out)
		}
	}
}
