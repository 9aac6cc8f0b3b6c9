package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/search"
)

// withFilters makes filters as large as the payloads, however small these are.
var withFilters = writerOption(func(o *writerOptions) error {
	o.filter = 1
	return nil
})

// searched are archives, with filters, of lines of all kinds: long ones that cross chunks, none,
// without an end.
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
			a := openBytes(t, tt.archive, WithWorkers(2), dict)
			// Which keeps all chunks.
			if _, err := a.ReadAt(make([]byte, len(tt.content)), 0); err != nil {
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

// plainNeighbors is what Found must be told of, the lines that were not found with a mark.
func plainNeighbors(content []byte, p *search.Pattern, invert bool, most, before, after int64) (told []string) {
	every, _ := search.Compile("", search.Options{})
	all, found := plainSearch(content, every, false), plainSearch(content, p, invert)
	if most > 0 {
		found = found[:min(most, int64(len(found)))]
	}
	wanted := map[int64]bool{}
	for i, line := range all {
		if len(found) == 0 || found[0] != line {
			continue
		}
		found = found[1:]
		for n := max(0, int64(i)-before); n <= min(int64(len(all))-1, int64(i)+after); n++ {
			wanted[n] = wanted[n] || n == int64(i)
		}
	}
	for i, line := range all {
		if found, told1 := wanted[int64(i)]; told1 && found {
			told = append(told, line)
		} else if told1 {
			told = append(told, "-"+line)
		}
	}
	return told
}

// The lines around those that are found come from wherever they are, also from chunks that need not
// be searched.
func TestSearchNeighbors(t *testing.T) {
	skipped := int64(0)
	for name, tt := range searched(t) {
		t.Run(name, func(t *testing.T) {
			dict := WithDictionaries(DictionarySet(searchedDictionary(tt.content)))
			kept, cold := openBytes(t, tt.archive, WithWorkers(2), dict), openBytes(t, tt.archive, WithWorkers(1), WithCache(0), dict)
			// Which keeps all chunks.
			if _, err := kept.ReadAt(make([]byte, len(tt.content)), 0); err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				pattern := rapid.SampledFrom([]string{"session", "Kelvin", "failed", "many words", "10.0.3.1", "user root", "end of a", "^$", "29", "absent"}).Draw(t, "pattern")
				p, err := search.Compile(pattern, search.Options{})
				if err != nil {
					t.Fatal(err)
				}
				few := rapid.Int64Range(0, 5)
				s := Search{Pattern: p, Invert: rapid.IntRange(0, 9).Draw(t, "invert") == 0, Before: few.Draw(t, "before"), After: few.Draw(t, "after"), Max: few.Draw(t, "max")}
				a := kept
				if (name == "primer" || name == "frames") && rapid.IntRange(0, 9).Draw(t, "cold") == 0 {
					a = cold
				}
				var got []string
				lines := int64(0)
				s.Found = func(l Line) error {
					text := fmt.Sprintf("%d:%d:%s", l.Number, l.Offset, l.Text)
					if l.Context {
						text = "-" + text
					} else {
						lines++
					}
					got = append(got, text)
					return nil
				}
				found, err := a.Search(s)
				want := plainNeighbors(tt.content, p, s.Invert, s.Max, s.Before, s.After)
				enough := s.Max > 0 && found.Lines == s.Max
				if err != a.Err() && !enough || enough && err != nil || !slices.Equal(got, want) || found.Lines != lines {
					t.Fatalf("%q, %+v: %v, %+v, found %d\n%s", pattern, s, err, found, lines, cmp.Diff(want, got))
				}
				skipped += found.Skipped
				s.Found = nil
				if counted, err := a.Search(s); err != nil && err != a.Err() || counted.Lines != lines {
					t.Fatalf("%q, %+v: %v, counts %+v, want %d", pattern, s, err, counted, lines)
				}
			})
		})
	}
	if skipped < 100 {
		t.Errorf("only %d chunks were skipped", skipped)
	}
}

