package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
)

// grepOptions are the flags of lmz grep.
type grepOptions struct {
	search.Options
	extended, count, numbers, invert bool
	names, noNames                   bool
}

func newGrepCommand(a *app) *cobra.Command {
	var o grepOptions
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
				return &usageError{"grep wants a pattern and files", "see lmz grep --help"}
			case len(args) == 1:
				return &usageError{"grep wants files", "lmz -dc reads standard input; pipe it into grep"}
			case o.extended && o.Fixed:
				return &usageError{"-E and -F exclude each other", ""}
			case o.names && o.noNames:
				return &usageError{"-H and -h exclude each other", ""}
			}
			pattern, err := search.Compile(args[0], o.Options)
			if err != nil {
				return &usageError{err.Error(), "the syntax is that of RE2; -F takes the pattern as it is"}
			}
			if err := a.checkReading(); err != nil {
				return err
			}
			files := args[1:]
			o.names = o.names || len(files) > 1 && !o.noNames
			any := false
			a.each(files, func(name string) error {
				return a.readAnywhere(cmd.Context(), name, func(src *source, archive *stream.Archive) error {
					found, err := a.grep(src, archive, pattern, &o)
					any = any || found.Lines > 0
					return err
				})
			})
			switch {
			case a.failed || a.warned:
				return exitStatus(grepFailed)
			case !any:
				return exitStatus(grepNothing)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.extended, "extended-regexp", "E", false, "PATTERN is a regular expression (the default)")
	f.BoolVarP(&o.Fixed, "fixed-strings", "F", false, "PATTERN is a text, not a regular expression")
	f.BoolVarP(&o.IgnoreCase, "ignore-case", "i", false, "take upper case letters for lower case ones")
	f.BoolVarP(&o.invert, "invert-match", "v", false, "find the lines that do not match")
	f.BoolVarP(&o.count, "count", "c", false, "write only how many lines there are")
	f.BoolVarP(&o.numbers, "line-number", "n", false, "write the number of each line in front of it, counted from 1")
	f.BoolVarP(&o.names, "with-filename", "H", false, "write the name of the file in front of each line (the default with several files)")
	f.BoolVarP(&o.noNames, "no-filename", "h", false, "write no names of files")
	a.addReading(f)
	// As in grep, -v and -h are those above.
	f.CountVar(&a.ui.verbose, "verbose", "say how many chunks were skipped; twice: also what libllama says")
	f.Bool("help", false, "help for grep")
	return cmd
}

// Exit codes of grep.
const (
	grepNothing = 1
	grepFailed  = 2
)

// grep writes the lines of an archive that are to be found.
func (a *app) grep(src *source, archive *stream.Archive, p *search.Pattern, o *grepOptions) (found stream.Found, err error) {
	out, err := a.createOutput("-", src, false)
	if err != nil {
		return found, err
	}
	defer out.discard()
	name := src.name
	if src.stdin {
		name = "(standard input)"
	}
	w := bufio.NewWriterSize(out, 64<<10)
	defer func() {
		if flushed := w.Flush(); err == nil {
			err = flushed
		}
	}()
	atOnce := term.IsTerminal(int(os.Stdout.Fd()))
	s := stream.Search{Pattern: p, Invert: o.invert}
	if !o.count {
		s.Found = func(l stream.Line) error {
			if o.names {
				fmt.Fprintf(w, "%s:", name)
			}
			if o.numbers {
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
		a.failed = true
		a.ui.failure(&fileError{src.name, lost})
		return nil
	}
	found, err = archive.Search(s)
	if o.count {
		if o.names {
			fmt.Fprintf(w, "%s:", name)
		}
		fmt.Fprintf(w, "%d\n", found.Lines)
	}
	if a.ui.verbose > 0 {
		a.ui.printf("%s: %d of %d chunks skipped", displayName(src.name), found.Skipped, found.Chunks)
	}
	return found, err
}
