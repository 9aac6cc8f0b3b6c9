package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/lm"
)

func openBytes(t testing.TB, archive []byte, opts ...ReaderOption) *Archive {
	t.Helper()
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), models, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// archives are of all kinds: several groups, all methods, primers, dictionaries, models, frames in
// any order, without an end.
func archives(t testing.TB) map[string]struct{ archive, content []byte } {
	log, text := logExcerpt(t, 30000), modelText(6000)
	dict := log[20000:26000]
	level1 := compress(t, nil, log, primed()...)
	withDict := compress(t, nil, log[:9000], primed(WithDictionary(dict))...)
	withModel := compress(t, letters, text, WithChunkSize(100), WithLanes(3))
	long := bytes.Repeat([]byte("no line end"), 400)
	frames := slices.Concat(compress(t, nil, nil), withModel, withDict, compress(t, nil, nil), compress(t, fake, text[:900], WithChunkSize(400)),
		level1, compress(t, nil, long, WithChunkSize(300)), compress(t, nil, nil))
	content := slices.Concat(text, log[:9000], text[:900], log, long)
	smallOne, smallContent := small(t)
	return map[string]struct{ archive, content []byte }{
		"empty":      {compress(t, nil, nil), nil},
		"one chunk":  {compress(t, nil, log), log},
		"zstd":       {compress(t, nil, log, WithChunkSize(500)), log},
		"bwt":        {compress(t, nil, log, WithMethod(codec.BWT), WithChunkSize(2000)), log},
		"primer":     {level1, log},
		"lead":       {ledBy(t, level1, log, 1500), log[1500:]},
		"dictionary": {withDict, log[:9000]},
		"model":      {withModel, text},
		"frames":     {frames, content},
		"methods":    {smallOne, smallContent},
		"no lines":   {compress(t, nil, long, WithChunkSize(100)), long},
		"no footer":  {level1[:len(level1)-1], log},
		"no index":   {frames[:len(frames)-len(compress(t, nil, nil))-20], content},
	}
}

func ledBy(t testing.TB, archive, content []byte, n int) []byte {
	t.Helper()
	led, err := damagetest.Led(archive, content, n)
	if err != nil {
		t.Fatal(err)
	}
	return led
}

var testDictionaries = WithDictionaries(func(ctx context.Context, sum [32]byte) ([]byte, error) { return dictionaryOfTests(sum) })

func dictionaryOfTests(sum [32]byte) ([]byte, error) {
	var t testing.T
	return DictionarySet(logExcerpt(&t, 30000)[20000:26000])(context.Background(), sum)
}

// lineStarts are the offsets of all lines, and of what follows the last line end.
func lineStarts(content []byte) []int64 {
	starts := []int64{0}
	for i, b := range content {
		if b == '\n' {
			starts = append(starts, int64(i+1))
		}
	}
	return starts
}

// framesOf is what the indexes of an archive say.
func framesOf(t testing.TB, archive []byte) []Frame {
	t.Helper()
	frames, err := format.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

func TestArchive(t *testing.T) {
	log := logExcerpt(t, 9000)
	for name, tt := range archives(t) {
		for _, workers := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, workers), func(t *testing.T) {
				content := tt.content
				cache := int64(3000)
				if bytes.Contains(content, log) { // coded by a method that takes its time
					cache = 40000
				}
				a := openBytes(t, tt.archive, WithWorkers(workers), testDictionaries, WithCache(cache))
				if int64(len(content)) != a.Size() || a.Lines() != int64(bytes.Count(content, []byte{'\n'})) {
					t.Fatalf("%d bytes, %d lines; want %d, %d", a.Size(), a.Lines(), len(content), bytes.Count(content, []byte{'\n'}))
				}
				if a.Err() == nil {
					if err := iotest.TestReader(a, content); err != nil {
						t.Error(err)
					}
				} else if !errors.Is(a.Err(), ErrTruncated) {
					t.Errorf("ends with %v", a.Err())
				}
				checkArchive(t, a, content)
			})
		}
	}
}

