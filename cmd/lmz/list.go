package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/stream"
)

// listing is what -l says about one archive; its fields are those of --json.
type listing struct {
	File            string         `json:"file"`
	CompressedBytes int64          `json:"compressed_bytes"`
	RawBytes        int64          `json:"raw_bytes"`
	Lines           int64          `json:"lines"`
	Times           []timesListing `json:"times,omitempty"`
	Frames          []frameListing `json:"frames"`
}

type frameListing struct {
	Offset    int64          `json:"offset"`
	ChunkSize int            `json:"chunk_size"`
	Level     *int           `json:"level,omitempty"` // of mix, as are the following two
	Primer    string         `json:"primer,omitempty"`
	Dict      string         `json:"dictionary_sha256,omitempty"`
	Model     *modelListing  `json:"model,omitempty"`
	Damage    string         `json:"repaired_damage,omitempty"`
	Chunks    []chunkListing `json:"chunks"`
}

type modelListing struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Class  string `json:"class"`
	Probe  string `json:"probe"`
	Window int    `json:"window"`
}

type chunkListing struct {
	Offset          int64  `json:"offset"`
	CompressedBytes int64  `json:"compressed_bytes"`
	RawOffset       int64  `json:"raw_offset"`
	RawBytes        int64  `json:"raw_bytes"`
	Lines           int64  `json:"lines"`
	LeadBytes       int64  `json:"lead_bytes,omitempty"` // of text that is coded with it and is no content
	Method          string `json:"method"`
	CRC32C          string `json:"crc32c"`
	FallbackFrom    string `json:"fallback_from,omitempty"` // method that did not give it back

	Times []timesListing `json:"times,omitempty"`
}

// listCommand is lmz -l.
type listCommand struct{ *app }

// run prints what archives hold.
func (c *listCommand) run(files []string) error {
	var all []listing
	var failures []error
	for _, name := range files {
		l, err := c.listArchive(name)
		if len(l.Frames) > 0 { // also the good part of a damaged archive
			all = append(all, l)
		}
		failures = append(failures, err)
	}
	var err error
	if c.json {
		err = printJSON(append([]listing{}, all...)) // [] rather than null
	} else if len(all) > 0 {
		err = printListings(os.Stdout, all, c.ui.Verbose > 0)
	}
	// What is wrong comes last, where it is seen.
	c.each(files, func(string) error {
		failure := failures[0]
		failures = failures[1:]
		return failure
	})
	return err
}

func (c *listCommand) listArchive(name string) (listing, error) {
	open := func() (*file.Source, error) { return file.OpenRegular(name, "write it to a file first") }
	if name == "-" {
		open = file.SpoolStdin
	}
	src, err := open()
	if err != nil {
		return listing{}, err
	}
	defer src.Close()
	frames, err := stream.ReadIndex(src, src.Size())
	c.traffic(src)
	l := listing{File: name, CompressedBytes: src.Size()}
	for _, f := range frames {
		l.add(f)
		if f.Repaired != nil {
			c.repaired(name, f.Repaired)
		}
	}
	return l, c.sofar(src, err)
}

func (l *listing) add(f stream.Frame) {
	frame := frameListing{Offset: f.Offset, ChunkSize: f.Header.ChunkSize, Chunks: []chunkListing{}}
	if m := f.Header.Model; m != nil {
		frame.Model = &modelListing{
			Name: m.Name, SHA256: hex.EncodeToString(m.SHA256[:]), Class: m.Class,
			Probe: hex.EncodeToString(f.Header.Probe[:]), Window: f.Header.Window.Window,
		}
	}
	if f.Header.Mixes {
		frame.Level, frame.Primer = &f.Header.Level, f.Header.Primer.String()
	}
	if f.Header.Dict != [32]byte{} {
		frame.Dict = hex.EncodeToString(f.Header.Dict[:])
	}
	if f.Repaired != nil {
		frame.Damage = f.Repaired.Error()
	}
	for _, c := range f.Chunks {
		chunk := chunkListing{
			Offset: c.Offset, CompressedBytes: c.Size, RawOffset: c.RawOffset, RawBytes: c.RawSize,
			Lines: c.Lines, LeadBytes: c.Lead, Method: c.Method.String(), CRC32C: fmt.Sprintf("%08x", c.CRC32C),
		}
		if c.Failed != nil {
			chunk.FallbackFrom = c.Failed.String()
		}
		if c.Times != nil {
			chunk.Times = listTimes(nil, c.Times)
			l.Times = listTimes(l.Times, c.Times)
		}
		frame.Chunks = append(frame.Chunks, chunk)
		l.RawBytes += c.RawSize
		l.Lines += c.Lines
	}
	l.Frames = append(l.Frames, frame)
}

