package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/timestamp"
	"github.com/lmz-go/lmz/search"
)

var start = time.Date(2024, 12, 31, 20, 0, 0, 0, time.UTC)

// someLog is of lines that mostly have a time, and mostly in order.
func someLog(r *rand.Rand, lines int) string {
	layout := []string{time.RFC3339, "2006-01-02 15:04:05,000", "Jan _2 15:04:05", "[02/Jan/2006:15:04:05 -0700]"}[r.IntN(4)]
	var b strings.Builder
	at := start
	for i := range lines {
		at = at.Add(time.Duration(r.IntN(3000)) * 10 * time.Millisecond)
		when := at
		switch r.IntN(20) {
		case 0:
			when = at.Add(time.Duration(r.IntN(600)-300) * time.Second)
		case 1, 2, 3:
			for range r.IntN(40) {
				fmt.Fprintf(&b, "    at frame %d\n", r.IntN(100))
			}
			continue
		case 4:
			b.WriteString(at.In(time.FixedZone("", 3600)).Format(time.RFC1123Z) + " other\n")
			continue
		}
		fmt.Fprintf(&b, "%s line %d %x of words\n", when.Format(layout), i, r.Uint64())
	}
	if text := b.String(); r.IntN(3) == 0 && text != "" {
		return text[:len(text)-1] // the last line has no end
	}
	return b.String()
}

// plain filters as a search does, without chunks.
func plain(t *testing.T, s *TimeSpan, text, word string) (list []string) {
	f, err := timestamp.NewFinder(s.Format)
	if err != nil {
		t.Fatal(err)
	}
	span := timestamp.NewSpan(s.Since, s.Until, s.Written)
	within := s.Since.IsZero()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if stamp, ok := f.Find([]byte(line)); ok {
			within = span.Contains(stamp)
		}
		if within && strings.Contains(line, word) {
			list = append(list, line)
		}
	}
	return list
}

// A search of a time finds what a plain filter does, in archives of any shape.
func TestSearchTimes(t *testing.T) {
	skipped := int64(0)
	for seed := range 100 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		var archive bytes.Buffer
		var text strings.Builder
		for range 1 + r.IntN(3) {
			part := someLog(r, r.IntN(400))
			text.WriteString(part)
			w, err := NewWriter(&archive, nil, WithMethod([]codec.Method{codec.Raw, codec.Raw, codec.Zstd, codec.Mix}[r.IntN(4)]), WithLevel(1),
				WithChunkSize(300+r.IntN(2000)), WithFilter(r.IntN(2) == 0))
			if err != nil {
				t.Fatal(err)
			}
			if r.IntN(4) == 0 {
				for len(part) > 0 {
					n := min(len(part), 1+r.IntN(3000))
					fmt.Fprint(w, part[:n])
					w.Flush()
					part = part[n:]
				}
			} else {
				fmt.Fprint(w, part)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		whole := archive.Bytes()
		if r.IntN(8) == 0 {
			whole = whole[:len(whole)-1] // the last frame has no index
		}
		a, err := Open(bytes.NewReader(whole), int64(len(whole)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			span := &TimeSpan{Written: start.AddDate(0, 0, 1)}
			zone := time.FixedZone("", (r.IntN(5)-2)*1800)
			if r.IntN(4) > 0 {
				span.Since = start.Add(time.Duration(r.IntN(8000)) * time.Second).In(zone)
			}
			if r.IntN(4) > 0 {
				span.Until = start.Add(time.Duration(r.IntN(8000)) * time.Second).In(zone)
				if !span.Since.IsZero() {
					span.Until = span.Since.Add(time.Duration(r.IntN(1000)) * time.Second)
				}
			}
			word := []string{"", "frame 7", "line 1", "missing", "e"}[r.IntN(5)]
			pattern, err := search.Compile(word, search.Options{Fixed: true})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			found, err := a.Search(Search{Pattern: pattern, Span: span, Found: func(l Line) error {
				got = append(got, string(l.Text))
				return nil
			}})
			if err != nil && a.Err() == nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if want := plain(t, span, text.String(), word); !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v to %v, %q: %d lines, want %d:\n%q\n%q", seed, span.Since, span.Until, word, len(got), len(want), got, want)
			}
			skipped += found.Skipped
		}
		a.Close()
	}
	if skipped < 500 {
		t.Errorf("%d chunks were skipped in all", skipped)
	}
}

// Of a log in order, only the chunks that hold the time are decoded, whatever the lines of others.
func TestSearchTimesSkips(t *testing.T) {
	for name, line := range map[string]func(at time.Time) string{
		"zone":    func(at time.Time) string { return at.Format(time.RFC3339) + " x\n" },
		"no zone": func(at time.Time) string { return at.Format("2006-01-02 15:04:05") + " x\n" },
		"no year": func(at time.Time) string { return at.Format("Jan _2 15:04:05") + " x\n" },
		"traces":  func(at time.Time) string { return at.Format(time.RFC3339) + " x\n  at a\n  at b\n" },
		"format":  func(at time.Time) string { return "<" + at.Format("20060102/150405") + "> x\n" },
	} {
		t.Run(name, func(t *testing.T) {
			var archive, text bytes.Buffer
			format := ""
			if name == "format" {
				format = "<%Y%m%d/%H%M%S>"
			}
			w, err := NewWriter(&archive, nil, WithMethod(codec.Raw), WithChunkSize(1000), WithTimeFormat(format))
			if err != nil {
				t.Fatal(err)
			}
			for i := range 20000 {
				text.WriteString(line(start.Add(time.Duration(i) * time.Second)))
			}
			if _, err := w.ReadFrom(bytes.NewReader(text.Bytes())); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			a, err := Open(bytes.NewReader(archive.Bytes()), int64(archive.Len()), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			everything, _ := search.Compile("", search.Options{})
			span := &TimeSpan{Since: start.Add(10000 * time.Second), Until: start.Add(10010 * time.Second), Written: start.AddDate(0, 0, 2)}
			found, err := a.Search(Search{Pattern: everything, Span: span})
			lines := int64(10)
			if name == "traces" {
				lines = 30
			}
			if err != nil || found.Lines != lines {
				t.Errorf("%d lines, %v; want %d", found.Lines, err, lines)
			}
			if decoded := found.Chunks - found.Skipped; found.Chunks < 300 || decoded > 4 {
				t.Errorf("%d of %d chunks were decoded", decoded, found.Chunks)
			}
			// What was recorded under one format says nothing about another.
			span.Format = "%Y%m%d/%H%M%S"
			if found, err = a.Search(Search{Pattern: everything, Span: span}); err != nil || found.Skipped > 0 {
				t.Errorf("another format: %d chunks skipped, %v", found.Skipped, err)
			}
		})
	}
}
