package cost

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// log is a log of PostgreSQL, with a stretch of it once more: a run.
func log(t testing.TB, n int) []byte {
	text, err := os.ReadFile("../../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	text = text[:n]
	return append(text, text[n/4:n/2]...)
}

// ledger is what Walk tells of an archive.
type ledger struct {
	text    []byte
	costs   []Byte
	bits    float64 // of the chunk at hand
	records []format.Record
	worst   float64 // most bytes between the costs of a chunk and the size of its payload
}

func (l *ledger) visitor() Visitor {
	return Visitor{
		Bytes: func(text []byte, costs []Byte) {
			l.text = append(l.text, text...)
			l.costs = append(l.costs, costs...)
			for _, c := range costs {
				l.bits += float64(c.Bits)
			}
		},
		Lead: func(bits float64) { l.bits += bits },
		Done: func(r *format.Record) {
			l.worst = max(l.worst, math.Abs(float64(len(r.Payload))-l.bits/8))
			l.bits = 0
			l.records = append(l.records, *r)
		},
	}
}

// The costs of a chunk's bytes add up to its payload, whatever the method, level and model, and the
// chunks with what is around them to the archive.
func TestSum(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	find := func(context.Context, lm.ModelID) (lm.Model, error) { return m, nil }
	text := log(t, 40_000)
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(rand.New(rand.NewPCG(uint64(i), 1)).Uint32())
	}
	small := stream.WithWindow(kvcache.Policy{Reset: kvcache.Overlap, Window: 128, Overlap: 32})
	for name, c := range map[string]struct {
		text   []byte
		model  lm.Model
		opts   []stream.WriterOption
		winner Winner // that must be there
	}{
		"level 0":            {text, nil, []stream.WriterOption{stream.WithLevel(0)}, mix.Run},
		"level 1":            {text, nil, []stream.WriterOption{stream.WithLevel(1)}, mix.Run},
		"level 4":            {text, nil, []stream.WriterOption{stream.WithLevel(4)}, mix.Contexts},
		"level 6":            {text, nil, []stream.WriterOption{stream.WithLevel(6)}, mix.Quantity},
		"level 9":            {text[:20_000], m, []stream.WriterOption{stream.WithLevel(9), small}, mix.Contexts},
		"chunks":             {text, nil, []stream.WriterOption{stream.WithLevel(6), stream.WithPrimer(8000), stream.WithChunkSize(9000)}, mix.Contexts},
		"chunks with a lead": {text, nil, []stream.WriterOption{stream.WithLevel(6), stream.WithPrimer(8000), stream.WithChunkSize(9000)}, mix.Contexts},
		"dictionary":         {text, nil, []stream.WriterOption{stream.WithDictionary(text[:9000]), stream.WithChunkSize(9000)}, 0},
		"lm":                 {text[:5000], m, []stream.WriterOption{stream.WithMethod(codec.LM), stream.WithChunkSize(300), small}, mix.Model},
		"ranks":              {text[:5000], m, []stream.WriterOption{stream.WithMethod(codec.RankHuffman), stream.WithChunkSize(300), small}, mix.Stored},
		"bwt":                {text, nil, []stream.WriterOption{stream.WithMethod(codec.BWT)}, mix.Stored},
		"zstd":               {text, nil, []stream.WriterOption{stream.WithMethod(codec.Zstd), stream.WithChunkSize(9000)}, mix.Stored},
		"raw":                {text[:9000], nil, []stream.WriterOption{stream.WithMethod(codec.Raw)}, mix.Stored},
		"noise":              {noise, nil, nil, mix.Stored},
		"nothing":            {nil, nil, nil, mix.Winners},
		"one byte":           {[]byte("x"), nil, nil, mix.Winners},
	} {
		archive := archivetest.Compress(t, c.model, c.text, c.opts...)
		if name == "chunks with a lead" {
			led, err := damagetest.Led(archive, c.text, 5000)
			if err != nil {
				t.Fatal(err)
			}
			archive, c.text = led, c.text[5000:]
		}
		var l ledger
		o := Options{Models: find, Dictionaries: stream.DictionarySet(text[:9000])}
		size, err := Walk(t.Context(), bytes.NewReader(archive), o, l.visitor())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(l.text, c.text) || len(l.costs) != len(c.text) {
			t.Errorf("%s: costs of %d bytes, of a text of %d", name, len(l.costs), len(c.text))
		}
		if l.worst > 2 {
			t.Errorf("%s: costs are off by %.2f bytes", name, l.worst)
		}
		if size != int64(len(archive)) {
			t.Errorf("%s: %d bytes, the archive has %d", name, size, len(archive))
		}
		if strings.HasPrefix(name, "chunk") && len(l.records) < 3 {
			t.Errorf("%s: only %d chunks", name, len(l.records))
		}
		won := map[Winner]int{}
		for i, cost := range l.costs {
			won[cost.Winner]++
			if !(cost.Bits >= 0) || math.IsInf(float64(cost.Bits), 0) {
				t.Fatalf("%s: byte %d costs %v", name, i, cost.Bits)
			}
		}
		t.Logf("%s: off by %.2f bytes, %v", name, l.worst, won)
		if c.winner < mix.Winners && won[c.winner] == 0 {
			t.Errorf("%s: %v foresaw nothing: %v", name, c.winner, won)
		}
	}
}

