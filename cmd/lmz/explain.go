package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lmz-go/lmz/cmd/lmz/internal/explain"
	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/cost"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/stream"
)

// explainCommand is lmz explain.
type explainCommand struct {
	reading
	encoding
	output string
	force  bool
	top    int
	sample ui.ByteSize
	color  colorWhen
}

func newExplainCommand(a *app) *cobra.Command {
	c := &explainCommand{reading: reading{app: a}}
	cmd := &cobra.Command{
		Use:   "explain [flags] [FILE|ARCHIVE]",
		Short: "Show where the bits of an archive go",
		Long: `Show where the bits of an archive go: which fields and templates of lines cost
most, which lines, what foresaw the rest, and in words what can be done about
it. A file that is no archive is compressed as the flags say, to nowhere, and
explained; of an archive, the preset and model are its own. Without FILE, or for
FILE "-", it is standard input.

What a byte costs is what it adds to the archive when it is decoded: the costs
of a chunk add up to its size. What is coded at once is charged to its bytes
alike: a stretch, a token, a chunk by a method that says nothing of single bytes
(bwt, the rank methods, zstd, raw); a run is charged to its first byte.

Lines are told apart much as people do: JSON by its keys, tables by their
columns, text by words; words that hold a digit, or differ between lines that
are else alike, are fields, named by their key ("port=22"), the word in front
of them, or their column. A template shows them as <*>. Prose and binary data
are told apart by kinds of bytes alone.

On a terminal, texts are colored by bits. -o writes the same as one HTML page,
with the text as a heat map, curves and chunks; it holds parts of the content.
Memory is bounded: of large content the page shows excerpts, and fields keep
some of their values. Time is that of compressing and decompressing; --sample
takes less of both.`,
		Example: `  lmz explain app.log.lmz
  lmz explain -9 --top 20 app.log
  lmz explain -o report.html app.log
  lmz explain --sample 16MiB --json huge.log.lmz`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			coded := cmd.Flags().Changed("method") || c.preset != nil || c.noModel
			if err := c.checkExplain(files); err != nil {
				return err
			}
			if len(files) == 0 {
				files = []string{"-"}
			}
			err := c.explain(cmd.Context(), files[0], coded)
			var usage *ui.UsageError
			if errors.As(err, &usage) {
				return err
			}
			c.each(files, func(string) error { return err }) // which says it
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&c.output, "output", "o", "", "write an HTML page to this `PAGE` (\"-\" is standard output)")
	f.BoolVarP(&c.force, "force", "f", false, "overwrite the file; read what is no regular file")
	f.IntVar(&c.top, "top", 10, "show `NUM` fields, templates and lines")
	f.Var(&c.sample, "sample", "look at about this much of the content, evenly spread (0: at all of it)")
	addPresets(f, &c.preset)
	f.StringVar(&c.method, "method", "mix", "the `METHOD` to compress a FILE with: mix, with the presets -0 to -9, or another method of lmz (lmz --help)")
	f.BoolVar(&c.noModel, "no-model", false, "ask no model to compress a FILE")
	c.addModel(f)
	c.addClass(f)
	c.addJSON(f)
	c.color.addFlag(f)
	f.Lookup("color").DefValue, c.color = "auto", "auto"
	f.Lookup("color").Usage = "color texts by what they cost: auto, which is on a terminal, always or never"
	c.reading.addFlags(f)
	return cmd
}

const (
	mostRows = 1000 // that --top takes
	pageRows = 20   // of a table of the page, unless --top wants more
)

// checkExplain finds flags that make no sense.
func (c *explainCommand) checkExplain(files []string) error {
	switch {
	case len(files) > 1:
		return ui.Usage("explain wants one file or archive", "")
	case c.top < 1 || c.top > mostRows:
		return ui.Usage("--top takes 1 to 1000", "")
	case c.workers < 0 || c.workers > 4096:
		return ui.Usage("-T takes 0 to 4096", "")
	case c.output == "-" && c.json:
		return ui.Usage("-o - and --json exclude each other", "both are for standard output")
	}
	if err := c.encoding.check(); err != nil {
		return err
	}
	if err := c.checkModel(false); err != nil {
		return err
	}
	if c.output == "" || c.json {
		if err := c.checkStdout(); err != nil {
			return err
		}
	}
	return c.readDictionaries(c.files)
}

// explain looks at a file, and compresses it first if it is no archive.
func (c *explainCommand) explain(ctx context.Context, name string, coded bool) error {
	src, err := file.Open(name, c.force || c.output != "")
	if err != nil {
		return err
	}
	defer src.Close()
	if src.Terminal() {
		return ui.Hinted("refusing to read from a terminal", "give a file, or redirect standard input")
	}
	if c.sample > 0 && src.Size() < 0 {
		return ui.Usage("--sample wants a file whose size is known", "leave it out, or write the input to a file")
	}
	from := src.Snapshot()
	in := bufio.NewReaderSize(from, 64<<10)
	opening, err := in.Peek(len(format.HeaderMagic))
	if err != nil && err != io.EOF {
		return err
	}
	var r *explain.Report
	if string(opening) == format.HeaderMagic {
		if coded {
			return ui.Usage("the archive has a preset and method of its own", "leave out -0 … -9, --method and --no-model, or explain the file")
		}
		r, err = c.explainArchive(ctx, src, in)
	} else {
		r, err = c.explainFile(ctx, src, in)
	}
	if r == nil {
		return err
	}
	if changed := from.Changed(); changed != "" && r.SourceBytes == 0 { // a sample is read in places
		c.warned.Store(true)
		c.ui.Warning("", "%s: %s", ui.Input(src.Name), changed)
	}
	r.Finish(ui.Input(src.Name))
	if failed := c.write(r, src); failed != nil {
		return failed
	}
	return c.sofar(src, err)
}

