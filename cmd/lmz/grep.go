package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
)

// grepCommand is lmz grep. Its flags, output and exit codes are those of GNU grep.
type grepCommand struct {
	reading
	search.Options
	extended               bool
	patterns, patternFiles []string
	invert                 bool
	most                   lineCount

	quiet, noMessages    bool
	count, list, without bool // of which the last one counts
	before, after, both  lineCount
	names, noNames       bool // the same
	label                string
	recursive            bool
	follows              bool // as recursive, and links
	atHand               bool // the folder at hand is searched, which is not named
	chosen               globs
	line                 lineStyle
	when                 when

	pattern *search.Pattern
	none    bool            // no line can be found
	found   bool            // a line in some archive
	told    map[string]bool // by tellUnread
}

func newGrepCommand(a *app) *cobra.Command {
	c := &grepCommand{reading: reading{app: a}, told: map[string]bool{}}
	cmd := &cobra.Command{
		Use:   "grep [flags] PATTERN [FILE]...",
		Short: "Find lines in archives without decompressing all of them",
		Long: `Find lines in archives without decompressing all of them, with the flags,
output and exit codes of GNU grep -E. Archives hold small filters, which say
what is not in a chunk (see --no-filter); only the others are decompressed, in
parallel. What makes a chunk skippable is that each matching line must have four
letters in a row, or six letters and digits: "timeout", "user=.* denied", or
"blk_38865049064139660". A search for parts of words that the log has everywhere
reads it all.

PATTERN is a regular expression in the syntax of RE2, as Go's package regexp has
it: all of grep -E but back references, and \d, \w, \s, \b, (?i) and lazy
repetition besides; \< and \> stand next to a letter or digit. Several patterns
may be given, one on each line. Lines end with a line feed, and all files count
as text, with -a and without; a byte that is not UTF-8 is any character to a
regular expression, and to -F the byte that it is.

` + timesHelp + `

Other files are searched, too: what gzip, zstd and xz have made is decompressed,
and all else is text, what bzip2, zip and the like have made with a warning.
Without FILE standard input is searched, or with -r the folder at hand.

Exit codes: 0 lines were found; 1 none were; 2 something failed, also if lines
were found, but with -q. What is damaged is reported, and the rest searched.`,
		Example: `  lmz grep -n 'panic|fatal' *.log.lmz
  lmz grep -ci timeout app.log.lmz
  lmz grep -C 3 -m 1 -F '10.0.3.17' app.log.lmz
  lmz grep --since '2h ago' error app.log.lmz`,
		Args:    cobra.ArbitraryArgs,
		Version: programVersion(),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.recursive = c.recursive || c.follows
			c.folders = "-r searches the files in it"
			files, err := c.compile(args)
			if err != nil {
				return err
			}
			if err := c.when.resolve(time.Now()); err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			return c.run(cmd.Context(), files)
		},
	}
	c.addFlags(cmd.Flags())
	return cmd
}

// compile makes the pattern of what the flags and arguments say, and gives the files.
func (c *grepCommand) compile(args []string) (files []string, err error) {
	lines := c.patterns
	for _, name := range c.patternFiles {
		text, err := readPatterns(name)
		if err != nil {
			return nil, ui.Usage(ui.InFile(name, err).Error(), "")
		}
		lines = append(lines, text...)
	}
	given := len(c.patterns)+len(c.patternFiles) > 0
	switch {
	case !given && len(args) == 0:
		return nil, ui.Usage("grep wants a pattern", "see lmz grep --help")
	case c.extended && c.Fixed:
		return nil, ui.Usage("-E and -F exclude each other", "")
	case c.before.n < 0 || c.after.n < 0 || c.both.n < 0:
		return nil, ui.Usage("-A, -B and -C take 0 or more lines", "")
	case !given:
		lines, args = args[:1], args[1:]
	}
	pattern := strings.Join(lines, "\n")
	if len(lines) == 0 {
		c.Options, pattern = search.Options{}, noLine
	}
	anything := len(lines) > 0 && strings.Trim(pattern, "\n") == "" && !c.Word && !c.Line
	c.none = c.most.given && c.most.n == 0 || len(lines) == 0 && !c.invert || anything && c.invert
	if c.pattern, err = search.Compile(pattern, c.Options); err != nil {
		return nil, ui.Usage(err.Error(), "the syntax is that of RE2; -F takes the pattern as it is")
	}
	switch {
	case len(args) > 0:
		return args, nil
	case c.recursive:
		c.atHand = true
		return []string{"."}, nil
	}
	return []string{"-"}, nil
}