// Archives of several frames, which differ in how they were made.
func TestFrames(t *testing.T) {
	text := log(t, 9000)
	var l ledger
	var headers []int
	v := l.visitor()
	v.Frame = func(h *format.Header) { headers = append(headers, h.Level) }
	frames := [][]byte{
		archivetest.Compress(t, nil, text, stream.WithLevel(2)), archivetest.Compress(t, nil, nil), archivetest.Compress(t, nil, text[:4000], stream.WithLevel(5), stream.WithChunkSize(1500)),
	}
	archive := slices.Concat(frames...)
	size, err := Walk(t.Context(), bytes.NewReader(archive), Options{}, v)
	if err != nil || size != int64(len(archive)) || !slices.Equal(headers, []int{2, 6, 5}) {
		t.Fatalf("%d of %d bytes, levels %d, %v", size, len(archive), headers, err)
	}
	if want := slices.Concat(text, text[:4000]); !bytes.Equal(l.text, want) || len(l.costs) != len(want) || l.worst > 2 {
		t.Errorf("costs of %d bytes, want %d; off by %.2f bytes", len(l.costs), len(want), l.worst)
	}
}

// What a byte is charged is what it must be: a digit of a number that nothing says costs what
// choosing one of ten does, what is the same in each line next to nothing.
func TestCostOfKnownEntropy(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var text []byte
	for range 4000 {
		text = append(text, "worker 7 took "...)
		for range 6 {
			text = append(text, byte('0'+rng.IntN(10)))
		}
		text = append(text, " microseconds\n"...)
	}
	costs, size, err := Of(t.Context(), text, nil)
	if err != nil {
		t.Fatal(err)
	}
	digits, rest, n := 0.0, 0.0, 0
	for i, c := range costs[len(costs)/2:] {
		if b := text[len(costs)/2+i]; b >= '0' && b <= '9' && b != '7' {
			digits += float64(c.Bits)
			n++
		} else if b < '0' || b > '9' {
			rest += float64(c.Bits)
		}
	}
	if per := digits / float64(n); math.Abs(per-math.Log2(10)) > 0.1 {
		t.Errorf("a random digit costs %.2f bits, want %.2f", per, math.Log2(10))
	}
	if rest > 0.02*float64(8*size) {
		t.Errorf("what is always the same costs %.0f bits of %d", rest, 8*size)
	}
}