// A damaged chunk next to a line that is found is told of once, also if there was no need to search
// it.
func TestSearchNeighborsDamaged(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var content []byte
	for range 60 {
		content = fmt.Appendf(content, "%015x\n", random.Uint64()>>4)
	}
	copy(content[33*16:], "somewhere here")
	archive := compress(t, nil, content, withFilters, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(160), WithPrimer(160))
	frames, err := format.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := search.Compile("somewhere", search.Options{Fixed: true})
	for _, bad := range []int{2, 4} { // of chunks of ten lines; the line is in number 3
		c := frames[0].Chunks[bad]
		damaged := bytes.Clone(archive)
		damaged[c.Offset+c.Size-1] ^= 1
		a := openBytes(t, damaged)
		var lines []int64
		var lost []*LostError
		s := Search{Pattern: p, Before: 9, After: 12, Found: func(l Line) error {
			lines = append(lines, l.Number)
			return nil
		}, Damaged: func(e *LostError) error {
			lost = append(lost, e)
			return nil
		}}
		want := []int64{31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46}
		if bad == 4 {
			want = []int64{25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40}
		}
		found, err := a.Search(s)
		if err != nil || found.Skipped == 0 || len(lost) != 1 || lost[0].Offset != c.RawOffset || !slices.Equal(lines, want) {
			t.Errorf("chunk %d: %v, %+v, told of %v, lines %v, want %v", bad, err, found, lost, lines, want)
		}
		s.Damaged = nil
		if _, err := a.Search(s); !errors.Is(err, ErrCorrupt) {
			t.Errorf("chunk %d: %v", bad, err)
		}
	}
}

