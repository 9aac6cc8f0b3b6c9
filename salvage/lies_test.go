package salvage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// take takes an archive of one frame apart.
func take(t testing.TB, archive []byte) *damagetest.Parts {
	t.Helper()
	frames, err := damagetest.Take(archive)
	if err != nil {
		t.Fatal(err)
	}
	if len(frames) != 1 || !bytes.Equal(damagetest.Build(frames...), archive) {
		t.Fatalf("%d frames, which do not make the same archive again", len(frames))
	}
	return frames[0]
}

// chunk gives record number n of a frame.
func chunk(p *damagetest.Parts, n int) *damagetest.Record {
	for i := range p.Records {
		if p.Records[i].Literal == nil {
			if n--; n < 0 {
				return &p.Records[i]
			}
		}
	}
	panic("there is no such chunk")
}

// refilter changes the filters of the chunks from a number on.
func refilter(t testing.TB, p *damagetest.Parts, first, count int64, change func(group []format.ChunkFilter)) {
	t.Helper()
	for i, r := range p.Records {
		group, at, size := format.ReadFilters(bytes.NewReader(r.Literal), 0, int64(len(r.Literal)), first, count)
		if group == nil {
			continue
		}
		change(group)
		made := format.AppendAuxiliary(nil, format.AuxFilter, format.AppendFilters(nil, first, group))
		p.Records[i].Literal = slices.Concat(r.Literal[:at], made, r.Literal[at+size:])
		return
	}
	t.Fatal("there are no such filters")
}

// What a record, a filter, an index or parity says beside the content is compared with it, whatever
// checks hold: Verify names it, and Recover gives an archive that says what is so, of the same
// content.
func TestLies(t *testing.T) {
	log := logExcerpt(t, 40000)
	archive := compress(t, nil, log, primed()...) // 19 chunks: two groups
	chunks := framesOf(t, archive)[0].Chunks
	if len(chunks) < 18 {
		t.Fatalf("%d chunks", len(chunks))
	}
	// It has no gram.
	none := func(f *format.ChunkFilter) { f.Filter = gram.Filter{{Width: 1}, {Width: 1}} }
	count := func(of int, by int) func(i int, size int64, raw, lines int) (int64, int, int) {
		return func(i int, size int64, raw, lines int) (int64, int, int) {
			if i == of {
				lines += by
			}
			return size, raw, lines
		}
	}
	for name, tt := range map[string]struct {
		lie  func(p *damagetest.Parts)
		says string
		same bool // what is made anew is what there was before
	}{
		"more lines":          {func(p *damagetest.Parts) { chunk(p, 3).Lines += 5 }, "chunk 3 .* lines", true},
		"no lines":            {func(p *damagetest.Parts) { chunk(p, 18).Lines = 0 }, "chunk 18 .* lines", true},
		"lines of the primer": {func(p *damagetest.Parts) { chunk(p, 0).Lines++; p.Protect() }, "chunk 0 .* lines", true},
		"lines that cancel":   {func(p *damagetest.Parts) { chunk(p, 3).Lines += 5; chunk(p, 4).Lines -= 5 }, "chunk 3 .* lines", true},
		"lines of all chunks": {func(p *damagetest.Parts) {
			for i := range chunks {
				chunk(p, i).Lines = i
			}
			p.Protect()
		}, "chunk 0 .* lines", true},
		"a filter without": {func(p *damagetest.Parts) { refilter(t, p, 0, 16, func(g []format.ChunkFilter) { none(&g[5]) }) }, "filters .* deny", false},
		"bits of a filter": {func(p *damagetest.Parts) { refilter(t, p, 0, 16, func(g []format.ChunkFilter) { flipBits(&g[7]) }) }, "filters .* deny", false},
		"the last filter": {func(p *damagetest.Parts) {
			refilter(t, p, 16, int64(len(chunks)-16), func(g []format.ChunkFilter) { flipBits(&g[0]) })
		}, "filters .* deny", false},
		"ends with a line end": {func(p *damagetest.Parts) {
			refilter(t, p, 0, 16, func(g []format.ChunkFilter) { g[9].Ends = !g[9].Ends })
		}, "filters .* deny", true},
		"filters of others": {func(p *damagetest.Parts) {
			p.Records[len(p.Records)-1].Literal = format.AppendAuxiliary(nil, format.AuxFilter, []byte{0, 1, 2})
		}, "filters .* not those", false},
		"parity of another": {func(p *damagetest.Parts) {
			p.Records[1].Literal = format.AppendParity(nil, format.AuxParity, make([]byte, chunks[0].Size))
		}, "parity record", true},
		"index: lines": {func(p *damagetest.Parts) { p.Count = count(3, 1) }, "index .* other records", true},
		"index: of a group": {func(p *damagetest.Parts) {
			p.Count = func(i int, size int64, raw, lines int) (int64, int, int) {
				_, _, a := count(3, 1)(i, size, raw, lines)
				_, _, b := count(17, -1)(i, size, raw, lines)
				return size, raw, a + b - lines
			}
		}, "index .* other records", true},
		"index: sizes": {func(p *damagetest.Parts) {
			p.Count = func(i int, size int64, raw, lines int) (int64, int, int) {
				switch i {
				case 3:
					size++
				case 17:
					size--
				}
				return size, raw, lines
			}
		}, "index .* other records", true},
		"index: bytes": {func(p *damagetest.Parts) {
			p.Count = func(i int, size int64, raw, lines int) (int64, int, int) {
				switch i {
				case 3:
					raw++
				case 17:
					raw--
				}
				return size, raw, lines
			}
		}, "index .* other records", true},
	} {
		p := take(t, archive)
		tt.lie(p)
		lying := damagetest.Build(p)
		if bytes.Equal(lying, archive) {
			t.Errorf("%s: nothing is changed", name)
		}
		var damage *DamageError
		if err := verifyAll(lying); !errors.As(err, &damage) || !errors.Is(err, stream.ErrCorrupt) || !matches(err, tt.says) || len(damage.Recovery.Losses) > 0 {
			t.Errorf("%s: Verify says %v", name, err)
		}
		x, out, content := recovered(t, lying)
		if len(x.Losses) > 0 || x.Intact() || !bytes.Equal(content, log) || tt.same && !bytes.Equal(out, archive) {
			t.Errorf("%s: %+v; the archive differs at %d of %d", name, x, differsAt(out, archive), len(archive))
		}
	}
	if err := verifyAll(archive); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
}