// What was there before is foreseen by what points at it, what is new by nothing in particular; of
// a run the first byte costs all.
func TestWinners(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	text := make([]byte, 3000)
	for i := range text {
		text[i] = "0123456789abcdef"[rng.IntN(16)]
	}
	costs, _, err := Of(t.Context(), append(text, text...), nil)
	if err != nil {
		t.Fatal(err)
	}
	count := func(costs []Byte, in ...Winner) (n int) {
		for _, c := range costs {
			if slices.Contains(in, c.Winner) {
				n++
			}
		}
		return n
	}
	first, again := costs[:len(text)], costs[len(text)+20:]
	if n := count(first, mix.Contexts); n < len(first)*9/10 {
		t.Errorf("contexts foresaw %d of %d random digits", n, len(first))
	}
	if n := count(again, 0, 1, 2, mix.Run); n < len(again)*95/100 { // matches and runs
		t.Errorf("matches foresaw %d of %d digits that came before", n, len(again))
	}
	runs := 0.0
	for i, c := range again {
		if c.Winner == mix.Run && again[i-1].Winner == mix.Run {
			runs += float64(c.Bits)
		}
	}
	if n := count(again, mix.Run); n < 1024 || runs != 0 {
		t.Errorf("a run of %d bytes, behind the first of which are %v bits", n, runs)
	}
}

// Skipping chunks leaves the costs of the others as they are.
func TestSkip(t *testing.T) {
	text := log(t, 60_000)
	archive := archivetest.Compress(t, nil, text, stream.WithPrimer(8000), stream.WithChunkSize(9000))
	var all, some ledger
	if _, err := Walk(t.Context(), bytes.NewReader(archive), Options{}, all.visitor()); err != nil {
		t.Fatal(err)
	}
	v := some.visitor()
	v.Chunk = func(r *format.Record) bool { return r.Number%3 == 2 }
	if _, err := Walk(t.Context(), bytes.NewReader(archive), Options{}, v); err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, r := range all.records {
		end := at + r.Raw
		if r.Number%3 == 2 {
			if len(some.text) < r.Raw || !bytes.Equal(all.text[at:end], some.text[:r.Raw]) {
				t.Fatalf("chunk %d is missing", r.Number)
			}
			for i, c := range all.costs[at:end] {
				if some.costs[i] != c {
					t.Fatalf("byte %d of chunk %d costs %v, before %v", i, r.Number, some.costs[i], c)
				}
			}
			some.text, some.costs = some.text[r.Raw:], some.costs[r.Raw:]
		}
		at = end
	}
	if len(some.text) > 0 || len(some.records) != (len(all.records))/3 {
		t.Errorf("%d bytes too many, %d chunks of %d", len(some.text), len(some.records), len(all.records))
	}
}

func TestWalkFails(t *testing.T) {
	text := log(t, 30_000)
	archive := archivetest.Compress(t, nil, text, stream.WithChunkSize(9000))
	huge := format.AppendHeader(nil, &format.Header{ChunkSize: 1 << 30})
	huge = format.AppendChunk(huge, &format.RecordHeader{Method: codec.Zstd, Raw: 900 << 20}, 1<<30, 0, []byte("payload"))
	for name, c := range map[string]struct {
		archive []byte
		o       Options
		want    error
	}{
		"huge":      {huge, Options{}, stream.ErrTooLarge},
		"empty":     {nil, Options{}, stream.ErrTruncated},
		"cut off":   {archive[:len(archive)/2], Options{}, stream.ErrTruncated},
		"no end":    {archive[:len(archive)-30], Options{}, stream.ErrTruncated},
		"text":      {text, Options{}, stream.ErrNotArchive},
		"memory":    {archive, Options{Memory: 100_000}, stream.ErrTooLarge},
		"no dict":   {archivetest.Compress(t, nil, text, stream.WithDictionary(text[:100])), Options{}, stream.ErrNoDictionary},
		"no model":  {archivetest.Compress(t, fakemodel.New(fakemodel.Options{}), text[:5000], stream.WithMethod(codec.LM)), Options{}, codec.ErrNoModel},
		"other end": {append(bytes.Clone(archive), "x"...), Options{}, stream.ErrCorrupt},
	} {
		if _, err := Walk(t.Context(), bytes.NewReader(c.archive), c.o, Visitor{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	v := Visitor{Bytes: func([]byte, []Byte) { cancel() }}
	if _, err := Walk(ctx, bytes.NewReader(archive), Options{}, v); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
