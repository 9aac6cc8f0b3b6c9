package view

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/stream"
)

func viewOf(t *testing.T, text []byte, damage func(archive []byte, chunks []stream.Chunk), opts ...stream.WriterOption) *View {
	t.Helper()
	archive := archivetest.Compress(t, nil, text, opts...)
	frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	if damage != nil {
		damage(archive, frames[0].Chunks)
	}
	v, err := NewSource(context.Background(), bytes.NewReader(archive), int64(len(archive)), nil, func(int, int) {}).Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

// content is what rows show of a text, and which bytes are lost.
func content(t *testing.T, text []byte, p *page) (shown []byte) {
	t.Helper()
	at := p.From
	for i, r := range p.Rows {
		if r.Place != at {
			t.Fatalf("row %d is at %+v, what is in front ends at %+v", i, r.Place, at)
		}
		if want := int64(bytes.Count(text[:at.Offset], []byte{'\n'})); at.Line != want {
			t.Fatalf("row %d: %d line ends in front, want %d", i, at.Line, want)
		}
		if r.Lost != nil {
			shown = append(shown, bytes.Repeat([]byte{'?'}, int(r.Lost.Size))...)
			at = Place{at.Offset + r.Lost.Size, at.Line + r.Lost.Lines, false}
			continue
		}
		line := strings.Join(r.Parts, "")
		shown = append(shown, line...)
		at.Offset += int64(len(line))
		if at.Goes = int(at.Offset) < len(text) && text[at.Offset] != '\n'; !at.Goes && int(at.Offset) < len(text) {
			shown = append(shown, '\n')
			at.Offset, at.Line = at.Offset+1, at.Line+1
		}
		if i+1 < len(p.Rows) && p.Rows[i+1].Lost != nil || at.Offset == p.To.Offset {
			at.Goes = p.To.Goes && at.Offset == p.To.Offset
		}
	}
	if at != p.To {
		t.Fatalf("the rows end at %+v, the page at %+v", at, p.To)
	}
	return shown
}

// Pages follow each other without a gap, in both directions, whatever the lines are like and
// whatever is lost.
func TestPages(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	lines := func(n, most int) (text []byte) {
		for range n {
			text = fmt.Appendf(text, "%s\n", strings.Repeat("x", random.IntN(most)))
		}
		return text
	}
	texts := map[string][]byte{
		"short lines":     lines(3000, 40),
		"empty lines":     bytes.Repeat([]byte{'\n'}, 1000),
		"no line end":     bytes.Repeat([]byte("word ✓ "), 60000),
		"some long lines": slices.Concat(lines(300, 80), bytes.Repeat([]byte("long"), 100000), lines(3, 5), bytes.Repeat([]byte("✓"), 90000), []byte("\n"), lines(250, 90), []byte("an end")),
		"one byte":        []byte("x"),
	}
	for name, text := range texts {
		for _, hit := range [][]int{nil, {0}, {1}, {2, 3}, {1, 3, -1}} {
			t.Run(fmt.Sprint(name, hit), func(t *testing.T) {
				want := bytes.Clone(text)
				v := viewOf(t, text, func(archive []byte, chunks []stream.Chunk) {
					for _, i := range hit {
						if i < 0 {
							i += len(chunks)
						}
						if i >= len(chunks) {
							continue
						}
						c := chunks[i]
						archive[c.Offset+c.Size-1] ^= 1
						copy(want[c.RawOffset:], bytes.Repeat([]byte{'?'}, int(c.RawSize)))
					}
				}, stream.WithMethod(codec.Zstd), stream.WithChunkSize(max(1, len(text)/6)))
				var got []byte
				at := Place{}
				for at.Offset < v.Size() {
					p, err := v.Forward(at)
					if err != nil {
						t.Fatal(err)
					}
					if p.To.Offset <= at.Offset || len(p.Rows) > pageLines+1 {
						t.Fatalf("a page from %d to %d, of %d rows", at.Offset, p.To.Offset, len(p.Rows))
					}
					got = append(got, content(t, text, p)...)
					at = p.To
				}
				if !bytes.Equal(got, want) {
					t.Errorf("forward: %d bytes, want %d, differ at %d", len(got), len(want), differsAt(got, want))
				}
				got = nil
				for end := v.Size(); end > 0; {
					p, err := v.Back(end)
					if err != nil {
						t.Fatal(err)
					}
					if p.To.Offset != end || p.From.Offset >= end {
						t.Fatalf("a page from %d to %d in front of %d", p.From.Offset, p.To.Offset, end)
					}
					got = append(content(t, text, p), got...)
					end = p.From.Offset
				}
				if !bytes.Equal(got, want) {
					t.Errorf("back: %d bytes, want %d, differ at %d", len(got), len(want), differsAt(got, want))
				}
				for _, n := range []int64{1, 2, v.Lines() / 2, v.Lines(), v.Lines() + 1, v.Lines() + 2} {
					p, err := v.Line(n)
					if err != nil || len(p.Rows) == 0 {
						t.Errorf("line %d: %v", n, err)
					}
				}
			})
		}
	}
}

func differsAt(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain\ttext ✓":                 "plain\ttext ✓",
		"\x00\x1b[0m\r\x7f":             "␀␛[0m␍␡",
		"\u202eevil\u2066 \ufeff\u0085": "‹U+202E›evil‹U+2066› ‹U+FEFF›‹U+0085›",
		"\xff\xc3":                      "\ufffd\ufffd",
		"\U0001f469\u200d\U0001f4bb":    "\U0001f469\u200d\U0001f4bb",
		"\U000e0041":                    "‹U+E0041›",
	} {
		if got := visible([]byte(text)); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	p, err := (&Query{Text: "needle"}).Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 10, 5000, 20000} {
		line := strings.Repeat("✓", at/3) + "needle" + strings.Repeat("✓", (20000-at)/3)
		got := excerpt(p, []byte(line), 400)
		if len(got) > 403 || !strings.Contains(string(got), "needle") || strings.ContainsRune(visible(got), '\ufffd') {
			t.Errorf("needle at byte %d: %q", at, got)
		}
	}
}