func matches(err error, says string) bool {
	a, b, _ := strings.Cut(says, " .* ")
	at := strings.Index(err.Error(), a)
	return at >= 0 && strings.Contains(err.Error()[at:], b)
}

// flipBits makes a filter deny something.
func flipBits(f *format.ChunkFilter) {
	table := &f.Filter[gram.Letters]
	table.Bits = bytes.Clone(table.Bits)
	for i := range table.Bits {
		table.Bits[i] ^= 1
	}
}

// The index may tell of chunks that never were, or of fewer than there are.
func TestIndexCountsWrong(t *testing.T) {
	log := logExcerpt(t, 3000)
	archive := compress(t, nil, log, stream.WithChunkSize(300))
	f := framesOf(t, archive)[0]
	last := f.Chunks[len(f.Chunks)-1]
	end := last.Offset + last.Size
	for _, by := range []int64{-1, 1, 5} {
		x := format.Index{ChunkSize: int64(f.Header.ChunkSize)}
		for _, c := range f.Chunks {
			x.Chunk(c.Size, int(c.RawSize), int(c.Lines))
		}
		x.Total.Chunks += by
		lying := format.AppendIndex(bytes.Clone(archive[:end]), &x, f.Chunks[0].Offset)
		if err := verifyAll(lying); !matches(err, "index .* chunks, there are") {
			t.Errorf("%+d chunks: %v", by, err)
		}
		if x, out, _ := recovered(t, lying); len(x.Losses) > 0 || !bytes.Equal(out, archive) {
			t.Errorf("%+d chunks: %+v", by, x)
		}
	}
}