// checkArchive compares what an Archive gives with the content that it has.
func checkArchive(t *testing.T, a *Archive, content []byte) {
	var out bytes.Buffer
	if _, err := a.Seek(0, io.SeekStart); err != nil {
		t.Error(err)
	}
	if n, err := a.WriteTo(&out); err != a.Err() || n != int64(len(content)) || !bytes.Equal(out.Bytes(), content) {
		t.Errorf("WriteTo: %d bytes, %v, differs at %d", n, err, differsAt(out.Bytes(), content))
	}
	starts := lineStarts(content)
	rapid.Check(t, func(t *rapid.T) {
		off := rapid.Int64Range(0, int64(len(content)+10)).Draw(t, "off")
		n := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 2000), rapid.IntRange(0, len(content)+10)).Draw(t, "n")
		want := content[min(off, int64(len(content))):min(off+int64(n), int64(len(content)))]
		var wantErr error
		if len(want) < n {
			wantErr = a.end()
		}
		p := make([]byte, n)
		if got, err := a.ReadAt(p, off); err != wantErr || !bytes.Equal(p[:got], want) {
			t.Fatalf("ReadAt(%d, %d): %d bytes, %v; want %d, %v", n, off, got, err, len(want), wantErr)
		}
		var out bytes.Buffer
		if got, err := a.WriteRange(&out, off, int64(n)); err != wantErr || got != int64(out.Len()) || !bytes.Equal(out.Bytes(), want) {
			t.Fatalf("WriteRange(%d, %d): %d bytes, %v; want %d, %v", off, n, got, err, len(want), wantErr)
		}
		line := rapid.IntRange(0, len(starts)+1).Draw(t, "line")
		at, err := a.LineOffset(int64(line))
		if line < len(starts) && (err != nil || at != starts[line]) || line >= len(starts) && err != a.end() {
			t.Fatalf("LineOffset(%d): %d, %v, of %d lines", line, at, err, len(starts))
		}
		number, err := a.LineAt(off)
		if inside := off <= int64(len(content)); inside != (err == nil) || inside && number != int64(bytes.Count(content[:off], []byte{'\n'})) {
			t.Fatalf("LineAt(%d): %d, %v", off, number, err)
		}
	})
}

// countedReads counts the reads of one byte of an archive.
type countedReads struct {
	*bytes.Reader
	at int64
	n  atomic.Int64
}

func (r *countedReads) ReadAt(p []byte, off int64) (int, error) {
	if off <= r.at && r.at < off+int64(len(p)) {
		r.n.Add(1)
	}
	return r.Reader.ReadAt(p, off)
}

// A chunk that many want is decoded once, and kept.
func TestArchiveConcurrently(t *testing.T) {
	content := random(1 << 20)
	archive := compress(t, nil, content, WithMethod(codec.Raw), WithChunkSize(100000))
	frames := framesOf(t, archive)
	c := frames[0].Chunks[3]
	r := &countedReads{Reader: bytes.NewReader(archive), at: c.Offset + c.Size/2}
	a, err := Open(r, int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			p := make([]byte, 1000)
			off := c.RawOffset + int64(i)*1000
			if _, err := a.ReadAt(p, off); err != nil || !bytes.Equal(p, content[off:off+1000]) {
				t.Errorf("at %d: %v", off, err)
			}
		})
	}
	wg.Wait()
	if n := r.n.Load(); n != 1 {
		t.Errorf("the chunk was read %d times", n)
	}
	for name, tt := range archives(t) {
		a := openBytes(t, tt.archive, WithWorkers(2), testDictionaries, WithCache(12000))
		for seed := range uint64(4) {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(seed, 1))
				for range 30 {
					p := make([]byte, random.IntN(1500))
					off := random.Int64N(int64(len(tt.content)) + 1)
					n, err := a.ReadAt(p, off)
					if !bytes.Equal(p[:n], tt.content[off:off+int64(n)]) || n < len(p) && err != a.end() {
						t.Errorf("%s: %d of %d bytes at %d: %v", name, n, len(p), off, err)
					}
				}
			})
		}
		wg.Wait()
	}
}

