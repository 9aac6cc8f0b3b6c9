package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
)

// grepCommand is lmz grep.
type grepCommand struct {
	reading
	search.Options
	extended, count, numbers, invert bool
	names, noNames                   bool
}

func newGrepCommand(a *app) *cobra.Command {
	c := &grepCommand{reading: reading{app: a}}
	cmd := &cobra.Command{
		Use:   "grep [flags] PATTERN FILE...",
		Short: "Find lines in archives without decompressing all of them",
		Long: `Find lines in archives without decompressing all of them. Archives hold small
filters, which say what is not in a chunk (see --no-filter); only the others are
decompressed, in parallel. What makes a chunk skippable is text of four bytes and
more that each matching line must have: "timeout", or "user=.* denied". A search
for parts of words that the log has everywhere reads it all.

PATTERN is a regular expression in the syntax of RE2, as Go's package regexp has
it: all of grep -E but back references, and \d, \w, \s, \b, (?i) and lazy
repetition besides. Several patterns may be given, one on each line. Lines end
with a line feed, and all files count as text.

Exit codes as of grep: 0 lines were found; 1 none were; 2 something failed, also
if lines were found. What is damaged is reported, and the rest searched.`,
		Example: `  lmz grep -n 'panic|fatal' *.log.lmz
  lmz grep -ci timeout app.log.lmz
  lmz grep -F '10.0.3.17' app.log.lmz | tail`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return ui.Usage("grep wants a pattern and files", "see lmz grep --help")
			case len(args) == 1:
				return ui.Usage("grep wants files", "lmz -dc reads standard input; pipe it into grep")
			case c.extended && c.Fixed:
				return ui.Usage("-E and -F exclude each other", "")
			case c.names && c.noNames:
				return ui.Usage("-H and -h exclude each other", "")
			}
			pattern, err := search.Compile(args[0], c.Options)
			if err != nil {
				return ui.Usage(err.Error(), "the syntax is that of RE2; -F takes the pattern as it is")
			}
			if err := c.check(); err != nil {
				return err
			}
			return c.run(cmd.Context(), pattern, args[1:])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&c.extended, "extended-regexp", "E", false, "PATTERN is a regular expression (the default)")
	f.BoolVarP(&c.Fixed, "fixed-strings", "F", false, "PATTERN is a text, not a regular expression")
	f.BoolVarP(&c.IgnoreCase, "ignore-case", "i", false, "take upper case letters for lower case ones")
	f.BoolVarP(&c.invert, "invert-match", "v", false, "find the lines that do not match")
	f.BoolVarP(&c.count, "count", "c", false, "write only how many lines there are")
	f.BoolVarP(&c.numbers, "line-number", "n", false, "write the number of each line in front of it, counted from 1")
	f.BoolVarP(&c.names, "with-filename", "H", false, "write the name of the file in front of each line (the default with several files)")
	f.BoolVarP(&c.noNames, "no-filename", "h", false, "write no names of files")
	c.addFlags(f)
	// As in grep, -v and -h are those above.
	f.CountVar(&c.ui.Verbose, "verbose", "say how many chunks were skipped; twice: also what libllama says")
	f.Bool("help", false, "help for grep")
	return cmd
}

// Exit codes of grep.
const (
	grepNothing = 1
	grepFailed  = 2
)

func (c *grepCommand) run(ctx context.Context, pattern *search.Pattern, files []string) error {
	c.names = c.names || len(files) > 1 && !c.noNames
	any := false
	c.each(files, func(name string) error {
		return c.readAnywhere(ctx, name, func(src *file.Source, archive *stream.Archive) error {
			found, err := c.grep(src, archive, pattern)
			any = any || found.Lines > 0
			return err
		})
	})
	switch {
	case c.failed || c.warned:
		return exitStatus(grepFailed)
	case !any:
		return exitStatus(grepNothing)
	}
	return nil
}

// grep writes the lines of an archive that are to be found.
func (c *grepCommand) grep(src *file.Source, archive *stream.Archive, p *search.Pattern) (found stream.Found, err error) {
	out, err := c.create("-", src, file.Manner{})
	if err != nil {
		return found, err
	}
	defer out.Discard()
	name := src.Name
	if src.Stdin {
		name = "(standard input)"
	}
	w := bufio.NewWriterSize(out, 64<<10)
	defer func() {
		if flushed := w.Flush(); err == nil {
			err = flushed
		}
	}()
	atOnce := term.IsTerminal(int(os.Stdout.Fd()))
	s := stream.Search{Pattern: p, Invert: c.invert}
	if !c.count {
		s.Found = func(l stream.Line) error {
			if c.names {
				fmt.Fprintf(w, "%s:", name)
			}
			if c.numbers {
				fmt.Fprintf(w, "%d:", l.Number)
			}
			w.Write(l.Text)
			err := w.WriteByte('\n')
			if err == nil && atOnce {
				err = w.Flush()
			}
			return err
		}
	}
	s.Damaged = func(lost *stream.LostError) error {
		c.failed = true
		c.ui.Failure(ui.InFile(src.Name, lost))
		return nil
	}
	found, err = archive.Search(s)
	if c.count {
		if c.names {
			fmt.Fprintf(w, "%s:", name)
		}
		fmt.Fprintf(w, "%d\n", found.Lines)
	}
	if c.ui.Verbose > 0 {
		c.ui.Printf("%s: %d of %d chunks skipped", ui.Input(src.Name), found.Skipped, found.Chunks)
	}
	return found, err
}
