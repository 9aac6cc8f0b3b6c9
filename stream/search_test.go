package stream

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/search"
)

// withFilters makes filters as large as the payloads, however small these are.
func withFilters(o *writerOptions) error {
	o.filter = 1
	return nil
}

// searched are archives, with filters, of lines of all kinds: long ones that cross chunks, none, without an end.
func searched(t testing.TB) map[string]struct{ archive, content []byte } {
	random := rand.New(rand.NewPCG(3, 4))
	var text []byte
	for i := range 300 {
		text = fmt.Appendf(text, "%d INFO user %s from 10.0.%d.%d", i, []string{"root", "Admin", "GUEST", "ſam"}[random.IntN(4)], random.IntN(4), random.IntN(256))
		if random.IntN(40) == 0 {
			text = fmt.Appendf(text, " session=%016x failed: Kelvin", random.Uint64())
		}
		if random.IntN(60) == 0 {
			text = append(text, strings.Repeat(" many words and words", random.IntN(200))...)
		}
		text = append(text, []string{"\n", "\r\n", "\n\n"}[random.IntN(3)]...)
	}
	dict := text[:3000]
	small := []WriterOption{withFilters, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(700), WithPrimer(1500)}
	opts := func(more ...WriterOption) []WriterOption { return slices.Concat(small, more) }
	var flushed bytes.Buffer
	w, err := NewWriter(&flushed, nil, small...)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(text); at += 333 {
		w.Write(text[at:min(len(text), at+333)])
		w.Flush()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	noLines := bytes.ReplaceAll(text[:9000], []byte{'\n'}, []byte{' '})
	binary := slices.Concat(noLines, []byte{0, 1, 0xff, '\n'}, noLines)
	frames := [][]byte{text[:5000], text[5000:9003], nil, noLines[:1000], text[9003:9900], []byte("the end"), []byte(" of a line\nand more")}
	var joined []byte
	for i, f := range frames {
		more := opts()
		if i == 1 {
			more = opts(WithFilter(false))
		}
		joined = append(joined, compress(t, nil, f, more...)...)
	}
	plain := compress(t, nil, text, opts()...)
	return map[string]struct{ archive, content []byte }{
		"primer":     {plain, text},
		"cold":       {compress(t, nil, text, opts(WithPrimer(0))...), text},
		"dictionary": {compress(t, nil, text, opts(WithDictionary(dict))...), text},
		"flushed":    {flushed.Bytes(), text},
		"no lines":   {compress(t, nil, noLines, opts()...), noLines},
		"binary":     {compress(t, nil, binary, opts()...), binary},
		"frames":     {joined, slices.Concat(frames...)},
		"no filter":  {compress(t, nil, text, opts(WithFilter(false))...), text},
		"no footer":  {plain[:len(plain)-3], text},
		"lm":         {compress(t, fake, text[:6000], withFilters, WithChunkSize(500)), text[:6000]},
		"empty":      {compress(t, nil, nil), nil},
	}
}

// plainSearch is what a search must find.
func plainSearch(content []byte, p *search.Pattern, invert bool) (found []string) {
	at, number := 0, 0
	for at < len(content) {
		end := bytes.IndexByte(content[at:], '\n')
		next := at + end + 1
		if end < 0 {
			end, next = len(content)-at, len(content)
		}
		number++
		if p.Match(content[at:at+end]) != invert {
			found = append(found, fmt.Sprintf("%d:%d:%s", number, at, content[at:at+end]))
		}
		at = next
	}
	return found
}

// checkSearch compares a search with a plain one, with lines and by their number.
func checkSearch(t interface{ Fatalf(string, ...any) }, a *Archive, content []byte, pattern string, o search.Options, invert bool) Found {
	p, err := search.Compile(pattern, o)
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	var got []string
	found, err := a.Search(Search{Pattern: p, Invert: invert, Found: func(l Line) error {
		got = append(got, fmt.Sprintf("%d:%d:%s", l.Number, l.Offset, l.Text))
		return nil
	}})
	want := plainSearch(content, p, invert)
	if err != a.Err() || !slices.Equal(got, want) || found.Lines != int64(len(want)) {
		t.Fatalf("%q, %+v, invert %v: %v, %d of %d lines\n%s", pattern, o, invert, err, found.Lines, len(want), cmp.Diff(want, got))
	}
	counted, err := a.Search(Search{Pattern: p, Invert: invert})
	if err != a.Err() || counted.Lines != int64(len(want)) {
		t.Fatalf("%q, %+v, invert %v: %v, counts %d of %d lines", pattern, o, invert, err, counted.Lines, len(want))
	}
	return counted
}

func TestSearch(t *testing.T) {
	skipped := int64(0)
	for name, tt := range searched(t) {
		t.Run(name, func(t *testing.T) {
			dict := WithDictionaries(DictionarySet(searchedDictionary(tt.content)))
			a := openBytes(t, tt.archive, WithReaderWorkers(2), dict)
			if _, err := a.ReadAt(make([]byte, len(tt.content)), 0); err != nil { // which keeps all chunks
				t.Fatal(err)
			}
			text := string(tt.content) + " "
			words := rapid.OneOf(
				rapid.SampledFrom([]string{"root", "admin", "Kelvin", "kelvin", "sam", "session=", "failed: K", "10.0.3.", "absent words", "end of a", "", "many words", "no", `\d`, "."}),
				rapid.Custom(func(t *rapid.T) string { // a part of the content
					at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
					return text[at:min(len(text), at+rapid.IntRange(1, 30).Draw(t, "length"))]
				}),
				rapid.StringMatching(`[a-z0-9 ]{1,8}`),
			)
			rapid.Check(t, func(t *rapid.T) {
				word := words.Draw(t, "word")
				o := search.Options{Fixed: rapid.Bool().Draw(t, "fixed"), IgnoreCase: rapid.Bool().Draw(t, "ignoreCase")}
				pattern := word
				if !o.Fixed {
					if rapid.Bool().Draw(t, "quoted") {
						pattern = rapid.SampledFrom([]string{"%s", "^%s", "%s$", "(%s|other) ?", "%s+", "(?:x|%s).*[0-9]"}).Draw(t, "shape")
						pattern = fmt.Sprintf(pattern, regexpQuote(word))
					} else {
						pattern = word + ".*" + words.Draw(t, "second")
					}
				}
				if _, err := search.Compile(pattern, o); err != nil {
					t.Skip("drawn again: not a pattern")
				}
				skipped += checkSearch(t, a, tt.content, pattern, o, rapid.Bool().Draw(t, "invert")).Skipped
			})
		})
	}
	if skipped < 100 {
		t.Errorf("only %d chunks were skipped", skipped)
	}
}

func searchedDictionary(content []byte) []byte { return content[:min(len(content), 3000)] }

func regexpQuote(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune(`\.+*?()|[]{}^$`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Of a log, a search for a word that is nowhere, or in one place, decodes few chunks, and the filters are small.
func TestSearchSkips(t *testing.T) {
	log := bytes.Clone(logExcerpt(t, 130000))
	at := bytes.IndexByte(log[80000:], '\n') + 80001
	log = slices.Concat(log[:at], []byte("Nov 24 12:00:00 kernel: oom_reaper: reaped process 4711\n"), log[at:])
	opts := []WriterOption{WithLevel(1), WithChunkSize(8192), WithPrimer(32768)}
	archive, plain := compress(t, nil, log, append(opts, WithMethod(codec.Mix))...), compress(t, nil, log, append(opts, WithMethod(codec.Mix), WithFilter(false))...)
	if n := len(archive) - len(plain); n < 20 || n > len(plain)/40 {
		t.Errorf("filters take %d of %d bytes", n, len(plain))
	}
	for _, workers := range []int{1, 3} {
		if other := compress(t, nil, log, append(opts, WithMethod(codec.Mix), WithWorkers(workers))...); !bytes.Equal(other, archive) {
			t.Errorf("%d workers write another archive", workers)
		}
	}
	a := openBytes(t, archive)
	for word, lines := range map[string]int64{"oom_reaper": 1, "segmentation fault": 0, "traceback": 0} {
		found := checkSearch(t, a, log, word, search.Options{Fixed: true}, false)
		if found.Lines != lines || 2*found.Skipped < found.Chunks {
			t.Errorf("%s: %+v", word, found)
		}
	}
	if found := checkSearch(t, a, log, "segmentation fault", search.Options{}, true); found.Skipped == 0 {
		t.Errorf("to count the lines without a word nothing is skipped: %+v", found)
	}
	stop := errors.New("stop")
	p, _ := search.Compile("o", search.Options{})
	if found, err := a.Search(Search{Pattern: p, Found: func(Line) error { return stop }}); err != stop || found.Lines != 1 {
		t.Errorf("stopped: %+v, %v", found, err)
	}
}

// What is damaged is told of, and the lines around it are found.
func TestSearchDamaged(t *testing.T) {
	for name, tt := range searched(t) {
		if name != "primer" && name != "flushed" && name != "no lines" {
			continue
		}
		frames, err := format.ReadIndex(bytes.NewReader(tt.archive), int64(len(tt.archive)))
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range frames[0].Chunks[1:] {
			if i%16 > 0 {
				continue
			}
			damaged := bytes.Clone(tt.archive)
			damaged[c.Offset+c.Size-1] ^= 1
			a := openBytes(t, damaged)
			p, _ := search.Compile("", search.Options{})
			var text []byte
			var lost []*LostError
			s := Search{Pattern: p, Found: func(l Line) error {
				if len(lost) == 0 && int(l.Number) != bytes.Count(text, []byte{'\n'})+1 || l.Offset < int64(len(text)) {
					t.Errorf("%s: line %d at %d behind %d bytes", name, l.Number, l.Offset, len(text))
				}
				text = append(append(text, l.Text...), '\n')
				return nil
			}, Damaged: func(e *LostError) error {
				lost = append(lost, e)
				return nil
			}}
			found, err := a.Search(s)
			if err != nil || len(lost) != 1 || lost[0].Offset != c.RawOffset || lost[0].Size != c.RawSize {
				t.Fatalf("%s: chunk %d: %v, told of %v", name, i, err, lost)
			}
			before, behind := tt.content[:c.RawOffset], tt.content[c.RawOffset+c.RawSize:]
			want := bytes.Clone(before)
			if len(want) > 0 && want[len(want)-1] != '\n' {
				want = append(want, '\n')
			}
			want = append(want, behind...)
			if len(behind) > 0 && want[len(want)-1] != '\n' {
				want = append(want, '\n')
			}
			if !bytes.Equal(text, want) {
				t.Errorf("%s: chunk %d: differs at %d", name, i, differsAt(text, want))
			}
			// Lines that do not match are counted without decoding: also those of the damaged chunk, if that is skipped.
			absent, _ := search.Compile("a text that no line has", search.Options{})
			s.Pattern, s.Invert, s.Found, lost = absent, true, nil, nil
			lines := found.Lines
			counted, err := a.Search(s)
			if len(lost) == 0 {
				lines = int64(len(plainSearch(tt.content, absent, true)))
			}
			if err != nil || counted.Lines != lines {
				t.Errorf("%s: chunk %d: %v, %+v, want %d lines", name, i, err, counted, lines)
			}
			s.Damaged = nil
			s.Pattern, s.Invert = p, false
			if _, err := a.Search(s); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: chunk %d: %v", name, i, err)
			}
		}
	}
}

func TestSearchErrors(t *testing.T) {
	long := bytes.Repeat([]byte("no line end"), 1000)
	archive := compress(t, nil, long, WithChunkSize(1000))
	p, _ := search.Compile("x", search.Options{})
	a := openBytes(t, archive, WithMemoryLimit(5000))
	if _, err := a.Search(Search{Pattern: p}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a line of %d bytes: %v", len(long), err)
	}
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	if _, err := a.Search(Search{Pattern: p}); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

// FuzzFilters: any body is refused, or is that of the filters that it gives.
func FuzzFilters(f *testing.F) {
	group := []format.ChunkFilter{
		{Filter: gram.Filter{Shift: [2]int{0, 3}, Table: []byte("table")}, Ends: true},
		{Filter: gram.Filter{Shift: [2]int{15, 15}}},
	}
	f.Add(format.AppendFilters(nil, 16, group), uint8(2))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, body []byte, count uint8) {
		group, err := format.ParseFilters(body, 16, int64(count%format.GroupSize))
		if err != nil {
			if !documented(err) {
				t.Error(err)
			}
			return
		}
		if again := format.AppendFilters(nil, 16, group); !bytes.Equal(again, body) {
			t.Errorf("% x from % x", again, body)
		}
		for _, c := range group {
			for g := range 100 {
				c.Has(gram.Gram(g*0x3b9aca07), gram.Letters)
				c.Has(gram.Gram(g*0x3b9aca07), gram.Others)
			}
		}
	})
}
