package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/preset"
)

// returning is a text of 2 MB that is mostly one line; between these, passages come that have
// come before, far from where they did.
func returning() []byte {
	r := rand.New(rand.NewPCG(5, 6))
	var passages [][]byte
	for range 8 {
		var p []byte
		for i := range 40 {
			p = fmt.Appendf(p, "%08x %d is said by %x\n", r.Uint32(), i, r.Uint32())
		}
		passages = append(passages, p)
	}
	var text []byte
	dull := bytes.Repeat([]byte("over and over again: 0123456789\n"), 1000)
	for i := range 64 {
		text = append(text, dull...)
		if i > 33 { // behind what would be the first chunk without a lead
			text = append(text, passages[i%len(passages)]...)
		}
	}
	return text
}

// led makes archives whose first chunk has a lead.
func led(t *testing.T, opts ...WriterOption) []byte {
	return compress(t, nil, returning(), append([]WriterOption{WithMethod(codec.Mix), WithLevel(1), WithChunkSize(64 << 10)}, opts...)...)
}

// leadOf is the size of the first chunk's lead.
func leadOf(t *testing.T, archive []byte) int {
	s := format.NewScanner(bytes.NewReader(archive))
	if _, err := s.NextFrame(); err != nil {
		t.Fatal(err)
	}
	c, err := s.NextChunk()
	if err != nil {
		t.Fatal(err)
	}
	return c.Lead
}

func TestLead(t *testing.T) {
	text, archive := returning(), led(t)
	lead := leadOf(t, archive)
	if lead == 0 {
		t.Fatal("there is no lead")
	}
	if plain := led(t, WithPrimer(1<<20)); leadOf(t, plain) > 0 || len(archive) >= len(plain) {
		t.Errorf("%d bytes with a lead, %d without", len(archive), len(plain))
	}
	chunks := framesOf(t, archive)[0].Chunks
	if n := chunks[0].RawSize; n > 1<<20-int64(lead) || n < 256<<10*7/8 {
		t.Errorf("%d bytes of content in the first chunk, behind a lead of %d", n, lead)
	}
	for _, opts := range [][]WriterOption{{WithWorkers(3)}, {WithVerify(nil, func(err error) { t.Error(err) })}} {
		if other := led(t, opts...); !bytes.Equal(other, archive) {
			t.Error("another archive")
		}
	}
	var parts bytes.Buffer
	w, err := NewWriter(&parts, nil, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(64<<10))
	for i := 0; i < len(text) && err == nil; i += 70_001 {
		_, err = w.Write(text[i:min(len(text), i+70_001)])
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil || !bytes.Equal(parts.Bytes(), archive) {
		t.Errorf("written in parts: %v, or another archive", err)
	}
	starts := lineStarts(text)
	for _, workers := range []int{1, 3} {
		if got, err := decompress(archive, WithWorkers(workers)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d workers: %v, differs at %d", workers, err, differsAt(got, text))
		}
		a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil, WithWorkers(workers), WithCache(0))
		if err != nil {
			t.Fatal(err)
		}
		if a.Size() != int64(len(text)) || a.Lines() != int64(bytes.Count(text, []byte{'\n'})) {
			t.Errorf("%d bytes, %d lines", a.Size(), a.Lines())
		}
		first := chunks[0].RawSize
		for _, at := range []int64{0, first - 5, first, 900_000, 7, int64(len(text)) - 10} {
			got := make([]byte, 10)
			if _, err := a.ReadAt(got, at); err != nil || !bytes.Equal(got, text[at:at+10]) {
				t.Errorf("at %d: %q, %v", at, got, err)
			}
		}
		for _, line := range []int64{0, 1, 5000, 20_000} {
			at, err := a.LineOffset(line)
			if err != nil || at != starts[line] {
				t.Errorf("line %d is at %d, want %d, %v", line, at, starts[line], err)
			}
		}
		a.Close()
	}
}

// A chunk with a lead that does not come back is coded otherwise, behind the same lead.
func TestLeadFallsBack(t *testing.T) {
	wrong := writerOption(func(o *writerOptions) error {
		o.verify = true
		o.mislead = func(m codec.Method, raw []byte) []byte {
			if m == codec.Mix && len(raw) > 64<<10 {
				return bytes.ToUpper(raw)
			}
			return raw
		}
		return nil
	})
	archive := led(t, wrong)
	if first := framesOf(t, archive)[0].Chunks[0]; first.Method != codec.Zstd || first.Failed == nil || leadOf(t, archive) == 0 {
		t.Errorf("method %v, failed %v, a lead of %d", first.Method, first.Failed, leadOf(t, archive))
	}
	text := returning()
	if got, err := decompress(archive); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%v, differs at %d", err, differsAt(got, text))
	}
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil, WithCache(0))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got := make([]byte, 100)
	if _, err := a.ReadAt(got, 1_000_000); err != nil || !bytes.Equal(got, text[1_000_000:1_000_100]) {
		t.Errorf("at random: %v", err)
	}
}