// An Archive cut off anywhere has all whole chunks.
func TestArchiveTruncated(t *testing.T) {
	archive, content := small(t)
	frames := framesOf(t, archive)
	for n := 0; n < len(archive); n += thin {
		var whole int64
		for _, f := range frames {
			for _, c := range f.Chunks {
				if c.Offset+c.Size <= int64(n) {
					whole = c.RawOffset + c.RawSize
				}
			}
		}
		a, err := Open(bytes.NewReader(archive), int64(n), models)
		if err != nil {
			if whole > 0 || !errors.Is(err, ErrTruncated) {
				t.Fatalf("%d of %d bytes: %v", n, len(archive), err)
			}
			continue
		}
		var out bytes.Buffer
		_, err = a.WriteTo(&out)
		if err == nil && n != int(frames[0].Size) || err != nil && !errors.Is(err, ErrTruncated) || !bytes.Equal(out.Bytes(), content[:whole]) {
			t.Fatalf("%d of %d bytes: %d bytes, want %d; error %v", n, len(archive), out.Len(), whole, err)
		}
		a.Close()
	}
}

// Damage to a chunk costs this chunk, which the error names, and what starts from it.
func TestArchiveDamaged(t *testing.T) {
	log := logExcerpt(t, 16000)
	for name, opts := range map[string][]WriterOption{
		"zstd": {WithMethod(codec.Zstd), WithChunkSize(300)}, "primer": primed(WithChunkSize(500)),
	} {
		archive := compress(t, nil, log, opts...)
		frames := framesOf(t, archive)
		chunks := frames[0].Chunks
		step := 7 * thin
		if name == "primer" {
			step *= 23
		}
		for i := int(chunks[0].Offset); i < len(archive); i += step {
			damaged := bytes.Clone(archive)
			damaged[i] ^= 1 << (i % 8)
			a, err := Open(bytes.NewReader(damaged), int64(len(damaged)), nil, WithWorkers(1))
			if err != nil {
				t.Fatalf("flip in byte %d: %v", i, err)
			}
			hit := slices.IndexFunc(chunks, func(c Chunk) bool { return int64(i) >= c.Offset && int64(i) < c.Offset+c.Size })
			for n, c := range chunks {
				p := make([]byte, c.RawSize)
				_, err := a.ReadAt(p, c.RawOffset)
				var at *ChunkError
				switch {
				case err == nil && bytes.Equal(p, log[c.RawOffset:c.RawOffset+c.RawSize]):
					if n == hit && (name != "primer" || n > 0) {
						t.Errorf("%s: flip in byte %d of chunk %d was not noticed", name, i, hit)
					}
				case n != hit || !errors.Is(err, ErrCorrupt) || !errors.As(err, &at) || at.Index != n || at.Offset != c.Offset:
					t.Errorf("%s: flip in byte %d, of chunk %d at %d: chunk %d: %v", name, i, hit, chunks[max(0, hit)].Offset, n, err)
				}
			}
			a.Close()
		}
	}
}

