package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	fake    = fakemodel.New(fakemodel.Options{})                            // spells everything
	letters = fakemodel.New(fakemodel.Options{Pieces: pieces("abcdefg\n")}) // does better than zstd on modelText
)

// pieces are BOS and these bytes.
func pieces(bytes string) [][]byte {
	p := [][]byte{nil}
	for i := range bytes {
		p = append(p, []byte(bytes[i:i+1]))
	}
	return p
}

// models is the source of fake, letters and sure.
func models(_ context.Context, id lm.ModelID) (lm.Model, error) {
	for _, m := range []lm.Model{letters, sure} {
		if id == m.ID() {
			return m, nil
		}
	}
	return fake, nil
}

var logExcerpt, modelText = damagetest.LogExcerpt, damagetest.ModelText

// methods counts the methods of an archive's chunks.
func methods(t testing.TB, archive []byte) map[codec.Method]int {
	t.Helper()
	frames := framesOf(t, archive)
	n := map[codec.Method]int{}
	for _, f := range frames {
		for _, c := range f.Chunks {
			n[c.Method]++
		}
	}
	return n
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func compress(t testing.TB, m lm.Model, data []byte, opts ...WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, m, withMethod(m, opts)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withMethod puts the simplest method for the model in front of the options.
func withMethod(m lm.Model, opts []WriterOption) []WriterOption {
	method := codec.Zstd
	if m != nil {
		method = codec.LM
	}
	return slices.Concat([]WriterOption{WithMethod(method)}, opts)
}

func decompress(archive []byte, opts ...ReaderOption) ([]byte, error) {
	return decompressBy(models, archive, opts...)
}

func decompressBy(models ModelSource, archive []byte, opts ...ReaderOption) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(archive), models, opts...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// inputs are what archives must give back.
func inputs(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"empty":         {},
		"one byte":      {'x'},
		"one line end":  {'\n'},
		"log":           logExcerpt(t, 20000),
		"random":        random(5000),
		"NULs":          make([]byte, 5000),
		"long line":     bytes.Repeat([]byte("abcdefg"), 1000),
		"invalid UTF-8": bytes.Repeat([]byte("ok \xff\xc3\x28 \xed\xa0\x80\n"), 300),
		"UTF-8":         []byte(strings.Repeat("日本語のログ é\U0001f600", 200)),
		"CRLF":          bytes.Repeat([]byte("line\r\n"), 700),
		"model's text":  modelText(5000),
		"one chunk":     logExcerpt(t, 2048),
		"and one byte":  logExcerpt(t, 2049),
	}
}

func TestRoundTrip(t *testing.T) {
	options := map[string][]WriterOption{
		"raw":        {WithMethod(codec.Raw), WithChunkSize(2048)},
		"zstd":       {WithMethod(codec.Zstd), WithChunkSize(2048)},
		"bwt":        {WithMethod(codec.BWT), WithChunkSize(2048)},
		"lm":         {WithChunkSize(2048)},
		"lm hard":    {WithChunkSize(2048), WithWindow(kvcache.Policy{Reset: kvcache.Hard, Window: 64})},
		"lm info":    {WithChunkSize(2048), WithWindow(kvcache.Policy{Reset: kvcache.EqualInfo, Window: 100, Overlap: 20, Bits: 300})},
		"lm default": nil,
		"rank-gzip":  {WithChunkSize(2048), WithMethod(codec.RankGzip)},
		"ranks info": {WithChunkSize(2048), WithMethod(codec.RankHuffman), WithWindow(kvcache.Policy{Reset: kvcache.EqualInfo, Window: 100, Overlap: 20, Bits: 300})},
	}
	for name, data := range inputs(t) {
		for method, opts := range options {
			t.Run(method+"/"+name, func(t *testing.T) {
				model := fake
				if name == "model's text" {
					model = letters
				}
				archive := compress(t, model, data, opts...)
				for _, conc := range [][2]int{{1, 1}, {3, 4}} {
					got, err := decompress(archive, WithWorkers(conc[0]), WithLanes(conc[1]))
					if err != nil || !bytes.Equal(got, data) {
						t.Fatalf("%d workers, %d lanes: %v, first difference at %d", conc[0], conc[1], err, differsAt(got, data))
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

// The bytes of an archive depend neither on concurrency nor on how the input arrives.
func TestSameBytes(t *testing.T) {
	data := slices.Concat(modelText(20000), random(2000), logExcerpt(t, 20000))
	want := compress(t, letters, data, WithChunkSize(400), WithWorkers(1), WithLanes(1))
	if n := methods(t, want); n[codec.LM] < 15 || n[codec.Zstd] < 15 || n[codec.Raw] < 2 {
		t.Errorf("methods: %v", n)
	}
	for _, conc := range [][2]int{{1, 3}, {1, 64}, {2, 1}, {8, 1}, {8, 64}} {
		got := compress(t, letters, data, WithChunkSize(400), WithWorkers(conc[0]), WithLanes(conc[1]))
		if !bytes.Equal(got, want) {
			t.Errorf("%d workers, %d lanes: archive differs at %d", conc[0], conc[1], differsAt(got, want))
		}
	}
	arrivals := map[string]func(io.Reader) io.Reader{
		"at once":  func(r io.Reader) io.Reader { return r },
		"one byte": iotest.OneByteReader,
		"half":     iotest.HalfReader,
		"data+EOF": iotest.DataErrReader,
	}
	for name, arrive := range arrivals {
		for _, copied := range []bool{false, true} {
			var out bytes.Buffer
			w, err := NewWriter(&out, letters, WithMethod(codec.LM), WithChunkSize(400))
			if err != nil {
				t.Fatal(err)
			}
			if r := arrive(bytes.NewReader(data)); copied {
				_, err = io.Copy(struct{ io.Writer }{w}, r)
			} else {
				_, err = w.ReadFrom(r)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%s, copied %v: archive differs at %d", name, copied, differsAt(out.Bytes(), want))
			}
		}
	}
}

func TestReaderLaws(t *testing.T) {
	data := modelText(9000)
	archive := compress(t, letters, data, WithChunkSize(1000))
	for _, lanes := range []int{1, 4} {
		r, err := NewReader(bytes.NewReader(archive), models, WithWorkers(1), WithLanes(lanes))
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, data); err != nil {
			t.Error(err)
		}
		if err := r.Reset(iotest.HalfReader(bytes.NewReader(archive))); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		head := make([]byte, 1500)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal(err)
		}
		if n, err := r.WriteTo(&out); err != nil || n != int64(len(data)-len(head)) {
			t.Errorf("WriteTo: %d bytes, %v", n, err)
		}
		if !bytes.Equal(append(head, out.Bytes()...), data) {
			t.Error("Read and WriteTo together differ from the input")
		}
		r.Close()
		if _, err := r.Read(head); err != ErrClosed {
			t.Errorf("Read after Close: %v", err)
		}
	}
}

func TestConcatenation(t *testing.T) {
	log := logExcerpt(t, 6000)
	other := fakemodel.New(fakemodel.Options{Seed: 7})
	archive := slices.Concat(
		compress(t, nil, log[:1000], WithChunkSize(300)),
		compress(t, fake, nil),
		compress(t, fake, log[1000:3000], WithChunkSize(500)),
		compress(t, nil, nil),
		compress(t, fake, log[3000:4000], WithChunkSize(500), WithWindow(kvcache.Policy{Reset: kvcache.Hard, Window: 32})),
		compress(t, other, log[4000:], WithChunkSize(400)),
	)
	opened := 0
	source := func(_ context.Context, id lm.ModelID) (lm.Model, error) {
		opened++
		if id == other.ID() {
			return other, nil
		}
		return fake, nil
	}
	for _, workers := range []int{1, 2} {
		r, err := NewReader(bytes.NewReader(archive), source, WithWorkers(workers), WithLanes(workers))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, log) {
			t.Errorf("%v, differs at %d", err, differsAt(got, log))
		}
		if r.Header().Model == nil || r.Header().Model.SHA256 != other.ID().SHA256 {
			t.Errorf("header at the end: %+v", r.Header())
		}
		r.Close()
	}
	if opened != 4 {
		t.Errorf("models were opened %d times in 2 runs of 4 frames with 2 models", opened)
	}
	if n := fake.OpenSessions() + other.OpenSessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}

func TestFlush(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, fake, WithMethod(codec.LM), WithChunkSize(1000))
	if err != nil {
		t.Fatal(err)
	}
	log := logExcerpt(t, 5000)
	for at, size := range []int{0, 0, 10, 2500, 0, 1000} {
		if _, err := w.Write(log[:size]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, err := decompress(out.Bytes())
		if !errors.Is(err, ErrTruncated) || len(got) != map[int]int{2: 10, 3: 2510, 4: 2510, 5: 3510}[at] {
			t.Errorf("flush %d: %d bytes can be read, %v", at, len(got), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := slices.Concat(log[:10], log[:2500], log[:1000])
	if got, err := decompress(out.Bytes()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, differs at %d", err, differsAt(got, want))
	}
}

// What is flushed into a pipe can be read from it while the archive goes on.
func TestFlushThroughPipe(t *testing.T) {
	pr, pw := io.Pipe()
	sent := make(chan error)
	w, err := NewWriter(pw, fake, WithMethod(codec.LM))
	if err != nil {
		t.Fatal(err)
	}
	line := []byte("a line of a live log\n")
	go func() {
		w.Write(line)
		sent <- w.Flush()
	}()
	r, err := NewReader(pr, models, WithWorkers(2))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(line))
	for range 3 {
		if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, line) {
			t.Fatalf("%q, %v", got, err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		go func() {
			w.Write(line)
			sent <- w.Flush()
		}()
	}
	go func() { <-sent; w.Close(); pw.Close() }()
	if rest, err := io.ReadAll(r); err != nil || !bytes.Equal(rest, line) {
		t.Fatalf("%q, %v", rest, err)
	}
	r.Close()
}

func TestReset(t *testing.T) {
	log := logExcerpt(t, 8000)
	var first, second bytes.Buffer
	w, err := NewWriter(&first, fake, WithMethod(codec.LM), WithChunkSize(1000))
	if err != nil {
		t.Fatal(err)
	}
	w.Write(log[:7000]) // dropped half-way
	w.Reset(&second)
	w.Write(log)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Reset(&first)
	first.Reset()
	w.Write(log)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := w.Write(log); err != ErrClosed {
		t.Errorf("Write after Close: %v", err)
	}
	want := compress(t, fake, log, WithChunkSize(1000))
	if !bytes.Equal(first.Bytes(), want) || !bytes.Equal(second.Bytes(), want) {
		t.Error("a Writer that was reset writes another archive")
	}
	r, err := NewReader(bytes.NewReader(want), models)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	io.CopyN(io.Discard, r, 100)
	if err := r.Reset(strings.NewReader("something else")); !errors.Is(err, ErrNotArchive) {
		t.Errorf("Reset to what is not an archive: %v", err)
	}
	if err := r.Reset(bytes.NewReader(want)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, log) {
		t.Errorf("%v, differs at %d", err, differsAt(got, log))
	}
}

func TestCut(t *testing.T) {
	tests := []struct{ full, want string }{
		{"a", "a"},
		{"abcdefgh", "abcdefgh"},
		{"\nbcdefgh", "\nbcdefgh"},
		{"abcdefg\n", "abcdefg\n"},
		{"aaaaaaaaaaaaaa\na", "aaaaaaaaaaaaaa\n"},
		{"aaaaaaaaaaaaa\naa", "aaaaaaaaaaaaa\naa"},
		{"abcdef\xc3", "abcdef"},
		{"abcdefé", "abcdefé"},
		{"ab\xf0\x9f\x98", "ab"},
		{"abcd\x9f\x98\x80", "abcd\x9f\x98\x80"},
		{"a\xff", "a\xff"},
		{"\xe6\x97", "\xe6\x97"},
		{"\xff\xf0\x9f\x98", "\xff"},
	}
	for _, tt := range tests {
		if got := tt.full[:cut([]byte(tt.full))]; got != tt.want {
			t.Errorf("cut(%q) = %q, want %q", tt.full, got, tt.want)
		}
	}
}

func TestFallback(t *testing.T) {
	data := slices.Concat(modelText(600), bytes.Repeat([]byte("a line that it cannot spell\n"), 22)[:600], random(100))
	archive := compress(t, letters, data, WithChunkSize(300))
	want := map[codec.Method]int{codec.LM: 2, codec.Zstd: 2, codec.Raw: 1}
	if diff := cmp.Diff(want, methods(t, archive)); diff != "" {
		t.Error(diff)
	}
	if back, err := decompress(archive); err != nil || !bytes.Equal(back, data) {
		t.Errorf("%v, differs at %d", err, differsAt(back, data))
	}
}

// The figures of FORMAT.md, overhead.
func TestOverhead(t *testing.T) {
	log := logExcerpt(t, 120000)
	payloads := func(archive []byte) (n int) {
		s := format.NewScanner(bytes.NewReader(archive))
		s.NextFrame()
		for {
			c, err := s.NextChunk()
			if err != nil {
				return n
			}
			if err := s.Payload(c); err != nil {
				t.Fatal(err)
			}
			n += len(c.Payload)
		}
	}
	one := compress(t, nil, log[:30000])
	if over := len(one) - payloads(one); over > 60+timesSize {
		t.Errorf("one chunk without a model: %d bytes of overhead, want at most 72", over)
	}
	const size = 1 << 16
	long := bytes.Repeat(log, 50)
	many := compress(t, nil, long, WithChunkSize(size))
	frames, err := format.ReadIndex(bytes.NewReader(many), int64(len(many)))
	if err != nil {
		t.Fatal(err)
	}
	n := len(frames[0].Chunks)
	per := float64(len(many)-payloads(many)-(len(one)-payloads(one))) / float64(n-1)
	t.Logf("one chunk: %d bytes; each of %d further ones: %.2f", len(one)-payloads(one), n-1, per)
	if per > 14+timesSize {
		t.Errorf("%.2f bytes of overhead for each further chunk, want at most 26", per)
	}
}

func TestReadIndex(t *testing.T) {
	log := logExcerpt(t, 40000)
	first := compress(t, nil, log, WithChunkSize(1000), WithMethod(codec.Zstd))
	archive := slices.Concat(first, compress(t, fake, log[:5000], WithChunkSize(1000)), compress(t, nil, nil))
	frames := framesOf(t, archive)
	content := slices.Concat(log, log[:5000])
	var at, raw int64
	for i, f := range frames {
		if f.Offset != at || !f.Indexed {
			t.Errorf("frame %d: at %d, want %d; indexed %v", i, f.Offset, at, f.Indexed)
		}
		at += f.Size
		for j, c := range f.Chunks {
			part := content[raw : raw+c.RawSize]
			if c.RawOffset != raw || c.Lines != int64(bytes.Count(part, []byte{'\n'})) || c.CRC32C != checksum(part) {
				t.Errorf("frame %d, chunk %d: %+v", i, j, c)
			}
			raw += c.RawSize
		}
	}
	if len(frames) != 3 || at != int64(len(archive)) || raw != int64(len(content)) {
		t.Errorf("%d frames, %d bytes of archive, %d of content", len(frames), at, raw)
	}

	// Without a footer: by scanning.
	for _, cutOff := range []int{1, 8, 9, 30, 100} {
		cut := first[:len(first)-cutOff]
		got, err := format.ReadIndex(bytes.NewReader(cut), int64(len(cut)))
		if !errors.Is(err, ErrTruncated) || len(got) != 1 || got[0].Indexed {
			t.Fatalf("cut by %d: %d frames, %v", cutOff, len(got), err)
		}
		if diff := cmp.Diff(frames[0].Chunks[:len(got[0].Chunks)], got[0].Chunks); diff != "" || len(got[0].Chunks) < 35 {
			t.Errorf("cut by %d: %d chunks\n%s", cutOff, len(got[0].Chunks), diff)
		}
	}
}

func TestOptions(t *testing.T) {
	bad := map[string]WriterOption{
		"chunk size 0":   WithChunkSize(0),
		"chunk too big":  WithChunkSize(format.MaxChunkSize + 1),
		"workers":        WithWorkers(0),
		"lanes":          WithLanes(-1),
		"method":         WithMethod(77),
		"window":         WithWindow(kvcache.Policy{Window: 1}),
		"window > model": WithWindow(kvcache.Policy{Window: 2048}),
	}
	for name, opt := range bad {
		if _, err := NewWriter(io.Discard, fake, opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, m := range []codec.Method{codec.LM, codec.RankGzip, codec.RankHuffman} {
		if _, err := NewWriter(io.Discard, nil, WithMethod(m)); !errors.Is(err, codec.ErrNoModel) {
			t.Errorf("%s without a model: %v", m, err)
		}
	}
	if _, err := NewWriter(io.Discard, fake, WithMethod(codec.RankBrotli)); !errors.Is(err, codec.ErrMethod) {
		t.Errorf("rank-brotli without its package: %v", err)
	}
	for i, opt := range []ReaderOption{WithWorkers(0), WithLanes(5000), WithMemoryLimit(0)} {
		if _, err := NewReader(bytes.NewReader(compress(t, nil, nil)), nil, opt); err == nil {
			t.Errorf("reader option %d: no error", i)
		}
	}
}

// timesSize is about what a chunk takes to tell of the times of its lines, in bytes.
const timesSize = 12