// noLine is a pattern that no line matches.
const noLine = `[^\x00-\x{10FFFF}]`

// Exit codes of grep.
const (
	grepNothing = 1
	grepFailed  = 2
)

func (c *grepCommand) run(ctx context.Context, files []string) error {
	c.names = c.names || len(files) > 1
	files = c.walk(files)
	c.names = c.names && !c.noNames
	if c.none && (c.quiet || !c.without) {
		return exitStatus(grepNothing)
	}
	w := bufio.NewWriterSize(io.Discard, 8<<10) // who reads little of it is soon known to be gone
	out := &grepOutput{w: w, lineStyle: c.line, pattern: c.pattern, invert: c.invert}
	out.groups = c.before.given || c.after.given || c.both.given
	out.begin()
	c.each(files, func(name string) error {
		if c.quiet && c.found {
			return nil
		}
		err := c.open(ctx, name, out)
		var opening *fs.PathError
		var skip *ui.SkipError
		if c.noMessages && (errors.As(err, &opening) || errors.As(err, &skip)) {
			c.failed.Store(true)
			return nil
		}
		return err
	})
	switch {
	case c.quiet && c.found:
		return exitStatus(exitOK) // whatever failed
	case c.failed.Load() || c.warned.Load():
		return exitStatus(grepFailed)
	case !c.found:
		return exitStatus(grepNothing)
	}
	return nil
}

// open opens a file and searches it: an archive, or what is read as a text.
func (c *grepCommand) open(ctx context.Context, name string, out *grepOutput) error {
	src, err := file.Open(name, false)
	if err != nil {
		return err
	}
	defer src.Close()
	if src.Size() >= 0 && (strings.HasSuffix(name, suffix) || beginsArchive(src)) {
		return c.readOn(ctx, src, func(archive *stream.Archive) error {
			return c.grep(src, func(s stream.Search) (stream.Found, error) {
				s.Damaged = c.goOn(src, archive)
				return archive.Search(s)
			}, out)
		})
	}
	text, closeText, err := c.openText(ctx, name, bufio.NewReader(src))
	if err != nil {
		return err
	}
	defer closeText()
	return c.grep(src, func(s stream.Search) (stream.Found, error) { return searchText(ctx, text, s) }, out)
}

// grep writes what is to be written of what search finds in a file.
func (c *grepCommand) grep(src *file.Source, search func(stream.Search) (stream.Found, error), out *grepOutput) (err error) {
	if !c.quiet {
		to, failed := c.create("-", src, file.Manner{})
		if failed != nil {
			return failed
		}
		defer to.Discard()
		out.w.Reset(to)
		defer func() {
			if flushed := out.w.Flush(); err == nil {
				err = flushed
			}
		}()
	}
	name := src.Name
	if src.Stdin {
		name = c.label
	}
	out.file(name, c.names)
	s := stream.Search{Pattern: c.pattern, Invert: c.invert, Max: max(0, c.most.n), Span: c.when.of(src)}
	switch {
	case c.quiet || c.list || c.without:
		s.Max = 1
	case !c.count:
		s.Found = out.line
		s.Before, s.After = c.before.or(c.both), c.after.or(c.both)
	}
	var found stream.Found
	if !c.none {
		found, err = search(s)
		err = c.sofar(src, err)
	}
	c.found = c.found || found.Lines > 0
	switch {
	case c.quiet:
	case c.list && found.Lines > 0, c.without && found.Lines == 0 && err == nil:
		out.nameOnly()
	case c.list || c.without:
	case c.count:
		out.count(found.Lines)
	}
	if c.ui.Verbose > 0 && found.Chunks > 0 {
		c.ui.Printf("%s: %d of %d chunks skipped", ui.Input(src.Name), found.Skipped, found.Chunks)
	}
	return err
}