// Also when several chunks of a group are damaged, and their heads, the others are found.
func TestArchiveWithHoles(t *testing.T) {
	log := logExcerpt(t, 16000)
	archive := compress(t, nil, log, WithChunkSize(300))
	frames := framesOf(t, archive)
	chunks := frames[0].Chunks
	for name, tt := range map[string]struct{ hit, lost []int }{
		"one":       {[]int{18}, []int{18}},
		"two":       {[]int{18, 19}, []int{18, 19}},
		"two apart": {[]int{18, 21}, []int{18, 19, 20, 21}}, // how much is in each cannot be known
		"first":     {[]int{0}, []int{0}},
		"last":      {[]int{len(chunks) - 1}, []int{len(chunks) - 1}},
		"groups":    {[]int{15, 16, 47, 48}, []int{15, 16, 47, 48}},
	} {
		damaged := bytes.Clone(archive)
		for _, i := range tt.hit {
			clear(damaged[chunks[i].Offset:][:20])
		}
		a := openBytes(t, damaged)
		for i, c := range chunks {
			p := make([]byte, c.RawSize)
			_, err := a.ReadAt(p, c.RawOffset)
			var at *ChunkError
			lost := slices.Contains(tt.lost, i)
			before := int64(bytes.Count(log[:c.RawOffset], []byte{'\n'}))
			if number, err := a.LineAt(c.RawOffset); err != nil && !slices.Contains(tt.lost, i) || err == nil && number != before {
				t.Errorf("%s: chunk %d begins with line %d, %v, want %d", name, i, number, err, before)
			}
			if _, err := a.LineAt(c.RawOffset + c.RawSize - 1); lost != (err != nil) {
				t.Errorf("%s: the line of the last byte of chunk %d: %v", name, i, err)
			}
			if lost && (!errors.Is(err, ErrCorrupt) || !errors.As(err, &at)) || !lost && (err != nil || !bytes.Equal(p, log[c.RawOffset:c.RawOffset+c.RawSize])) {
				t.Errorf("%s: chunk %d: %v", name, i, err)
			}
		}
	}
}

// Where a record has taken the place of those in front of it, what they held is lost, and not what it
// holds, whatever was read before: both begin at the same byte of the archive.
func TestArchiveMovedRecord(t *testing.T) {
	log := logExcerpt(t, 20000)
	for name, opts := range map[string][]WriterOption{
		"alone":  {WithMethod(codec.Raw), WithChunkSize(700)},
		"primed": primed(),
	} {
		archive := compress(t, nil, log, opts...)
		chunks := framesOf(t, archive)[0].Chunks
		for _, to := range []int{0, 2} {
			from := chunks[to+3]
			record := archive[from.Offset : from.Offset+from.Size]
			moved := slices.Concat(archive[:chunks[to].Offset], record, archive[chunks[to].Offset:from.Offset], archive[from.Offset+from.Size:])
			clear(moved[chunks[to+1].Offset+from.Size:][:20]) // so that records are looked for
			for _, workers := range []int{1, 2} {
				a := openBytes(t, moved, WithWorkers(workers))
				for _, i := range []int{to + 3, to, to + 1, to + 3, to + 4, to} {
					c := chunks[i]
					p := make([]byte, c.RawSize)
					n, err := a.ReadAt(p, c.RawOffset)
					if !bytes.Equal(p[:n], log[c.RawOffset:][:n]) || err == nil && int64(n) < c.RawSize {
						t.Errorf("%s, %d workers, record %d in front of %d: chunk %d: other bytes, %v", name, workers, to+3, to, i, err)
					}
					if want := i >= to+3 && (name == "alone" || to > 0); want != (err == nil) {
						t.Errorf("%s, %d workers, record %d in front of %d: chunk %d: %v", name, workers, to+3, to, i, err)
					}
				}
			}
		}
	}
}

