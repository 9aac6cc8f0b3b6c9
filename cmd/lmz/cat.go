package main

import (
	"bufio"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
)

// catCommand is lmz cat.
type catCommand struct {
	reading
	bytes, lines span
	when         when
	follows      bool // -f
	keepGoing    bool
	member       string
	members      bool
}

func newCatCommand(a *app) *cobra.Command {
	c := &catCommand{reading: reading{app: a}, bytes: span{unit: bytesOfRange}, lines: span{unit: linesOfRange}}
	cmd := &cobra.Command{
		Use:   "cat [flags] FILE...",
		Short: "Write what archives hold, or some of it, to standard output",
		Long: `Write what archives hold, or some of it, to standard output. Only what is asked
for is decompressed, and the first chunk, which others start from.

  --lines 100:200   lines 100 to 200, as of sed -n 100,200p
  --lines 100       line 100
  --lines :10       the first ten lines, as of head
  --lines -10:      the last ten lines, as of tail; -1 is the last line
  --bytes 0:4096    the first 4096 bytes; what stands behind the colon is the
                    first byte that is left out, and bytes are counted from 0
  --bytes -100:     the last 100 bytes; --bytes :-100 is all but these

  --since 06:00 --until 07:00
                    the lines of an hour of today

` + timesHelp + `

What there is of a range is written: one beyond the end gives nothing, as with
sed and tail. A file that is still being written, or was cut off, gives what is
whole. FILE "-" is standard input, which must be a file.`,
		Example: `  lmz cat --lines -20: app.log.lmz
  lmz cat --bytes 1000000:1004096 disk.img.lmz | xxd`,
		Args: cobra.ArbitraryArgs, ValidArgsFunction: completeArchives,
		RunE: func(cmd *cobra.Command, files []string) error {
			f := cmd.Flags()
			switch {
			case len(files) == 0:
				return ui.Usage("cat wants files", "lmz -dc reads standard input")
			case f.Changed("bytes") && f.Changed("lines"):
				return ui.Usage("--bytes and --lines exclude each other", "")
			}
			if err := c.when.resolve(time.Now()); err != nil {
				return err
			}
			if c.when.span != nil && (c.bytes.given() || c.lines.given()) {
				return ui.Usage("--bytes and --lines exclude --since, --until and --around", "")
			}
			if (c.members || c.member != "") && (c.when.span != nil || c.bytes.given() || c.lines.given() || c.members && c.member != "") {
				return ui.Usage("--member and --members exclude each other, ranges and times", "")
			}
			if err := c.check(); err != nil {
				return err
			}
			if c.follows {
				if len(files) > 1 || c.when.span != nil || c.bytes.given() || c.lines.given() || c.members || c.member != "" || c.keepGoing {
					return ui.Usage("-f is for one archive, all of it", "it excludes ranges, times, --member, --members and --keep-going")
				}
				c.each(files, func(name string) error { return c.follow(cmd.Context(), name) })
				return nil
			}
			if c.json && !c.members {
				return ui.Usage("--json is for --members", "what is in an archive is written as it is")
			}
			c.each(files, func(name string) error { return c.readAnywhere(cmd.Context(), name, c.keepGoing, c.cat) })
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Var(&c.bytes, "bytes", "bytes from the first, counted from 0, up to the second, which is left out; negative ones count from the end")
	f.Var(&c.lines, "lines", "lines from the first, counted from 1, to the second; negative ones count from the end, where -1 is the last line")
	f.BoolVarP(&c.follows, "follow", "f", false, "go on while the archive grows, until it is complete, as tail -f does with a log")
	f.BoolVar(&c.keepGoing, "keep-going", false, "after damage, go on with what is intact behind it")
	f.StringVar(&c.member, "member", "", "the file of this `NAME` in an archive of lmz --one, or a pack of lmz job; only its chunks are decompressed")
	f.BoolVar(&c.members, "members", false, "the sizes and names of the files in an archive of lmz --one, or a pack of lmz job")
	c.when.addFlags(f)
	c.addFlags(f)
	c.addModelPlace(f)
	c.addJSON(f)
	return cmd
}

// cat writes a range of an archive to standard output.
func (c *catCommand) cat(src *file.Source, archive *stream.Archive) error {
	out, err := c.create("-", src, file.Manner{})
	if err != nil {
		return err
	}
	defer out.Discard()
	if c.members || c.member != "" {
		return c.catMembers(src, archive, out)
	}
	if span := c.when.of(src); span != nil {
		return c.catTimes(src, archive, span, out)
	}
	from, to, all, err := c.part(archive)
	if err != nil {
		return err
	}
	if err := c.writeRange(src, archive, out, from, to); err != nil || all {
		return err
	}
	return c.sofar(src, archive.Err())
}

// showCat draws a bar while size bytes are written to a file. What goes to a pipe may be shown on
// the terminal, by a pager.
func (c *catCommand) showCat(name string, size int64, written *counter) (stop func()) {
	if out, err := file.Stdout(); err != nil || !regular(out) {
		return func() {}
	}
	return c.ui.ShowProgress(name, size, func() (raw, done, compressed int64) { return written.n.Load(), 0, 0 })
}

func regular(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// counter counts bytes that are written.
type counter struct {
	w io.Writer
	n atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// catTimes writes the lines of a time.
func (c *catCommand) catTimes(src *file.Source, archive *stream.Archive, span *stream.TimeSpan, out io.Writer) error {
	everything, err := search.Compile("", search.Options{})
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 64<<10)
	found, err := archive.Search(stream.Search{Pattern: everything, Span: span, Found: func(l stream.Line) error {
		_, err := w.Write(l.Text)
		if l.Offset+int64(len(l.Text)) < archive.Size() { // else the last line has no end
			err = w.WriteByte('\n')
		}
		return err
	}, Damaged: c.damaged(src, archive)})
	err = c.sofar(src, err)
	if c.ui.Verbose > 0 {
		c.ui.Printf("%s: %d of %d chunks skipped", ui.Input(src.Name), found.Skipped, found.Chunks)
	}
	if flushed := w.Flush(); err == nil {
		err = flushed
	}
	return err
}

// part gives the bytes that are asked for, and whether no more of them may follow what the archive
// has.
func (c *catCommand) part(archive *stream.Archive) (from, to int64, all bool, err error) {
	if !c.lines.given() {
		from, to = c.bytes.resolve(archive.Size())
		return from, to, c.bytes.within(archive.Size()), nil
	}
	n := archive.Lines()
	ended := n
	if c.lines.relative() {
		// What follows the last line end is a line too, if there is any.
		last, err := archive.LineOffset(ended)
		if err != nil {
			return 0, 0, false, err
		}
		if last < archive.Size() {
			n++
		}
	} else {
		n++ // harmless if it is empty, and nothing need be decoded to find out
	}
	first, behind := c.lines.resolve(n)
	at := func(line int64) (int64, error) {
		if line > ended {
			return archive.Size(), nil
		}
		return archive.LineOffset(line)
	}
	if from, err = at(first); err == nil {
		to, err = at(behind)
	}
	return from, max(from, to), c.lines.within(ended), err
}