// Lines of a time are found with and without a text, and what is no time is an error.
func TestFindTimes(t *testing.T) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "2026-03-01 10:%02d:%02d request %d\n", i/60, i%60, i)
	}
	v := viewOf(t, []byte(text.String()), nil, stream.WithMethod(codec.Mix), stream.WithLevel(1), stream.WithChunkSize(1000), stream.WithPrimer(0))
	for _, test := range []struct {
		query       Query
		first, last int // lines, from 0; -1: an error
		skips       bool
	}{
		{Query{Since: "2026-03-01T10:02", Until: "2026-03-01T10:02:30"}, 120, 149, true},
		{Query{Since: "2026-03-01T10:04:50"}, 290, 299, true},
		{Query{Until: "2026-03-01T10:00:01.500"}, 0, 1, true},
		{Query{Text: "request 12", Since: "2026-03-01T10:02:01"}, 121, 129, true},
		{Query{Since: "2026-03-01T10:09"}, 0, -1, true},
		{Query{Since: "tomorrow"}, -1, 0, false},
		{Query{Since: "2026-03-01T10:02", Until: "2026-03-01T10:01"}, -1, 0, false},
		{Query{Since: "2026-03-01T10:02", Until: "2026-03-01T10:02"}, -1, 0, false},
	} {
		next := test.first
		found, err := v.Find(&test.query, func(r Row) error {
			if r.Line != int64(next) {
				t.Errorf("%+v: line %d, want %d", test.query, r.Line, next)
			}
			next++
			return nil
		})
		if test.first < 0 {
			if err == nil {
				t.Errorf("%+v: no error", test.query)
			}
		} else if err != nil || next != test.last+1 || found.Lines != int64(test.last-test.first+1) || (found.Skipped > 0) != test.skips {
			t.Errorf("%+v: up to %d, %+v, %v", test.query, next-1, found, err)
		}
	}
	if found, err := v.Find(&Query{}, nil); err != nil || found.Chunks != 0 {
		t.Errorf("nothing is looked for: %+v, %v", found, err)
	}
}

// Of an archive of which a frame was cut off in a record, what is behind that is shown, and what is
// lost is said.
func TestCutOffFrame(t *testing.T) {
	text := bytes.Repeat([]byte("a line\n"), 200)
	first := archivetest.Compress(t, nil, text, stream.WithMethod(codec.Raw), stream.WithChunkSize(700))
	torn := slices.Concat(first[:len(first)/2], archivetest.Compress(t, nil, []byte("the last one\n")))
	v, err := NewSource(context.Background(), bytes.NewReader(torn), int64(len(torn)), nil, func(int, int) {}).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	got := make([]byte, v.Size())
	if _, err := v.ReadAt(got, 0); err != nil || !bytes.HasSuffix(got, []byte("a line\nthe last one\n")) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if s := v.Summary(); !strings.Contains(s.Short, "lost: what follows chunk") {
		t.Errorf("%+v", s)
	}
}