// A damaged header costs its frame; a damaged index what is behind it.
func TestArchiveDamagedFrame(t *testing.T) {
	log := logExcerpt(t, 3000)
	one, two, three := compress(t, nil, log[:1000]), compress(t, nil, log[1000:2000], WithChunkSize(200)), compress(t, nil, log[2000:])
	damaged := slices.Concat(one, two, three)
	damaged[len(one)+6] ^= 1
	a := openBytes(t, damaged)
	p := make([]byte, 1000)
	for i, want := range []error{nil, ErrCorrupt, nil} {
		if n, err := a.ReadAt(p, int64(i)*1000); !errors.Is(err, want) || err == nil && !bytes.Equal(p, log[1000*i:1000*i+1000]) {
			t.Errorf("header of frame 1 damaged: frame %d: %d bytes, %v", i, n, err)
		}
	}
	for _, off := range []int64{1000, 2000} {
		if line, err := a.LineAt(off); err != nil || line != int64(bytes.Count(log[:off], []byte{'\n'})) {
			t.Errorf("line of byte %d: %d, %v", off, line, err)
		}
	}
	if _, err := a.LineAt(1001); !errors.Is(err, ErrCorrupt) {
		t.Errorf("line of a byte that is lost: %v", err)
	}
	if at, err := a.LineOffset(a.Lines()); err != nil || at != lineStarts(log)[a.Lines()] {
		t.Errorf("last line: %d, %v", at, err)
	}
	damaged = slices.Concat(one, two, three)
	damaged[len(one)+len(two)-format.FooterSize-2] ^= 1
	a = openBytes(t, damaged)
	if n, err := io.ReadFull(a, make([]byte, 3000)); n != 2000 || !errors.Is(err, ErrCorrupt) || !errors.Is(a.Err(), ErrCorrupt) {
		t.Errorf("index of frame 1 damaged: %d bytes, %v", n, err)
	}
	// What was put into a frame moves where its index says that it begins.
	for i, archive := range [][]byte{slices.Concat(two, three), slices.Concat(one, two, three)} {
		in := framesOf(t, archive)[i].Chunks[3]
		a = openBytes(t, slices.Insert(archive, int(in.Offset+in.Size)-5, 'x', 'y'))
		if n, err := io.ReadFull(a, make([]byte, 3000)); int64(n) != in.RawOffset || !errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTruncated) {
			t.Errorf("bytes put into frame %d: %d bytes, %v", i, n, err)
		}
	}
	// Also where a record of the frame in front begins.
	archive := slices.Concat(one, compress(t, nil, log[1000:], WithMethod(codec.Raw), WithChunkSize(200)))
	frames := framesOf(t, archive)
	in := frames[1].Chunks[3]
	archive = slices.Delete(archive, int(in.Offset)+30, int(in.Offset+30+frames[0].Size-frames[0].Chunks[0].Offset))
	a = openBytes(t, archive)
	if n, err := io.ReadFull(a, make([]byte, 3000)); int64(n) != in.RawOffset || !errors.Is(err, ErrCorrupt) {
		t.Errorf("bytes taken out of a frame: %d bytes, %v", n, err)
	}
}

// A primer is repaired for whatever starts from it.
func TestArchiveRepairs(t *testing.T) {
	log := logExcerpt(t, 20000)
	archive := compress(t, nil, log, primed()...)
	frames := framesOf(t, archive)
	first := frames[0].Chunks[0]
	for at := first.Offset; at < first.Offset+first.Size; at += 97 {
		damaged := bytes.Clone(archive)
		damaged[at] ^= 0x10
		var notices []error
		a := openBytes(t, damaged, WithNotice(func(err error) { notices = append(notices, err) }))
		if n, err := a.ReadAt(make([]byte, 5000), 15000); n != 5000 || err != nil {
			t.Errorf("damage at %d: %v", at, err)
		}
		if n, err := a.ReadAt(make([]byte, 5000), 0); n != 5000 || err != nil {
			t.Errorf("damage at %d: %v", at, err)
		}
		if len(notices) != 1 || !errors.Is(notices[0], ErrCorrupt) {
			t.Errorf("damage at %d: told of %v", at, notices)
		}
	}
	damaged := bytes.Clone(archive)
	clear(damaged[first.Offset : first.Offset+first.Size/2])
	a := openBytes(t, damaged)
	var at *ChunkError
	if _, err := a.ReadAt(make([]byte, 10), 15000); !errors.Is(err, ErrCorrupt) || !errors.As(err, &at) || at.Index == 0 {
		t.Errorf("without its primer a chunk gives %v", err)
	}
}