// methods counts the chunks of each method, such as "lm 12, zstd 1", and those that fell back to
// one.
func (l *listing) methods() string {
	count := map[string]int{}
	for _, f := range l.Frames {
		for _, c := range f.Chunks {
			name := c.Method
			if c.FallbackFrom != "" {
				name += " for " + c.FallbackFrom
			}
			count[name]++
		}
	}
	var text []string
	for name, n := range count {
		text = append(text, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(text)
	if len(text) == 0 {
		return "-"
	}
	return strings.Join(text, ", ")
}

// needs names what the archive's frames take to be decompressed: models, with their classes, and
// dictionaries.
func (l *listing) needs() string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, f := range l.Frames {
		if m := f.Model; m != nil {
			add(fmt.Sprintf("model %s %s %s", m.Name, m.SHA256[:8], m.Class))
		}
		if f.Dict != "" {
			add("dictionary " + f.Dict[:8])
		}
	}
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ", ")
}

func printListings(w io.Writer, all []listing, verbose bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	timed := slices.ContainsFunc(all, func(l listing) bool { return len(l.Times) > 0 })
	column := func(text string) string {
		if timed {
			return text + "\t"
		}
		return ""
	}
	fmt.Fprintln(t, "compressed\traw\tratio\tbits/byte\tlines\tmethods\tneeds\t"+column("times")+"file")
	row := func(l *listing, methods, needs, times, name string) {
		perByte := "-"
		if l.RawBytes > 0 {
			perByte = fmt.Sprintf("%.3f", 8*float64(l.CompressedBytes)/float64(l.RawBytes))
		}
		fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%d\t%s\t%s\t%s%s\n", l.CompressedBytes, l.RawBytes,
			ui.FormatRatio(l.RawBytes, l.CompressedBytes), perByte, l.Lines, methods, ui.Printable(needs), column(times), name)
	}
	var total listing
	for _, l := range all {
		row(&l, l.methods(), l.needs(), timesText(l.Times), ui.Printable(ui.Input(l.File)))
		total.CompressedBytes += l.CompressedBytes
		total.RawBytes += l.RawBytes
		total.Lines += l.Lines
	}
	if len(all) > 1 {
		row(&total, "", "", "", plural(int64(len(all)))+" in all")
	}
	if err := t.Flush(); err != nil || !verbose {
		return err
	}
	for _, l := range all {
		fmt.Fprintf(w, "\n%s\n", ui.Printable(l.File))
		fmt.Fprintln(t, "frame\toffset\tchunk size\tlevel\tprimer")
		for i, f := range l.Frames {
			level, primer := "-", "-"
			if f.Level != nil {
				level, primer = fmt.Sprint(*f.Level), strings.TrimSpace(f.Primer+" "+f.Dict)
			}
			fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%s\n", i, f.Offset, ui.FormatBytes(int64(f.ChunkSize)), level, primer)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(t, "chunk\toffset\tcompressed\traw offset\traw\tlines\tmethod\tcrc32c\t"+column("times"))
		n := 0
		for _, f := range l.Frames {
			for _, c := range f.Chunks {
				method := c.Method
				if c.FallbackFrom != "" {
					method += " for " + c.FallbackFrom
				}
				fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", n, c.Offset, c.CompressedBytes, c.RawOffset, c.RawBytes,
					c.Lines, method, c.CRC32C, column(timesText(c.Times)))
				n++
			}
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}