// A payload that was wrong before its check was made does not get into the recovered archive; nor
// does what starts from it.
func TestUndecodable(t *testing.T) {
	log := logExcerpt(t, 12000)
	led, err := damagetest.Led(compress(t, nil, log, primed()...), log, 500)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name             string
		archive, content []byte
		number, lost     int
		says             string
	}{
		{"mix", compress(t, nil, log, primed()...), log, 2, 1, "the check of its record is right"},
		{"primer", compress(t, nil, log, primed()...), log, 0, 6, "the check of its record is right"},
		{"lead", led, log[500:], 0, 6, "the check of its record is right"},
		{"lead, a later one", led, log[500:], 2, 1, "the check of its record is right"},
		{"zstd", compress(t, nil, log, stream.WithChunkSize(2000)), log, 3, 1, "the check of its record is right"},
		{"raw", compress(t, nil, log, stream.WithMethod(codec.Raw), stream.WithChunkSize(2000)), log, 0, 1, "the check of its record is right"},
		{"lm", compress(t, letters, modelText(2000), stream.WithChunkSize(300)), modelText(2000), 4, 1, "keep the archive"},
	} {
		p := take(t, tt.archive)
		c := chunk(p, tt.number)
		c.Payload = bytes.Clone(c.Payload)
		c.Payload[len(c.Payload)/2] ^= 0x10
		if tt.number == 0 {
			p.Protect()
		}
		wrong := damagetest.Build(p)
		x, _, content := recovered(t, wrong)
		lost := 0
		for _, l := range x.Losses {
			lost += int(l.Chunks)
		}
		chunks := framesOf(t, tt.archive)[0].Chunks
		at := chunks[tt.number]
		l := x.Losses[0]
		if lost != tt.lost && !(tt.number == 0 && lost == len(chunks)) || len(x.Repaired) > 0 || x.Undecoded != nil {
			t.Errorf("%s: %+v", tt.name, x)
		}
		if l.RawOffset != at.RawOffset || l.RawSize != at.RawSize || l.Offset != at.Offset || !strings.Contains(l.Err.Error(), tt.says) || !errors.Is(l.Err, stream.ErrCorrupt) {
			t.Errorf("%s: %+v, %v", tt.name, l, l.Err)
		}
		if lost == 1 && !bytes.Equal(content, slices.Concat(tt.content[:at.RawOffset], tt.content[at.RawOffset+at.RawSize:])) {
			t.Errorf("%s: %d bytes", tt.name, len(content))
		}
		if strings.Contains(l.Err.Error(), "keep the archive") != (framesOf(t, tt.archive)[0].Header.Model != nil) {
			t.Errorf("%s: %v", tt.name, l.Err)
		}
		if err := verifyAll(wrong); !errors.Is(err, stream.ErrCorrupt) {
			t.Errorf("%s: Verify says %v", tt.name, err)
		}
	}
}

