package stream

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/damagetest"
)

// subject is an archive that is damaged in every way.
type subject struct{ *damagetest.Subject }

func subjects(t *testing.T) []subject {
	log := logExcerpt(t, 3000)
	long := logExcerpt(t, 130000)
	mix := []WriterOption{WithMethod(codec.Mix), WithLevel(1), WithPrimer(800), WithChunkSize(400)}
	with := func(o ...WriterOption) []WriterOption { return slices.Concat(mix, o) }
	type archive struct {
		name             string
		archive, content []byte
		page, slow       int
	}
	list := []archive{
		{name: "mix", archive: compress(t, nil, log, mix...), content: log, slow: 4},
		{name: "lead", archive: ledBy(t, compress(t, nil, log, mix...), log, 300), content: log[300:], slow: 4},
		{name: "lm", archive: compress(t, letters, modelText(1200), WithChunkSize(100)), content: modelText(1200), slow: 1},
		{name: "rank-gzip", archive: compress(t, letters, modelText(1200), WithMethod(codec.RankGzip), WithChunkSize(300)), content: modelText(1200), slow: 1},
		{name: "rank-huffman", archive: compress(t, letters, modelText(1200), WithMethod(codec.RankHuffman), WithChunkSize(100)), content: modelText(1200), slow: 1},
		{name: "zstd", archive: compress(t, nil, log, WithChunkSize(300)), content: log, slow: 1},
		{name: "bwt", archive: compress(t, nil, log, WithMethod(codec.BWT), WithChunkSize(300)), content: log, slow: 4},
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
		list = append(list, archive{name: "mix and model, level 9", content: text, slow: 4000,
			archive: compress(t, fake, text, WithMethod(codec.Mix), WithLevel(9), WithPrimer(0))})
	}
	var all []subject
	for _, a := range list {
		s, err := damagetest.New(a.name, a.archive, a.content, a.page, a.slow)
		if err != nil {
			t.Fatalf("%s: %v", a.name, err)
		}
		all = append(all, subject{s})
	}
	return all
}

// try reads a damaged archive: there is an error, and what came before it is right, or everything
// is right. It says whether there was an error.
func (s subject) try(damaged []byte, n uint64) error {
	workers := 1 + int(n%2)
	got, err := decompress(damaged, WithWorkers(workers), WithLanes(workers))
	switch {
	case err == nil && bytes.Equal(got, s.Content):
	case err == nil && s.wholeFrames(damaged, got): // what is lost are whole frames at the end, or in between
	case err == nil:
		return fmt.Errorf("no error, and %d bytes that differ at %d of %d", len(got), differsAt(got, s.Content), len(s.Content))
	case !documented(err):
		return fmt.Errorf("undocumented: %w", err)
	case !bytes.HasPrefix(s.Content, got):
		return fmt.Errorf("%w, behind %d bytes that differ at %d of %d", err, len(got), differsAt(got, s.Content), len(s.Content))
	}
	return nil
}

// wholeFrames says whether an archive was cut off exactly behind one of its frames, which makes a
// shorter archive.
func (s subject) wholeFrames(damaged, got []byte) bool {
	for _, f := range s.Frames {
		end := f.Offset + f.Size
		if !bytes.Equal(damaged, s.Archive[:end]) {
			continue
		}
		raw := int64(0)
		for _, c := range f.Chunks {
			raw = c.RawOffset + c.RawSize
		}
		return raw == 0 || int64(len(got)) == raw && bytes.HasPrefix(s.Content, got)
	}
	return false
}

// TestSweep: whatever happens to an archive, a reader gives its content, or an error behind a part
// of it: never other bytes, and never a panic. A part of the cases is tried; all of them for small
// archives, and a good part for large ones, with LMZ_TORTURE set (make torture).
func TestSweep(t *testing.T) {
	var all atomic.Int64
	for _, s := range subjects(t) {
		t.Run(s.Name, func(t *testing.T) {
			if torture {
				t.Parallel()
			}
			for _, kind := range damagetest.Damages {
				n, step, least := kind.Count(s.Subject), 40*s.Slow*thin, 3
				if s.Slow >= 400 {
					least = 1
				}
				if torture {
					step, least = (s.Slow+9)/10, 10
				}
				step = max(1, min(step, n/least))
				cases := 0
				for i := 0; i < n; i += step {
					// Steps of their own size would meet the same bit of each byte.
					at := min(n-1, i+int(uint32(i)*2654435761>>16)%step)
					if err := s.try(kind.Make(s.Subject, at), uint64(i)); err != nil {
						t.Fatalf("%s, case %d of %d: %v", kind.Name, at, n, err)
					}
					cases++
				}
				t.Logf("| %s | %s | %d of %d |", s.Name, kind.Name, cases, n)
				all.Add(int64(cases))
			}
		})
	}
	t.Cleanup(func() { t.Logf("%d cases", all.Load()) })
}
