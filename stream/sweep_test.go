package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/format"
)

// subject is an archive that is damaged in every way.
type subject struct {
	name             string
	archive, content []byte
	frames           []Frame
	page             int // bytes that are lost together
	slow             int // how many times fewer cases are tried
}

func subjects(t *testing.T) []*subject {
	log := logExcerpt(t, 3000)
	long := logExcerpt(t, 130000)
	mix := []WriterOption{WithMethod(codec.Mix), WithLevel(1), WithPrimer(800), WithChunkSize(400)}
	with := func(o ...WriterOption) []WriterOption { return slices.Concat(mix, o) }
	list := []*subject{
		{name: "mix", archive: compress(t, nil, log, mix...), content: log, slow: 4},
		{name: "lm", archive: compress(t, letters, modelText(1200), WithChunkSize(100)), content: modelText(1200), slow: 1},
		{name: "zstd", archive: compress(t, nil, log, WithChunkSize(300)), content: log, slow: 1},
		{name: "raw", archive: compress(t, nil, log[:900], WithMethod(codec.Raw), WithChunkSize(100)), content: log[:900], slow: 1},
		{name: "fallbacks", archive: compress(t, nil, log, with(WithVerify(nil, nil), lying("\n", codec.Mix))...), content: log, slow: 4},
		{name: "frames", slow: 4, archive: slices.Concat(compress(t, nil, log, mix...), compress(t, letters, modelText(300)),
			compress(t, nil, nil), compress(t, nil, log[:500], WithChunkSize(200))), content: slices.Concat(log, modelText(300), log[:500])},
		{name: "large, level 1", archive: compress(t, nil, long, WithMethod(codec.Mix), WithLevel(1), WithChunkSize(16<<10), WithPrimer(16<<10)),
			content: long, page: 4 << 10, slow: 800},
		{name: "large, level 3", archive: compress(t, nil, long, WithMethod(codec.Mix), WithLevel(3), WithChunkSize(16<<10), WithPrimer(16<<10)),
			content: long, page: 4 << 10, slow: 4000},
	}
	if torture { // level 9 asks the model about everything; its tables are large
		text := codectest.Generate(t, fake, 2000)
		list = append(list, &subject{name: "mix and model, level 9", content: text, slow: 4000,
			archive: compress(t, fake, text, WithMethod(codec.Mix), WithLevel(9), WithPrimer(0))})
	}
	for _, s := range list {
		var err error
		if s.frames, err = format.ReadIndex(bytes.NewReader(s.archive), int64(len(s.archive))); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if s.page == 0 {
			s.page = 64
		}
	}
	return list
}

// try reads a damaged archive: there is an error, and what came before it is right, or everything is right. It says whether
// there was an error.
func (s *subject) try(damaged []byte, n uint64) error {
	workers := 1 + int(n%2)
	got, err := decompress(damaged, WithReaderWorkers(workers), WithReaderLanes(workers))
	switch {
	case err == nil && bytes.Equal(got, s.content):
	case err == nil && s.wholeFrames(damaged, got): // what is lost are whole frames at the end, or in between
	case err == nil:
		return fmt.Errorf("no error, and %d bytes that differ at %d of %d", len(got), differsAt(got, s.content), len(s.content))
	case !documented(err):
		return fmt.Errorf("undocumented: %w", err)
	case !bytes.HasPrefix(s.content, got):
		return fmt.Errorf("%w, behind %d bytes that differ at %d of %d", err, len(got), differsAt(got, s.content), len(s.content))
	}
	return nil
}

// wholeFrames says whether an archive was cut off exactly behind one of its frames, which makes a shorter archive.
func (s *subject) wholeFrames(damaged, got []byte) bool {
	for _, f := range s.frames {
		end := f.Offset + f.Size
		if !bytes.Equal(damaged, s.archive[:end]) {
			continue
		}
		raw := int64(0)
		for _, c := range f.Chunks {
			raw = c.RawOffset + c.RawSize
		}
		return raw == 0 || int64(len(got)) == raw && bytes.HasPrefix(s.content, got)
	}
	return false
}

// records are all chunk records.
func (s *subject) records() (list []Chunk) {
	for _, f := range s.frames {
		list = append(list, f.Chunks...)
	}
	return list
}