func TestArchiveModels(t *testing.T) {
	text := modelText(4000)
	archive := slices.Concat(compress(t, letters, text, WithChunkSize(500)), compress(t, nil, text), compress(t, letters, text, WithChunkSize(500)))
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 100)
	if _, err := a.ReadAt(p, 0); !errors.Is(err, codec.ErrNoModel) {
		t.Errorf("no source: %v", err)
	}
	if _, err := a.ReadAt(p, 4000); err != nil || !bytes.Equal(p, text[:100]) {
		t.Errorf("a frame without a model: %v", err)
	}
	a.Close()
	opened := 0
	a, err = Open(bytes.NewReader(archive), int64(len(archive)), func(context.Context, lm.ModelID) (lm.Model, error) {
		opened++
		return letters, nil
	}, WithWorkers(2))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.WriteTo(io.Discard); n != 12000 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n := letters.OpenSessions(); n > 2 {
		t.Errorf("two workers have %d sessions", n)
	}
	if err := a.Close(); err != nil || opened != 1 {
		t.Errorf("models were opened %d times; %v", opened, err)
	}
	if n := letters.OpenSessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	for at := 73; at < 450; at += 30 {
		failing := fakemodel.New(fakemodel.Options{Pieces: letters.Pieces(), FailAt: at})
		a, err := Open(bytes.NewReader(archive), int64(len(archive)), func(context.Context, lm.ModelID) (lm.Model, error) { return failing, nil },
			WithWorkers(2))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := a.WriteTo(&out); !errors.Is(err, fakemodel.ErrFail) || !bytes.HasPrefix(text, out.Bytes()) {
			t.Errorf("step %d fails: %d bytes, %v", at, out.Len(), err)
		}
		a.Close()
		if n := failing.OpenSessions(); n != 0 {
			t.Errorf("step %d fails: %d sessions are open", at, n)
		}
	}
}

func TestArchiveErrors(t *testing.T) {
	log := logExcerpt(t, 100000)
	archive := compress(t, nil, log, WithChunkSize(20000))
	open := func(archive []byte, opts ...ReaderOption) (*Archive, error) {
		return Open(bytes.NewReader(archive), int64(len(archive)), nil, opts...)
	}
	for name, tt := range map[string]struct {
		archive []byte
		opts    []ReaderOption
		want    error
	}{
		"empty":     {nil, nil, ErrTruncated},
		"text":      {log, nil, ErrNotArchive},
		"version 2": {append([]byte(format.HeaderMagic), 2), nil, ErrUnsupportedVersion},
		"index":     {archive, []ReaderOption{WithMemoryLimit(10)}, ErrTooLarge},
	} {
		if _, err := open(tt.archive, tt.opts...); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	a, err := open(archive, WithMemoryLimit(20000))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ReadAt(make([]byte, 1), 0); !errors.Is(err, ErrTooLarge) {
		t.Errorf("limit of one raw chunk: %v", err)
	}
	if _, err := a.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
		t.Errorf("offset -1: %v", err)
	}
	if _, err := a.LineOffset(-1); err == nil || err == io.EOF {
		t.Errorf("line -1: %v", err)
	}
	a.Close()
	if _, err := a.ReadAt(make([]byte, 1), 0); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	if a, err = open(archive, WithContext(ctx)); err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	cancel(why)
	if _, err := a.ReadAt(make([]byte, 1), 0); err != why {
		t.Errorf("the context has ended: %v", err)
	}
	for _, workers := range []int{1, 3} {
		a, err := open(archive, WithMemoryLimit(60000), WithWorkers(workers))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if _, err := a.WriteTo(&failingWriter{30000}); err != errDisk {
			t.Errorf("WriteTo: %v", err)
		}
		var out bytes.Buffer
		a.Seek(0, io.SeekStart)
		if _, err := a.WriteTo(&out); err != nil || !bytes.Equal(out.Bytes(), log) {
			t.Errorf("limit of one chunk at a time: %v", err)
		}
	}
}

