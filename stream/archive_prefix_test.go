package stream

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/progress"
)

// decodedUpTo opens an archive, and says how many bytes of a chunk were decoded, at most, since it
// was asked last.
func decodedUpTo(t *testing.T, archive []byte, opts ...ReaderOption) (*Archive, func() int64) {
	t.Helper()
	var most atomic.Int64
	ctx := progress.With(context.Background(), func(_, done, _ int) { most.Store(max(most.Load(), int64(done))) })
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), models, append(opts, WithContext(ctx), WithWorkers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, func() int64 { return most.Swap(0) }
}

// Of a chunk that begins with all that is asked for, no more than a MiB beyond that is decoded, and
// it is decoded once.
func TestArchiveDecodesPrefixes(t *testing.T) {
	content := golden.Text("log", 8, 9<<18)
	starts := lineStarts(content)
	for name, opts := range map[string][]WriterOption{
		"alone": {WithMethod(codec.Mix), WithLevel(0), WithChunkSize(4 * mib)}, "primed": {WithMethod(codec.Mix), WithLevel(0), WithChunkSize(2*mib + 50_000), WithPrimer(50_000)},
	} {
		archive := compress(t, nil, content, opts...)
		c := framesOf(t, archive)[0].Chunks
		at := c[min(1, len(c)-1)].RawOffset
		for what, ask := range map[string]struct {
			do   func(a *Archive) ([]byte, int64, error)
			most int64
		}{
			"bytes": {func(a *Archive) ([]byte, int64, error) {
				p := make([]byte, 100)
				n, err := a.ReadAt(p, at+500_000)
				return p[:n], at + 500_000, err
			}, mib},
			"range": {func(a *Archive) ([]byte, int64, error) {
				var b bytes.Buffer
				_, err := a.WriteRange(&b, at+mib-10, 20)
				return b.Bytes(), at + mib - 10, err
			}, 2 * mib},
			"up to a sum": {func(a *Archive) ([]byte, int64, error) {
				p := make([]byte, mib)
				n, err := a.ReadAt(p, at)
				return p[:n], at, err
			}, mib},
			"line": {func(a *Archive) ([]byte, int64, error) {
				before, err := a.LineAt(at + 1000)
				if err != nil {
					return nil, 0, err
				}
				off, err := a.LineOffset(before)
				if off != starts[before] {
					t.Errorf("%s: line %d begins at %d, want %d", name, before, off, starts[before])
				}
				return content[off : off+1], off, err
			}, mib},
		} {
			a, most := decodedUpTo(t, archive)
			got, off, err := ask.do(a)
			if err != nil || !bytes.Equal(got, content[off:off+int64(len(got))]) || len(got) == 0 {
				t.Errorf("%s, %s: %d bytes, %v", name, what, len(got), err)
			}
			if n := most(); n == 0 || n > ask.most+64<<10 {
				t.Errorf("%s, %s: %d bytes of a chunk were decoded, want %d", name, what, n, ask.most)
			}
			// Ranges are not kept.
			if _, _, err := ask.do(a); err != nil || (most() > 0) != (what == "range") {
				t.Errorf("%s, %s: decoded again, %v", name, what, err)
			}
			if what != "bytes" {
				continue
			}
			// What is not there yet is decoded, and right, on the same tables.
			var all bytes.Buffer
			if _, err := a.WriteTo(&all); err != nil || !bytes.Equal(all.Bytes(), content) {
				t.Errorf("%s, %s: then all of it: %v", name, what, err)
			}
		}
	}
}

// Prefixes and whole chunks by turns, also at once, give the content; also with a model, and where
// sums are wrong, which are of no other use.
func TestArchivePrefixesAreRight(t *testing.T) {
	content := golden.Text("log", 6, 9<<18)
	text := modelText(1<<20 + 50_000)
	plain := compress(t, nil, content, WithMethod(codec.Mix), WithLevel(0), WithChunkSize(8<<18), WithPrimer(0))
	parts, err := damagetest.Take(plain)
	if err != nil {
		t.Fatal(err)
	}
	lying := parts[0]
	if len(lying.Records[0].Sums) == 0 {
		t.Fatal("there are no sums")
	}
	lying.Records[0].Sums[0] ^= 1
	for name, tt := range map[string]struct{ archive, content []byte }{
		"plain": {plain, content}, "wrong sums": {damagetest.Build(lying), content},
		"model": {compress(t, letters, text, WithLevel(0), WithMethod(codec.Mix), WithChunkSize(1<<21)), text},
		"zstd":  {compress(t, nil, content, WithMethod(codec.Zstd), WithChunkSize(8<<18)), content},
	} {
		a, err := Open(bytes.NewReader(tt.archive), int64(len(tt.archive)), models, WithWorkers(2))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		var wg sync.WaitGroup
		for seed := range uint64(2) {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(seed, 5))
				for range 6 {
					off := r.Int64N(int64(len(tt.content)))
					p := make([]byte, 1+r.IntN(3000))
					n, err := a.ReadAt(p, off)
					if !bytes.Equal(p[:n], tt.content[off:off+int64(n)]) || n < len(p) && err != io.EOF || n == len(p) && err != nil {
						t.Errorf("%s: %d of %d bytes at %d: %v", name, n, len(p), off, err)
					}
				}
			})
		}
		wg.Wait()
		if sums := framesOf(t, tt.archive); name == "plain" && sums[0].Chunks[0].RawSize <= format.SumEvery {
			t.Error("the chunk has no prefix")
		}
	}
}
