//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// needle measures how a search finds one of many ids in a large archive.
func needle(o *options) error {
	log, ids := blockLog(o.log<<20, 1)
	fmt.Fprintf(o.out, "## A needle\n\n%d MiB of a log with random block ids, each in some 17 lines; chunks, but for the first one, that do not have what is sought and are decompressed all the same; CPU time of asking the filters, "+
		"and of finding an id that is there, the first line of it (-m 1) and all, beside that of decompressing all for it.\n\n", o.log)
	t := markdown{head: []string{"preset", "bytes", "filters, %", "chunks", "words, %", "block ids, %", "parts of 12 digits, %", "16 hex digits, %", "8 hex digits, %", "asking, ms", "first, ms", "found, ms", "all, ms"}}
	for _, level := range o.presetsOr(0, 1) {
		row, err := needleRow(o, log, ids, level)
		if err != nil {
			return err
		}
		t.row(append([]string{fmt.Sprintf("-%d", level)}, row...)...)
	}
	t.print(o.out)
	return nil
}

func needleRow(o *options, log []byte, ids []string, level int) (row []string, err error) {
	opts := []stream.WriterOption{stream.WithLevel(level)}
	archive, err := compress(log, nil, opts...)
	if err != nil {
		return nil, err
	}
	frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	var records int64
	for _, c := range frames[0].Chunks {
		records += c.Size
	}
	chunks := len(frames[0].Chunks)
	o.progress("needle: -%d: %d bytes, %d chunks", level, len(archive), chunks)
	row = append(row, fmt.Sprint(len(archive)), fmt.Sprintf("%.2f", 100*(float64(len(archive))/float64(records)-1)), fmt.Sprint(chunks))

	// What is damaged is not decoded, so that filters alone take time.
	damaged := bytes.Clone(archive)
	for _, c := range frames[0].Chunks[1:] {
		clear(damaged[c.Offset+c.Size/2 : c.Offset+c.Size])
	}
	a, err := stream.Open(bytes.NewReader(damaged), int64(len(damaged)), nil, stream.WithWorkers(1))
	if err != nil {
		return nil, err
	}
	defer a.Close()
	r := rand.New(rand.NewPCG(99, 1))
	random := func(format string, mask uint64) (list []string) {
		for range 100 {
			list = append(list, fmt.Sprintf(format, r.Uint64()>>1&mask))
		}
		return list
	}
	var asking time.Duration
	for _, sought := range [][]string{
		{"segfault", "traceback", "timeout", "exception", "denied"}, random("blk_-%d", 1<<63-1), random("%012d", 1<<39-1), random("%016x", 1<<63-1), random("%08x", 1<<32-1),
	} {
		// The first chunk is small, and decoded for the others anyway.
		vain, all := 0, len(sought)*(chunks-1)
		begin := time.Now()
		for _, s := range sought {
			p, err := search.Compile(s, search.Options{Fixed: true})
			if err != nil {
				return nil, err
			}
			if _, err := a.Search(stream.Search{Pattern: p, Damaged: func(*stream.LostError) error { vain++; return nil }}); err != nil {
				return nil, err
			}
		}
		asking = time.Since(begin) / time.Duration(len(sought))
		row = append(row, fmt.Sprintf("%.1f", 100*float64(vain)/float64(all)))
	}
	o.progress("needle: -%d: %s", level, strings.Join(row, ", "))
	row = append(row, fmt.Sprintf("%.2f", float64(asking.Microseconds())/1000))
	for _, sought := range []struct {
		pattern string
		fixed   bool
		most    int64
	}{{ids[len(ids)/2], true, 1}, {ids[len(ids)/2], true, 0}, {"^x?.*blk.*no.$", false, 0}} { // the last one rules out no chunk
		p, err := search.Compile(sought.pattern, search.Options{Fixed: sought.fixed})
		if err != nil {
			return nil, err
		}
		took, err := cpu.Time(func() error {
			z, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil, stream.WithWorkers(1))
			if err != nil {
				return err
			}
			defer z.Close()
			_, err = z.Search(stream.Search{Pattern: p, Max: sought.most})
			return err
		})
		if err != nil {
			return nil, err
		}
		row = append(row, fmt.Sprint(took.Milliseconds()))
	}
	return row, nil
}
