package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"
)

func (c *grepCommand) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.BoolVarP(&c.extended, "extended-regexp", "E", false, "patterns are regular expressions (the default)")
	f.BoolVarP(&c.Fixed, "fixed-strings", "F", false, "patterns are texts, not regular expressions")
	f.BoolVar(&c.Fixed, "fixed-regexp", false, "the same, as older versions of GNU grep call it")
	f.MarkHidden("fixed-regexp")
	f.StringArrayVarP(&c.patterns, "regexp", "e", nil, "a `PATTERN`; all arguments are files then, and several may be given")
	f.StringArrayVarP(&c.patternFiles, "file", "f", nil, "patterns from a `FILE`, one on each line")
	f.BoolVarP(&c.IgnoreCase, "ignore-case", "i", false, "take upper case letters for lower case ones")
	f.BoolVarP(&c.IgnoreCase, "obsolete-y", "y", false, "the same")
	f.MarkHidden("obsolete-y")
	f.BoolFunc("no-ignore-case", "undo -i", func(string) error {
		c.IgnoreCase = false
		return nil
	})
	f.BoolVarP(&c.invert, "invert-match", "v", false, "find the lines that do not match")
	f.BoolVarP(&c.Word, "word-regexp", "w", false, "match whole words")
	f.BoolVarP(&c.Line, "line-regexp", "x", false, "match whole lines")
	f.BoolVarP(&c.count, "count", "c", false, "write only how many lines there are")
	f.BoolFuncP("files-with-matches", "l", "write only the names of files with such lines", func(string) error {
		c.list, c.without = true, false
		return nil
	})
	f.BoolFuncP("files-without-match", "L", "write only the names of files without such lines", func(string) error {
		c.list, c.without = false, true
		return nil
	})
	f.BoolVarP(&c.quiet, "quiet", "q", false, "write nothing, and end with 0 at the first line that is found")
	f.BoolVar(&c.quiet, "silent", false, "the same")
	f.BoolVarP(&c.noMessages, "no-messages", "s", false, "say nothing of files that cannot be opened")
	c.most.hint = "; a model is given with --model"
	f.VarP(&c.most, "max-count", "m", "stop in each file after so many lines")
	f.BoolVarP(&c.line.matches, "only-matching", "o", false, "write only what matches, each match on a line of its own")
	f.BoolVarP(&c.line.number, "line-number", "n", false, "write in front of each line its number, counted from 1")
	f.BoolVarP(&c.line.offset, "byte-offset", "b", false, "write in front of each line, or with -o each match, its offset")
	f.BoolFuncP("with-filename", "H", "write in front of each line the name of the file (the default with several files)", func(string) error {
		c.names, c.noNames = true, false
		return nil
	})
	f.BoolFuncP("no-filename", "h", "write no names of files", func(string) error {
		c.names, c.noNames = false, true
		return nil
	})
	f.BoolVarP(&c.line.nul, "null", "Z", false, "write a zero byte behind names of files")
	f.StringVar(&c.label, "label", "(standard input)", "call standard input by this `NAME`")
	f.VarP(&c.after, "after-context", "A", "write so many lines behind each as well")
	f.VarP(&c.before, "before-context", "B", "write so many lines in front of each as well")
	f.VarP(&c.both, "context", "C", "write so many lines behind and in front of each as well")
	c.both.addDigits(f)
	f.Func("group-separator", "write this `TEXT` between lines that are not next to each other, with -A, -B and -C (default --)", func(text string) error {
		c.line.group, c.line.noGroup = text, false
		return nil
	})
	c.line.group = "--"
	f.BoolFunc("no-group-separator", "write nothing there", func(string) error {
		c.line.noGroup = true
		return nil
	})
	c.line.color.addFlag(f)
	f.BoolVar(&c.line.atOnce, "line-buffered", false, "write each line as soon as it is found (the default on a terminal)")
	f.BoolVarP(&c.recursive, "recursive", "r", false, "search all files in folders, and all objects below URLs")
	f.BoolVarP(&c.follows, "dereference-recursive", "R", false, "the same, also what links in folders lead to")
	c.chosen.addFlags(f)
	c.when.addFlags(f)
	f.BoolP("text", "a", false, "take all files for text (the default)")
	for name, letter := range map[string]string{"no-binary": "I", "binary": "U"} { // all files are text, and no line ends change
		f.BoolP(name, letter, false, "does nothing, for scripts of GNU grep")
		f.MarkHidden(name)
	}
	c.reading.addFlags(f)
	// As in grep, -m, -q, -v and -h are those above.
	f.StringVar(&c.model, "model", "", "a `PLACE` to look for models that archives were written with")
	addRepeated(f, &c.ui.Verbose, "verbose", "", "say how many chunks were skipped; twice: also what libllama says")
	f.BoolP("version", "V", false, "show the version")
	f.Bool("help", false, "help for grep")
}

// readPatterns gives the lines of a file, "-" for standard input.
func readPatterns(name string) ([]string, error) {
	text, err := readAll(name)
	if err != nil || len(text) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}

// lineCount is a flag for a number of lines.
type lineCount struct {
	n     int64
	given bool
	hint  string // for what is no number
}

func (l *lineCount) Type() string   { return "NUM" }
func (l *lineCount) String() string { return "" }

func (l *lineCount) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // then n is the nearest number
		return errors.New("want a number of lines" + l.hint)
	}
	l.n, l.given = n, true
	return nil
}

// or gives the number, or another one if it was not given.
func (l *lineCount) or(other lineCount) int64 {
	if l.given {
		return l.n
	}
	return other.n
}

// addDigits defines the flags -0 to -9; joinDigits is for larger numbers.
func (l *lineCount) addDigits(f *pflag.FlagSet) {
	for digit := '0'; digit <= '9'; digit++ {
		name := "context-digit-" + string(digit)
		f.BoolFuncP(name, string(digit), "-NUM, the same as -C NUM", func(string) error { return l.Set(string(digit)) })
		f.MarkHidden(name)
	}
}

var digits = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("[0-9]{2,}")
})

// joinDigits makes -C NUM of each -NUM of several digits, which are those next to each other in one
// argument.
func joinDigits(flags *pflag.FlagSet, args []string) (joined []string) {
	for i, letters := range shortFlags(flags, args) {
		arg := args[i]
		for at := digits().FindStringIndex(arg[:letters]); at != nil; at = digits().FindStringIndex(arg[:letters]) {
			if at[0] > 1 {
				joined = append(joined, arg[:at[0]])
			}
			joined = append(joined, "-C"+arg[at[0]:at[1]])
			arg, letters = "-"+arg[at[1]:], letters-at[1]+1
		}
		if arg != "-" || args[i] == "-" {
			joined = append(joined, arg)
		}
	}
	return joined
}

// colorWhen is a flag that says when matches are colored.
type colorWhen string

func (c *colorWhen) addFlag(f *pflag.FlagSet) {
	*c = "never"
	f.Var(c, "color", "show in color what matches, names and numbers: auto, which is on a terminal, always or never")
	f.Var(c, "colour", "the same")
	for _, name := range []string{"color", "colour"} {
		f.Lookup(name).NoOptDefVal = "auto"
	}
	f.MarkHidden("colour")
}

func (c *colorWhen) Type() string   { return "WHEN" }
func (c *colorWhen) String() string { return string(*c) }

func (c *colorWhen) Set(text string) error {
	switch text {
	case "auto", "always", "never":
		*c = colorWhen(text)
		return nil
	}
	return errors.New("want auto, always or never")
}