// damages gives every kind of damage, one case after the other.
var damages = []struct {
	name  string
	count func(s *subject) int
	make  func(s *subject, i int) []byte
}{
	{"flipped bits", func(s *subject) int { return 8 * len(s.archive) }, func(s *subject, i int) []byte {
		d := bytes.Clone(s.archive)
		d[i/8] ^= 1 << (i % 8)
		return d
	}},
	{"truncations", func(s *subject) int { return len(s.archive) }, func(s *subject, i int) []byte { return s.archive[:i] }},
	{"bytes left out", func(s *subject) int { return len(s.archive) }, func(s *subject, i int) []byte {
		return slices.Concat(s.archive[:i], s.archive[i+1:])
	}},
	{"bytes put in", func(s *subject) int { return len(s.archive) + 1 }, func(s *subject, i int) []byte {
		return slices.Concat(s.archive[:i], []byte{byte(37 * i)}, s.archive[i:])
	}},
	{"pages of zeros", func(s *subject) int { return (len(s.archive) + s.page - 1) / s.page }, func(s *subject, i int) []byte {
		d := bytes.Clone(s.archive)
		clear(d[i*s.page : min(len(d), (i+1)*s.page)])
		return d
	}},
	{"pages of noise", func(s *subject) int { return (len(s.archive) + s.page - 1) / s.page }, func(s *subject, i int) []byte {
		d := bytes.Clone(s.archive)
		copy(d[i*s.page:min(len(d), (i+1)*s.page)], random(s.page))
		return d
	}},
	{"chunks dropped", func(s *subject) int { return len(s.records()) }, func(s *subject, i int) []byte {
		c := s.records()[i]
		return slices.Concat(s.archive[:c.Offset], s.archive[c.Offset+c.Size:])
	}},
	{"chunks doubled", func(s *subject) int { return len(s.records()) * len(s.records()) }, func(s *subject, i int) []byte {
		list := s.records()
		c, at := list[i/len(list)], list[i%len(list)].Offset
		return slices.Concat(s.archive[:at], s.archive[c.Offset:c.Offset+c.Size], s.archive[at:])
	}},
	{"chunks swapped", func(s *subject) int { return len(s.records()) * len(s.records()) }, func(s *subject, i int) []byte {
		list := s.records()
		a, b := list[i/len(list)], list[i%len(list)]
		if a.Offset >= b.Offset {
			return s.archive
		}
		d := s.archive
		return slices.Concat(d[:a.Offset], d[b.Offset:b.Offset+b.Size], d[a.Offset+a.Size:b.Offset], d[a.Offset:a.Offset+a.Size], d[b.Offset+b.Size:])
	}},
	{"chunks replaced", func(s *subject) int { return len(s.records()) * len(s.records()) }, func(s *subject, i int) []byte {
		list := s.records()
		a, b := list[i/len(list)], list[i%len(list)]
		return slices.Concat(s.archive[:a.Offset], s.archive[b.Offset:b.Offset+b.Size], s.archive[a.Offset+a.Size:])
	}},
	{"bursts", func(s *subject) int { return 2 * len(s.archive) }, func(s *subject, i int) []byte {
		d, r := bytes.Clone(s.archive), rand.New(rand.NewPCG(uint64(i), 1))
		for range 1 + r.IntN(4) {
			at := r.IntN(len(d))
			for j := range min(len(d)-at, 1+r.IntN(20)) {
				d[at+j] = byte(r.Uint32())
			}
		}
		return d
	}},
}

// TestSweep: whatever happens to an archive, a reader gives its content, or an error behind a part of it: never other bytes, and
// never a panic. A part of the cases is tried; all of them for small archives, and a good part for large ones, with
// LMZ_TORTURE set (make torture).
func TestSweep(t *testing.T) {
	var all atomic.Int64
	for _, s := range subjects(t) {
		t.Run(s.name, func(t *testing.T) {
			if torture {
				t.Parallel()
			}
			for _, kind := range damages {
				n, step, least := kind.count(s), 40*s.slow*thin, 3
				if s.slow >= 400 {
					least = 1
				}
				if torture {
					step, least = (s.slow+9)/10, 10
				}
				step = max(1, min(step, n/least))
				cases := 0
				for i := 0; i < n; i += step {
					// Steps of their own size would meet the same bit of each byte.
					at := min(n-1, i+int(uint32(i)*2654435761>>16)%step)
					if err := s.try(kind.make(s, at), uint64(i)); err != nil {
						t.Fatalf("%s, case %d of %d: %v", kind.name, at, n, err)
					}
					cases++
				}
				t.Logf("| %s | %s | %d of %d |", s.name, kind.name, cases, n)
				all.Add(int64(cases))
			}
		})
	}
	t.Cleanup(func() { t.Logf("%d cases", all.Load()) })
}