// write writes what was found out.
func (c *explainCommand) write(r *explain.Report, src *file.Source) error {
	if c.output != "" {
		// As from standard input: a page has no times of its own. Who may not read the file may not
		// read it either.
		out, err := c.create(c.output, &file.Source{Stdin: true, Info: src.Info}, file.Manner{Force: c.force})
		if err != nil {
			return err
		}
		defer out.Discard()
		if err := r.HTML(out, max(pageRows, c.top)); err != nil {
			return err
		}
		if src.Regular() {
			if err := out.Restrict(src.Info.Mode().Perm()); err != nil {
				return err
			}
		}
		if err := out.Commit(nil); err != nil {
			return err
		}
		c.ui.Summary("%s: %s", ui.Output(c.output), ui.Printable(r.Headline()))
	}
	if c.json {
		return printJSON(r)
	}
	if c.output != "" {
		return nil
	}
	style := explain.Style{Top: c.top, Width: 100, Color: c.color == "always"}
	if term.IsTerminal(1) {
		if width, _, err := term.GetSize(1); err == nil && width > 40 {
			style.Width = width
		}
		kind := os.Getenv("TERM")
		style.Color = style.Color || c.color == "auto" && kind != "" && kind != "dumb"
	}
	return r.Print(os.Stdout, style)
}

// costOptions are what the flags say about decoding.
func (c *explainCommand) costOptions(src *file.Source) cost.Options {
	return cost.Options{
		Models: c.findModel, Dictionaries: stream.DictionarySet(c.dictionaries...),
		Memory: int64(c.memLimit), Notice: func(damage error) { c.repaired(src.Name, damage) },
	}
}

func (c *explainCommand) explainArchive(ctx context.Context, src *file.Source, in io.Reader) (*explain.Report, error) {
	var m meter
	defer c.showReading(src, &m)()
	from := explain.Source{Seen: func(n int) { m.written.Add(int64(n)) }}
	if c.sample > 0 {
		frames, err := stream.ReadIndex(src, src.Size())
		if err != nil {
			return nil, err
		}
		from.Looks = sampler(int64(c.sample), frames)
	}
	return explain.Read(metered(ctx, func() *meter { return &m }), in, c.costOptions(src), from)
}

// sampler says of one chunk after the other whether to look at it, for about size bytes in all.
func sampler(size int64, frames []stream.Frame) func(raw int) bool {
	all := int64(0)
	for _, f := range frames {
		for _, c := range f.Chunks {
			all += c.RawSize
		}
	}
	share, due := float64(size)/float64(max(all, 1)), 0.0
	return func(raw int) bool {
		due += share * float64(raw)
		if due < float64(raw)/2 {
			return false
		}
		due -= float64(raw)
		return true
	}
}

// explainFile compresses a file, and looks at the archive as it comes.
func (c *explainCommand) explainFile(ctx context.Context, src *file.Source, in io.Reader) (*explain.Report, error) {
	if err := c.checkMethod(c.model, len(c.dictFiles)); err != nil {
		return nil, err
	}
	compress := &compressCommand{
		app: c.app, coding: c.coding, compression: compression{encoding: c.encoding}, writing: &writing{},
	}
	if err := compress.fitMemory([]string{src.Name}, false); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var m meter
	compress.now.Store(&task{src, &m, nil})
	small := src.Size() >= 0 && src.Size() < preset.LeastAsked && !c.needsModel(c.model)
	archive, end := io.Pipe()
	opts := append(c.encoding.writerOptions(), compress.coding.writerOptions()...)
	opts = append(opts, stream.WithContext(metered(ctx, compress.meter)), stream.WithProgress(m.progress))
	w, err := compress.newWriter(ctx, m.output(end), small, opts)
	if err != nil {
		return nil, err
	}
	stop := c.ui.ShowProgress(src.Name, src.Size(), func() (raw, done, compressed int64) {
		return max(m.coded.Load(), m.done.Load()), m.done.Load(), m.compressed.Load()
	})
	defer stop()
	var parts *sample
	if c.sample > 0 && int64(c.sample) < src.Size() {
		if parts, err = newSample(src, src.Size(), int64(c.sample)); err != nil {
			return nil, err
		}
		in = parts.reader()
	}
	done := make(chan error, 1)
	go func() {
		_, err := w.ReadFrom(in)
		if err != nil {
			w.Reset(nil)
		}
		if closed := w.Close(); err == nil {
			err = closed
		}
		end.CloseWithError(err)
		done <- err
	}()
	r, err := explain.Read(ctx, archive, c.costOptions(src), explain.Source{Next: parts.next})
	archive.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	if err != nil {
		cancel(err)
		if src.Size() >= 0 { // else it may be waited for, for ever
			<-done
		}
		return nil, err
	}
	if err := <-done; err != nil {
		return nil, err
	}
	if parts != nil {
		r.Sampled, r.SourceBytes = true, src.Size()
	}
	return r, nil
}