// Content of flushes is read whatever it was coded behind.
func TestLeadOfFlushed(t *testing.T) {
	text := returning()
	var out bytes.Buffer
	w, err := NewWriter(&out, nil, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(64<<10))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{text[:1_900_000], text[1_900_000:]} {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := decompress(out.Bytes()); err != nil || !bytes.Equal(got, text) || leadOf(t, out.Bytes()) == 0 {
		t.Errorf("%v, differs at %d", err, differsAt(got, text))
	}
}

// An archive that was cut off is read as far as it goes, also at random.
func TestLeadOfUnfinished(t *testing.T) {
	text, archive := returning(), led(t)
	chunks := framesOf(t, archive)[0].Chunks
	cut := chunks[len(chunks)-3]
	a, err := Open(bytes.NewReader(archive[:cut.Offset]), cut.Offset, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got := make([]byte, cut.RawOffset)
	if _, err := a.ReadAt(got, 0); err != nil || !bytes.Equal(got, text[:cut.RawOffset]) || a.Size() != cut.RawOffset {
		t.Errorf("%d bytes, want %d: %v, differs at %d", a.Size(), cut.RawOffset, err, differsAt(got, text))
	}
}

// A chunk that is exactly full is cut only if more comes, however the content comes.
func TestReadFromWritesTheSame(t *testing.T) {
	text := returning()
	for _, n := range []int{64 << 10, 1 << 20, 1<<20 + 64<<10, len(text)} {
		for _, primer := range []int{0, 64 << 10, 1 << 20} {
			opts := []WriterOption{WithMethod(codec.Mix), WithLevel(0), WithChunkSize(64 << 10), WithPrimer(primer)}
			want := compress(t, nil, text[:n], opts...)
			var out bytes.Buffer
			w, err := NewWriter(&out, nil, opts...)
			if err == nil {
				_, err = w.ReadFrom(bytes.NewReader(text[:n]))
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil || !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%d bytes, a primer of %d: %v, or another archive", n, primer, err)
			}
		}
	}
}

// told is a Reader that says how many bytes are left.
type told struct {
	io.Reader
	left int
}

func (r told) Len() int { return r.left }

// What a Reader says of the bytes to come bears on memory only: the buffer fits them, and nothing
// larger than what is collected at once.
func TestReadFromTold(t *testing.T) {
	text := returning()
	opts := []WriterOption{WithMethod(codec.Mix), WithLevel(0), WithChunkSize(1 << 20), WithPrimer(1 << 20)}
	for _, n := range []int{10_000, 1 << 20, len(text)} {
		want := compress(t, nil, text[:n], opts...)
		for _, left := range []int{n, 0, -1, 1, n / 2, 2 * n, math.MaxInt} {
			var out bytes.Buffer
			w, err := NewWriter(&out, nil, opts...)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.ReadFrom(told{bytes.NewReader(text[:n]), left}); err != nil {
				t.Fatal(err)
			}
			if room := cap(w.buf); left == n && room > n+4096 || room > preset.LeadView(1<<20) {
				t.Errorf("%d bytes, of which %d are told: a buffer of %d", n, left, room)
			}
			if err := w.Close(); err != nil || !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%d bytes, of which %d are told: %v, or another archive", n, left, err)
			}
		}
	}
}

// Only a first chunk that starts from nothing has a lead, which is shorter than what is coded.
func TestHostileLead(t *testing.T) {
	content := []byte("four\nlines\nof\ntext\n")
	frame := func(number int, h format.RecordHeader, lead uint64) []byte {
		says := Header{ChunkSize: 1 << 10, Mixes: true, Primer: format.PrimerFirstChunk}
		archive := format.AppendHeader(nil, &says)
		for i := range number {
			plain := format.RecordHeader{Method: codec.Raw, Raw: len(content), Lines: 4, CRC32C: crc32.Checksum(content, format.Castagnoli)}
			archive = format.AppendChunk(archive, &plain, says.ChunkSize, int64(i), content)
		}
		h.Method, h.CRC32C = codec.Raw, crc32.Checksum(content, format.Castagnoli)
		record := format.AppendChunk(nil, &h, says.ChunkSize, int64(number), content)
		if lead > 0 { // one that AppendChunk would not write
			i := bytes.Index(record, []byte{1, 1, byte(h.Lead)})
			record[i+2] = byte(lead)
			head := len(record) - len(content) - format.CheckSize
			check := format.ChunkCheck(record[:head], content, int64(number))
			binary.LittleEndian.PutUint16(record[head:], uint16(check))
			record[head+2] = byte(check >> 16)
		}
		return append(archive, record...)
	}
	good := frame(0, format.RecordHeader{Lead: 5, Raw: len(content) - 5, Lines: 3}, 0)
	if got, err := decompress(good); !errors.Is(err, ErrTruncated) || string(got) != "lines\nof\ntext\n" {
		t.Errorf("%q, %v", got, err)
	}
	for name, archive := range map[string][]byte{
		"of a second chunk":   frame(1, format.RecordHeader{Lead: 5, Raw: len(content) - 5, Lines: 3}, 0),
		"of all":              frame(0, format.RecordHeader{Lead: 5, Raw: len(content) - 5, Lines: 3}, uint64(len(content))),
		"of more than all":    frame(0, format.RecordHeader{Lead: 5, Raw: len(content) - 5, Lines: 3}, 100),
		"with its lines":      frame(0, format.RecordHeader{Lead: 5, Raw: len(content) - 5, Lines: 4}, 0),
		"that is primed":      frame(0, format.RecordHeader{Lead: 5, Raw: len(content) - 5, Lines: 3, Primed: true}, 0),
		"with too many lines": frame(0, format.RecordHeader{Lead: len(content) - 2, Raw: 2, Lines: 3}, 0),
	} {
		if got, err := decompress(archive); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a lead %s: %q, %v", name, got, err)
		}
	}
}