// Close stops all goroutines, also while there are reads under way.
func TestArchiveGoroutines(t *testing.T) {
	text := modelText(30000)
	archive := compress(t, letters, text, WithChunkSize(500))
	for _, n := range []int{0, 1, 2000} {
		a, err := Open(bytes.NewReader(archive), int64(len(archive)), models, WithWorkers(3))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := a.WriteRange(&failingWriter{n}, 0, 30000); err == nil {
					t.Error("nothing failed")
				}
			})
		}
		if n == 2000 {
			wg.Wait()
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		goleak.VerifyNone(t)
	}
	if n := letters.OpenSessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}

// FuzzArchive: no input makes an Archive panic or give an error that is not documented, and what a
// Reader reads to the end it reads too.
func FuzzArchive(f *testing.F) {
	archive, _ := small(f)
	f.Add(archive)
	f.Add(archive[:len(archive)-1])
	f.Add(compress(f, nil, logExcerpt(f, 9000), primed()...))
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantErr := decompress(data, WithWorkers(1), WithLanes(1), WithMemoryLimit(1<<24))
		a, err := Open(bytes.NewReader(data), int64(len(data)), models, WithWorkers(2), WithMemoryLimit(1<<24))
		if err != nil {
			if !documented(err) || wantErr == nil {
				t.Error(err)
			}
			return
		}
		defer a.Close()
		var out bytes.Buffer
		_, err = a.WriteTo(&out)
		if err != nil && !documented(err) {
			t.Error(err)
		}
		if wantErr == nil && (err != nil || !bytes.Equal(out.Bytes(), want)) {
			t.Errorf("differs at %d: %v", differsAt(out.Bytes(), want), err)
		}
		if err == nil {
			if at, err := a.LineOffset(a.Lines()); err != nil || int(at) != bytes.LastIndexByte(out.Bytes(), '\n')+1 {
				t.Errorf("last line at %d: %v", at, err)
			}
		}
	})
}

// FuzzTail: an index is read from behind as it is from the front.
func FuzzTail(f *testing.F) {
	for _, archive := range [][]byte{compress(f, nil, nil), compress(f, nil, logExcerpt(f, 9000), WithChunkSize(200))} {
		body := archive[bytes.LastIndexByte(archive, format.TagIndex)+1:] // with the length in front
		_, body, _ = format.CutUvarint(body)
		f.Add(body[:len(body)-4-format.FooterSize], uint16(199))
	}
	f.Fuzz(func(t *testing.T, body []byte, chunkSize uint16) {
		end := append(binary.AppendUvarint([]byte{format.TagIndex}, uint64(len(body))), body...)
		end = binary.LittleEndian.AppendUint32(end, checksum(end))
		end = binary.LittleEndian.AppendUint32(end, uint32(len(end)))
		data := slices.Concat(make([]byte, 1000), end, []byte(format.FooterMagic))
		tail, err := format.ReadTail(bytes.NewReader(data), int64(len(data)), 1<<20)
		if tail == nil {
			if err != nil && !documented(err) {
				t.Error(err)
			}
			return
		}
		places, err := tail.Places(int(chunkSize)+1, tail.Start)
		if err != nil {
			if !documented(err) {
				t.Error(err)
			}
			return
		}
		for i, p := range places[1:] {
			if q := places[i]; p.Offset < q.Offset || p.Raw < q.Raw || p.Lines < q.Lines || p.Lines > p.Raw {
				t.Errorf("%v in front of %v", q, p)
			}
		}
		if last := places[len(places)-1]; last != (format.Place{Offset: tail.Index, Raw: tail.Total.Raw, Lines: tail.Total.Lines}) {
			t.Errorf("ends at %v, want %v", last, tail)
		}
	})
}