// Of what cannot be decoded here nothing is known, so that it stays, and what can be is decoded;
// only contexts, disks and writers end it all.
func TestUndecoded(t *testing.T) {
	log := logExcerpt(t, 9000)
	plain := compress(t, nil, log[:3000], stream.WithChunkSize(500))
	model := compress(t, letters, modelText(900), stream.WithChunkSize(300))
	dict := compress(t, nil, log[4000:], primed(stream.WithDictionary(log[:4000]))...)
	large := compress(t, nil, log, stream.WithMethod(codec.Raw))
	noModel := func(context.Context, lm.ModelID) (lm.Model, error) { return nil, errors.New("it is not installed") }
	other := func(context.Context, lm.ModelID) (lm.Model, error) {
		return fakemodel.New(fakemodel.Options{Pieces: letters.Pieces(), Drift: 1}), nil
	}
	for name, tt := range map[string]struct {
		archive []byte
		o       Options
		text    []byte
	}{
		"no source of models":  {slices.Concat(plain, model, plain), Options{}, slices.Concat(log[:3000], log[:3000])},
		"no model":             {slices.Concat(model, plain), Options{Models: noModel}, log[:3000]},
		"a model that differs": {slices.Concat(plain, model), Options{Models: other}, log[:3000]},
		"no dictionary":        {slices.Concat(dict, plain), Options{}, log[:3000]},
		"too little memory":    {slices.Concat(large, plain), Options{Reader: []stream.ReaderOption{stream.WithMemoryLimit(10000)}}, log[:3000]},
	} {
		var text bytes.Buffer
		tt.o.Text = &text
		x, err := Recover(t.Context(), bytes.NewReader(tt.archive), int64(len(tt.archive)), tt.o)
		if err != nil || !x.Intact() || x.Undecoded == nil || x.Size() != int64(len(tt.archive)) || !bytes.Equal(text.Bytes(), tt.text) {
			t.Errorf("%s: %v, %+v, %d bytes of text", name, err, x, text.Len())
			continue
		}
		if err := Verify(t.Context(), bytes.NewReader(tt.archive), int64(len(tt.archive)), tt.o); err == nil || err.Error() != x.Undecoded.Error() {
			t.Errorf("%s: Verify says %v, not %v", name, err, x.Undecoded)
		}
	}
	with := Options{Dictionaries: stream.DictionarySet(log[:4000])}
	if err := Verify(t.Context(), bytes.NewReader(dict), int64(len(dict)), with); err != nil {
		t.Errorf("with the dictionary: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errDisk)
	if _, err := Recover(ctx, bytes.NewReader(plain), int64(len(plain)), Options{}); err != errDisk {
		t.Errorf("an ended context: %v", err)
	}
	for n := range 10 {
		o := Options{Text: &limitedWriter{n: 300 * n}}
		if _, err := Recover(t.Context(), bytes.NewReader(plain), int64(len(plain)), o); err != errDisk {
			t.Errorf("room for %d bytes: %v", 300*n, err)
		}
	}
	for n := range int64(len(plain)) {
		r := &limitedReader{bytes.NewReader(plain), n * 3}
		if _, err := Recover(t.Context(), r, int64(len(plain)), Options{}); r.left < 0 && !errors.Is(err, errDisk) {
			t.Errorf("a disk that fails after %d bytes: %v", n*3, err)
		}
	}
}

// limitedWriter fails with the byte after n.
type limitedWriter struct{ n int }

func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return max(0, len(p)+w.n), errDisk
	}
	return len(p), nil
}

// limitedReader fails when so many bytes have been read.
type limitedReader struct {
	io.ReaderAt
	left int64
}

func (r *limitedReader) ReadAt(p []byte, off int64) (int, error) {
	if r.left -= int64(len(p)); r.left < 0 {
		return 0, errDisk
	}
	return r.ReaderAt.ReadAt(p, off)
}

// A record that got from one frame into another, in the place of the one of the same number, is
// left out unless it decodes: there, no header tells the frames apart.
func TestMovedBetweenFrames(t *testing.T) {
	log := logExcerpt(t, 9000)
	texts := [][]byte{log[:4500], log[4500:]}
	for _, tt := range []struct {
		name    string
		archive func(i int) []byte
		takes   bool // the record for one of the frame
	}{
		{"mix", func(i int) []byte { return compress(t, nil, texts[i], mix(1500, 500)...) }, false},
		{"zstd of other sizes", func(i int) []byte { return compress(t, nil, texts[i], stream.WithChunkSize(500+i)) }, false},
		{"zstd of the same options", func(i int) []byte { return compress(t, nil, texts[i], stream.WithChunkSize(500)) }, true},
	} {
		first, second := tt.archive(0), tt.archive(1)
		a, b := framesOf(t, first)[0].Chunks[2], framesOf(t, second)[0].Chunks[2]
		moved := slices.Concat(first, second[:b.Offset], first[a.Offset:a.Offset+a.Size], second[b.Offset+b.Size:])
		x, _, content := recovered(t, moved)
		rest := slices.Concat(texts[1][:b.RawOffset], texts[1][b.RawOffset+b.RawSize:])
		if left := len(x.Losses) == 1 && bytes.Equal(content, slices.Concat(texts[0], rest)); left == tt.takes {
			t.Errorf("%s: %d losses, %d bytes", tt.name, len(x.Losses), len(content))
		}
		if x.Intact() {
			t.Errorf("%s: nothing is said", tt.name)
		}
	}
}