// Whatever is damaged, lines that are told of are those of the content, in order, and no loss is
// told of twice.
func TestSearchDamagedAnywhere(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	told, losses := 0, 0
	for name, tt := range searched(t) {
		if name != "primer" && name != "flushed" && name != "frames" {
			continue
		}
		for range 40 {
			damaged := bytes.Clone(tt.archive)
			for range 1 + random.IntN(3) {
				damaged[random.IntN(len(damaged))] ^= 1 << random.IntN(8)
			}
			if random.IntN(4) == 0 {
				damaged = damaged[:random.IntN(len(damaged))]
			}
			a, err := Open(bytes.NewReader(damaged), int64(len(damaged)), nil)
			if err != nil {
				continue
			}
			pattern := []string{"session", "user root", "absent", "^$", "many words"}[random.IntN(5)]
			p, err := search.Compile(pattern, search.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := Search{Pattern: p, Before: int64(random.IntN(6)), After: int64(random.IntN(6)), Max: int64(random.IntN(4)), Invert: random.IntN(5) == 0}
			lost := map[int64]bool{}
			s.Damaged = func(e *LostError) error {
				if losses++; lost[e.Offset] {
					t.Errorf("%s, %+v: told twice of what is lost at %d", name, s, e.Offset)
				}
				lost[e.Offset] = true
				return nil
			}
			last := int64(-1)
			s.Found = func(l Line) error {
				told++
				rest := tt.content[min(l.Offset, int64(len(tt.content))):]
				if l.Offset <= last || !bytes.HasPrefix(rest, l.Text) || bytes.IndexByte(l.Text, '\n') >= 0 {
					t.Errorf("%s, %+v: %q at %d behind %d", name, s, l.Text, l.Offset, last)
				}
				last = l.Offset
				return nil
			}
			if _, err := a.Search(s); err != nil && !documented(err) {
				t.Errorf("%s, %+v: %v", name, s, err)
			}
			a.Close()
		}
	}
	if told < 500 || losses < 20 {
		t.Errorf("told of %d lines and %d losses", told, losses)
	}
}

// A search that has enough decodes no chunk but those that it had begun by then.
func TestSearchEndsAtOnce(t *testing.T) {
	content := []byte(strings.Repeat("a line of a log\n", 400))
	archive := compress(t, nil, content, WithMethod(codec.Raw), WithChunkSize(160))
	p, _ := search.Compile("line", search.Options{})
	stop := errors.New("stop")
	for _, workers := range []int{1, 2} {
		for name, s := range map[string]Search{
			"max":             {Pattern: p, Max: 1},
			"others":          {Pattern: p, Invert: true, Max: 1, Found: func(Line) error { return nil }},
			"error":           {Pattern: p, Found: func(Line) error { return stop }},
			"max, and behind": {Pattern: p, Max: 1, After: 2, Found: func(Line) error { return nil }},
		} {
			if s.Invert {
				s.Pattern, _ = search.Compile("absent", search.Options{})
			}
			r := &countingReader{r: bytes.NewReader(archive)}
			a, err := Open(r, int64(len(archive)), nil, WithWorkers(workers))
			if err != nil {
				t.Fatal(err)
			}
			r.reads.Store(0)
			found, err := a.Search(s)
			a.Close()
			most := int64(2 * (2*workers + 2)) // two reads for each chunk and group
			if found.Lines != 1 || found.Chunks > int64(2*workers) || err != nil && err != stop || r.reads.Load() > most {
				t.Errorf("%d workers, %s: %v, %+v, %d reads", workers, name, err, found, r.reads.Load())
			}
		}
	}
}

type countingReader struct {
	r     *bytes.Reader
	reads atomic.Int64
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	c.reads.Add(1)
	return c.r.ReadAt(p, off)
}

// endsAfter is a context that ends when it has been looked at so often.
type endsAfter struct {
	context.Context
	end   context.CancelFunc
	looks atomic.Int64
	left  int64
}

func (c *endsAfter) Err() error {
	if c.looks.Add(1) == c.left {
		c.end()
	}
	return c.Context.Err()
}

// A search looks at its context at each line that it finds, within a long line, and at each frame.
func TestSearchContext(t *testing.T) {
	empty := compress(t, nil, nil)
	for name, tt := range map[string]struct {
		archive []byte
		pattern string
		s       Search
	}{
		"lines":     {compress(t, nil, bytes.Repeat([]byte("a\n"), 50000)), "a", Search{}},
		"no match":  {compress(t, nil, bytes.Repeat([]byte("a\n"), 50000)), "b", Search{}},
		"one line":  {compress(t, nil, bytes.Repeat([]byte("a"), 1<<20)), "a.*b", Search{}},
		"neighbors": {compress(t, nil, append([]byte("here"), bytes.Repeat([]byte("a\n"), 50000)...)), "here", Search{After: 1 << 40, Max: 1, Found: func(Line) error { return nil }}},
		"frames":    {bytes.Repeat(empty, 50), "a", Search{}},
	} {
		p, err := search.Compile(tt.pattern, search.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a := openBytes(t, tt.archive)
		inner, end := context.WithCancel(t.Context())
		ctx := &endsAfter{Context: inner, end: end, left: 40}
		tt.s.Pattern = p
		_, err = a.WithContext(ctx).Search(tt.s)
		if err != context.Canceled || ctx.looks.Load() > 60 {
			t.Errorf("%s: %v, the context was looked at %d times", name, err, ctx.looks.Load())
		}
	}
}

// Close ends a search in a view with a context of its own.
func TestSearchClosed(t *testing.T) {
	a := openBytes(t, compress(t, nil, bytes.Repeat([]byte("a\n"), 50000)))
	p, _ := search.Compile("a", search.Options{})
	found, err := a.WithContext(t.Context()).Search(Search{Pattern: p, Found: func(Line) error { return a.Close() }})
	if err != ErrClosed || found.Lines > 1 {
		t.Errorf("%v, %+v", err, found)
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

// blockLog is a log of about n bytes in which each of the blocks is named in some forty lines
// near each other, as file systems write them.
func blockLog(n int) []byte {
	random := rand.New(rand.NewPCG(11, 12))
	var log []byte
	blocks := make([]int64, 40)
	for line := 0; len(log) < n; line++ {
		i := random.IntN(len(blocks))
		if random.IntN(40) == 0 || blocks[i] == 0 {
			blocks[i] = random.Int64()
		}
		says := []string{"DataNode: received block blk_%d of size 67108864", "NameSystem: added blk_%d to the invalid set", "DataNode: blk_-%d verified"}[random.IntN(3)]
		log = fmt.Appendf(log, "081109 %02d%02d%02d %d INFO "+says+" from /10.250.%d.4:%d\n", line/72000%24, line/1200%60, line/20%60, random.IntN(3000), blocks[i],
			random.IntN(200), 32768+random.IntN(28000))
	}
	return log
}

// What is no text gets no filter, and what it holds is found.
func TestForeignChunksHaveNoFilter(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	var records []byte
	for i := range 20000 {
		records = append(records, byte(i), byte(i>>8), byte(random.IntN(256)), 0, 1, 2, 0, 3)
		records = append(records, []string{"alpha", "beta\n", fmt.Sprintf("gamma%06x", random.IntN(1<<24))}[random.IntN(3)]...)
	}
	records = append(records, "needle"...)
	with := compress(t, nil, records, WithMethod(codec.Mix), WithLevel(1))
	if plain := compress(t, nil, records, WithMethod(codec.Mix), WithLevel(1), WithFilter(false)); !bytes.Equal(with, plain) {
		t.Errorf("%d bytes, without filters %d", len(with), len(plain))
	}
	if found := checkSearch(t, openBytes(t, with), records, "needle", search.Options{}, false); found.Skipped != 0 {
		t.Errorf("%+v", found)
	}
}

// Of a log, a search for a word or a number that is nowhere, or in one place, decodes few chunks,
// the first one included, and the filters are small.
func TestSearchSkips(t *testing.T) {
	log := blockLog(1300 << 10)
	at := bytes.IndexByte(log[1<<20:], '\n') + 1<<20 + 1
	log = slices.Concat(log[:at], []byte("081109 120000 WARN kernel: oom_reaper: reaped process, trace 4bf92f3577b34da6\n"), log[at:])
	opts := []WriterOption{WithLevel(1), WithChunkSize(256 << 10), WithPrimer(256 << 10), WithMethod(codec.Mix)}
	archive, plain := compress(t, nil, log, opts...), compress(t, nil, log, append(opts, WithFilter(false))...)
	if n := len(archive) - len(plain); n < len(plain)/100 || n > len(plain)/48 {
		t.Errorf("filters take %d of %d bytes", n, len(plain))
	}
	if other := compress(t, nil, log, append(opts, WithWorkers(3))...); !bytes.Equal(other, archive) {
		t.Error("3 workers write another archive")
	}
	a := openBytes(t, archive, WithCache(8<<20))
	if _, err := a.ReadAt(make([]byte, len(log)), 0); err != nil { // which keeps all chunks
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(13, 14))
	sought := map[string]int64{"oom_reaper": 1, "4bf92f3577b34da6": 1}
	for range 40 {
		sought[fmt.Sprintf("blk_%d", random.Int64())] = 0
		sought[fmt.Sprintf("%d", random.Int64())] = 0
		sought[fmt.Sprintf("%016x", random.Uint64())] = 0
		word := make([]byte, 8)
		for i := range word {
			word[i] = byte('a' + random.IntN(26))
		}
		sought[string(word)] = 0
	}
	for _, word := range []string{"segmentation", "traceback", "unreachable", "timeout", "denied", "refused", "exception", "corrupt", "deadlock", "panic"} {
		sought[word] = 0
	}
	decoded, chunks := map[bool]int64{}, map[bool]int64{} // by whether it is of letters
	for word, lines := range sought {
		p, err := search.Compile(word, search.Options{})
		if err != nil {
			t.Fatal(err)
		}
		found, err := a.Search(Search{Pattern: p})
		if err != nil || found.Lines != lines {
			t.Errorf("%s: %v, %+v", word, err, found)
		}
		letters := !strings.ContainsAny(word, "0123456789")
		decoded[letters] += found.Chunks - found.Skipped - lines
		chunks[letters] += found.Chunks
	}
	for letters, n := range decoded {
		if 100*n > 10*chunks[letters] {
			t.Errorf("letters %v: %d of %d chunks are decoded in vain", letters, n, chunks[letters])
		}
	}
	lone := compress(t, nil, log[:at], WithLevel(1), WithMethod(codec.Mix))
	for _, archive := range [][]byte{lone, slices.Concat(lone, lone)} {
		found := checkSearch(t, openBytes(t, archive), bytes.Repeat(log[:at], len(archive)/len(lone)), "oom_reaper", search.Options{}, false)
		if found.Skipped != int64(len(archive)/len(lone)) {
			t.Errorf("frames of one chunk: %+v", found)
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
			// Lines that do not match are counted without decoding: also those of the damaged
			// chunk, if that is skipped.
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
	for _, s := range []Search{{}, {Pattern: p, Max: -1}, {Pattern: p, Before: -1}, {Pattern: p, After: -1}} {
		if _, err := a.Search(s); err == nil || errors.Is(err, ErrTooLarge) {
			t.Errorf("%+v: %v", s, err)
		}
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
		{Filter: gram.Filter{{Width: 1, Bits: []byte("table")}, {Step: 3, Width: 2, Bits: []byte("more")}}, Ends: true},
		{Filter: gram.Unknown},
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
				c.Has(gram.Gram(g*0x3b9aca07), gram.Digits)
			}
		}
	})
}

// A line over many chunks is searched within the limit or is an error, whatever the limit: the next
// chunk never waits for the room that the line has taken.
func TestSearchLongLineLimits(t *testing.T) {
	line := append(bytes.Repeat([]byte("xy"), 100_000), '\n')
	raw := compress(t, nil, line, WithMethod(codec.Raw), WithChunkSize(30_000))
	primed := compress(t, nil, line, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(30_000), WithPrimer(10_000))
	found := 0
	for _, workers := range []int{1, 2} {
		for limit := int64(80_000); limit < 4_000_000; limit += 23_000 {
			archive := raw
			if limit > 1_600_000 { // those of tables
				archive = primed
			}
			within(t, func() {
				a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil, WithMemoryLimit(limit), WithWorkers(workers))
				if err != nil {
					t.Fatal(err)
				}
				defer a.Close()
				got, err := a.Search(Search{Pattern: pattern("xyx")})
				if err == nil && got.Lines == 1 {
					found++
				} else if !errors.Is(err, ErrTooLarge) {
					t.Errorf("limit of %d, %d workers: %d lines, %v", limit, workers, got.Lines, err)
				}
			})
		}
	}
	if found == 0 {
		t.Error("the line was never found")
	}
}