// Whatever an archive is padded with, nothing is wrong with it, and what is recovered is without.
func TestPaddedArchive(t *testing.T) {
	archive := compress(t, nil, logExcerpt(t, 2000), stream.WithChunkSize(500))
	for _, n := range []int{1, 8, 4000, 100000} {
		zeros := make([]byte, n)
		x, out, _ := recovered(t, slices.Concat(archive, zeros, archive, zeros))
		if !x.Intact() || !bytes.Equal(out, slices.Concat(archive, archive)) {
			t.Errorf("%d zeros: %+v", n, x)
		}
		if x, _, _ := recovered(t, slices.Concat(archive, zeros, []byte("junk"))); x.Intact() {
			t.Errorf("%d zeros and junk: intact", n)
		}
	}
}

// Wherever the writer of a frame was stopped, no frame behind it is dropped, nor a whole chunk, and
// it is said that there is no end.
func TestFrameBehindUnfinishedOne(t *testing.T) {
	log := logExcerpt(t, 5000)
	one, two := log[:3000], log[3000:]
	for name, first := range map[string][]byte{
		"zstd": compress(t, nil, one, stream.WithChunkSize(700)),
		"bwt":  compress(t, nil, one, stream.WithMethod(codec.BWT), stream.WithChunkSize(700)),
		"mix":  compress(t, nil, one, mix(800, 700)...),
		"raw":  compress(t, nil, one, stream.WithMethod(codec.Raw), stream.WithChunkSize(700)),
	} {
		f := framesOf(t, first)[0]
		second := compress(t, nil, two, stream.WithChunkSize(500))
		step := 7 * thin
		if name == "mix" {
			step *= 8
		}
		if torture {
			step = 1
		}
		for end := 1; end < len(first); end++ {
			if edge := end < 40 || len(first)-end < 40; !edge && end%step > 0 && !endsRecord(f, int64(end)) {
				continue
			}
			whole := int64(0)
			for _, c := range f.Chunks {
				if c.Offset+c.Size <= int64(end) {
					whole = c.RawOffset + c.RawSize
				}
			}
			between := endsRecord(f, int64(end))
			damaged := slices.Concat(first[:end], second)
			x, _, content := recovered(t, damaged)
			if !bytes.Equal(content, slices.Concat(one[:whole], two)) {
				t.Fatalf("%s, cut at %d: %d bytes, want %d; %+v", name, end, len(content), int(whole)+len(two), x)
			}
			if x.Intact() || between && (x.Open != 1 || len(x.Losses) > 0 || !errors.Is(x.Repaired[0], stream.ErrUnfinished)) {
				t.Fatalf("%s, cut at %d: %+v", name, end, x)
			}
			if lost := len(one) - int(whole); lost > 0 && x.Open == 0 && len(x.Losses) == 0 {
				t.Fatalf("%s, cut at %d: nothing is said of %d bytes", name, end, lost)
			}
			if err := verifyAll(damaged); err == nil {
				t.Fatalf("%s, cut at %d: Verify finds nothing", name, end)
			}
		}
	}
}

// endsRecord says whether a record of a frame ends at an offset, or the header does.
func endsRecord(f format.Frame, at int64) bool {
	return at == f.Chunks[0].Offset || slices.ContainsFunc(f.Chunks, func(c format.Chunk) bool { return c.Offset+c.Size == at })
}

func ExampleVerify() {
	var archive bytes.Buffer
	w, _ := stream.NewWriter(&archive, nil)
	fmt.Fprintln(w, "a line")
	w.Close()
	b := archive.Bytes()
	b[len(b)-30] ^= 0xff
	fmt.Println(Verify(context.Background(), bytes.NewReader(b), int64(len(b)), Options{}) != nil)
	// Output: true
}
