package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/lm"
)

func checksum(p []byte) uint32 { return crc32.Checksum(p, format.Castagnoli) }

// small is an archive with all there is: several groups, all methods, two frames.
func small(t testing.TB) (archive, content []byte) {
	one := modelText(1000)
	two := slices.Concat(logExcerpt(t, 600), random(400), make([]byte, 200))
	archive = slices.Concat(compress(t, letters, one, WithChunkSize(50)), compress(t, nil, two, WithChunkSize(300)))
	if n := methods(t, archive); n[codec.LM] < 18 || n[codec.Zstd] < 2 || n[codec.Raw] < 1 {
		t.Errorf("methods: %v", n)
	}
	return archive, slices.Concat(one, two)
}

// Every changed bit is noticed: there is an error, and what came before it is right.
func TestBitFlips(t *testing.T) {
	archive, content := small(t)
	frames := framesOf(t, archive)
	for _, conc := range []int{1, 2} {
		for i := 0; i < len(archive); i += thin + 30*(conc-1) {
			damaged := bytes.Clone(archive)
			damaged[i] ^= 1 << (i % 8)
			got, err := decompress(damaged, WithWorkers(conc), WithLanes(conc))
			if err == nil || !bytes.HasPrefix(content, got) {
				t.Fatalf("flip in byte %d of %d: %d bytes, error %v", i, len(archive), len(got), err)
			}
			if _, err := format.ReadIndex(bytes.NewReader(damaged), int64(len(damaged))); err == nil && !inChunk(frames, i) {
				t.Errorf("flip in byte %d: listed without an error", i)
			}
		}
	}
}

// inChunk says whether byte i is one of a chunk record: listing does not look at all of these when
// the index agrees.
func inChunk(frames []Frame, i int) bool {
	for _, f := range frames {
		for _, c := range f.Chunks {
			if int64(i) >= c.Offset && int64(i) < c.Offset+c.Size {
				return true
			}
		}
	}
	return false
}

// An archive that was cut off anywhere gives out all whole chunks and says that it is truncated.
func TestTruncation(t *testing.T) {
	archive, content := small(t)
	frames := framesOf(t, archive)
	for _, conc := range []int{1, 2} {
		for n := 0; n < len(archive); n += thin + 30*(conc-1) {
			got, err := decompress(archive[:n], WithWorkers(conc), WithLanes(conc))
			if n == int(frames[0].Size) {
				if err != nil || int64(len(got)) != frames[1].Chunks[0].RawOffset {
					t.Errorf("one frame of two: %d bytes, %v", len(got), err)
				}
				continue
			}
			var whole int64
			for _, f := range frames {
				for _, c := range f.Chunks {
					if c.Offset+c.Size <= int64(n) {
						whole = c.RawOffset + c.RawSize
					}
				}
			}
			if !errors.Is(err, ErrTruncated) || !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(got, content[:whole]) {
				t.Fatalf("%d of %d bytes: %d bytes, want %d; error %v", n, len(archive), len(got), whole, err)
			}
		}
	}
}

// Records that are intact but not where they belong are noticed before anything of them is given
// out.
func TestRearranged(t *testing.T) {
	log := logExcerpt(t, 3000)
	archive := compress(t, nil, log, WithChunkSize(300))
	frames := framesOf(t, archive)
	c := frames[0].Chunks
	rec := func(i int) []byte { return archive[c[i].Offset : c[i].Offset+c[i].Size] }
	head, tail := archive[:c[2].Offset], archive[c[4].Offset:]
	for name, damaged := range map[string][]byte{
		"swapped": slices.Concat(head, rec(3), rec(2), tail),
		"dropped": slices.Concat(head, rec(3), tail),
		"doubled": slices.Concat(head, rec(2), rec(2), rec(3), tail),
	} {
		got, err := decompress(damaged)
		var at *ChunkError
		if !errors.Is(err, ErrCorrupt) || !errors.As(err, &at) || !bytes.HasPrefix(log, got) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
			continue
		}
		want := map[string]ChunkError{"swapped": {Index: 2, Offset: c[2].Offset}, "dropped": {Index: 2, Offset: c[2].Offset},
			"doubled": {Index: 3, Offset: c[3].Offset - c[3].Size + c[2].Size}}[name]
		if at.Index != want.Index || name != "doubled" && at.Offset != want.Offset {
			t.Errorf("%s: %v, want chunk %d at %d", name, err, want.Index, want.Offset)
		}
	}
	for name, damaged := range map[string][]byte{
		"last dropped":  slices.Concat(archive[:c[len(c)-1].Offset], archive[c[len(c)-1].Offset+c[len(c)-1].Size:]),
		"index dropped": archive[:c[len(c)-1].Offset+c[len(c)-1].Size],
		"garbage":       append(bytes.Clone(archive), "garbage"...),
	} {
		if got, err := decompress(damaged); err == nil || !bytes.HasPrefix(log, got) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestModelMismatch(t *testing.T) {
	archive := compress(t, fake, logExcerpt(t, 500))
	tests := map[string]*fakemodel.Model{
		"file":  fakemodel.New(fakemodel.Options{Seed: 1}),
		"class": fakemodel.New(fakemodel.Options{Class: "other"}),
		"probe": fakemodel.New(fakemodel.Options{Drift: 1}),
	}
	for name, m := range tests {
		_, err := NewReader(bytes.NewReader(archive), func(context.Context, lm.ModelID) (lm.Model, error) { return m, nil })
		var mismatch *ModelMismatchError
		if !errors.As(err, &mismatch) || mismatch.Want != fake.ID() || mismatch.Got != m.ID() {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if (mismatch.WantProbe != mismatch.GotProbe) != (name == "probe") {
			t.Errorf("%s: probes %x, %x", name, mismatch.WantProbe, mismatch.GotProbe)
		}
	}
	if _, err := NewReader(bytes.NewReader(archive), nil); !errors.Is(err, codec.ErrNoModel) {
		t.Errorf("no source: %v", err)
	}
	missing := errors.New("missing")
	if _, err := NewReader(bytes.NewReader(archive), func(context.Context, lm.ModelID) (lm.Model, error) { return nil, missing }); err != missing {
		t.Errorf("source fails: %v", err)
	}
}

// frame makes a frame of records, with a header of these fields.
func frame(fields []byte, records ...[]byte) []byte {
	b := append([]byte(format.HeaderMagic), format.Version)
	b = binary.AppendUvarint(b, uint64(len(fields)+11))
	b = append(b, fields...)
	b = binary.LittleEndian.AppendUint32(b, checksum(b))
	return append(b, slices.Concat(records...)...)
}

func chunkSizeField(n uint64) []byte {
	return format.AppendField(nil, format.FieldChunkSize, binary.AppendUvarint(nil, n))
}

func record(tag byte, chunkSize int, raw []byte, index int64) []byte {
	h := format.RecordHeader{Raw: len(raw), Lines: bytes.Count(raw, []byte{'\n'}), CRC32C: checksum(raw)}
	b := format.AppendChunk(nil, &h, chunkSize, index, nil)
	b[0] |= tag
	head := b[:len(b)-format.CheckSize]
	return head
}

func TestHeader(t *testing.T) {
	size := chunkSizeField(100)
	model := func(class int, window ...uint64) []byte {
		f := format.AppendField(bytes.Clone(size), format.FieldModel, append(make([]byte, 40), bytes.Repeat([]byte{'c'}, class)...))
		if window == nil {
			return f
		}
		var w []byte
		for _, v := range window {
			w = binary.AppendUvarint(w, v)
		}
		return format.AppendField(f, format.FieldWindow, w)
	}
	tests := []struct {
		name    string
		archive []byte
		want    error
	}{
		{"empty", nil, ErrTruncated},
		{"text", []byte("2026-11-24 text"), ErrNotArchive},
		{"gzip", []byte{0x1f, 0x8b, 8, 0}, ErrNotArchive},
		{"magic only", []byte(format.HeaderMagic), ErrTruncated},
		{"version 0", append([]byte(format.HeaderMagic), 0), ErrUnsupportedVersion},
		{"version 2", append([]byte(format.HeaderMagic), 2), ErrUnsupportedVersion},
		{"long header", append([]byte(format.HeaderMagic), 1, 0xff, 0xff, 0xff, 0x7f), ErrCorrupt},
		{"no chunk size", frame(nil), ErrCorrupt},
		{"chunk size 0", frame(chunkSizeField(0)), ErrCorrupt},
		{"chunk size 2^60", frame(chunkSizeField(1 << 60)), ErrCorrupt},
		{"twice", frame(append(bytes.Clone(size), size...)), ErrCorrupt},
		{"field cut off", frame(append(bytes.Clone(size), 4, 9, 1)), ErrCorrupt},
		{"mandatory field", frame(format.AppendField(bytes.Clone(size), 7, []byte{1, 1})), ErrUnsupportedVersion},
		{"optional field", frame(format.AppendField(bytes.Clone(size), 1<<20, []byte{1, 1})), nil},
		{"window without model", frame(format.AppendField(bytes.Clone(size), format.FieldWindow, []byte{0, 64, 0, 0})), ErrCorrupt},
		{"model without window", frame(model(4)), ErrCorrupt},
		{"model without class", frame(model(0, 0, 64, 0, 0)), ErrCorrupt},
		{"model with a long class", frame(model(65, 0, 64, 0, 0)), ErrCorrupt},
		{"window policy 9", frame(model(4, 9, 64, 0, 0)), ErrUnsupportedVersion},
		{"window of 2^31", frame(model(4, 0, 1<<31, 0, 0)), ErrCorrupt},
		{"window cut off", frame(model(4, 0, 64)), ErrCorrupt},
	}
	for _, tt := range tests {
		r, err := NewReader(bytes.NewReader(tt.archive), models)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err == nil {
			r.Close()
		}
	}
	// A window that is legal, but not for this model.
	h := Header{ChunkSize: 100, Model: new(lm.ModelID)}
	*h.Model = fake.ID()
	h.Window.Window = 1 << 20
	h.Probe, _ = coder.Probe(t.Context(), fake)
	if _, err := NewReader(bytes.NewReader(format.AppendHeader(nil, &h)), models); !errors.Is(err, ErrCorrupt) {
		t.Errorf("window larger than the model's context: %v", err)
	}
}

// sealed completes a record that ends in front of its check.
func sealed(head, payload []byte, index int64) []byte {
	check := format.ChunkCheck(head, payload, index)
	return append(append(bytes.Clone(head), byte(check), byte(check>>8), byte(check>>16)), payload...)
}

func TestRecords(t *testing.T) {
	const size = 100
	fields := chunkSizeField(size)
	raw := []byte("some raw bytes\n")
	plain := format.AppendChunk(nil, &format.RecordHeader{Raw: len(raw), Lines: 1, CRC32C: checksum(raw)}, size, 0, raw)
	x := format.Index{ChunkSize: size}
	x.Chunk(int64(len(plain)), len(raw), 1)
	header := int64(len(frame(fields)))
	end := format.AppendIndex(nil, &x, header)

	aux := format.AppendAuxiliary(nil, 100, random(10000))
	xa := x
	xa.Auxiliary(int64(len(aux)))

	method := func(m codec.Method) []byte {
		return format.AppendChunk(nil, &format.RecordHeader{Method: m, Raw: len(raw), Lines: 1, CRC32C: checksum(raw)}, size, 0, raw)
	}
	head := func(tag byte, numbers ...uint64) []byte {
		b := []byte{tag}
		for _, v := range numbers {
			b = binary.AppendUvarint(b, v)
		}
		return b
	}
	extended := func(ext []byte) []byte {
		h := append(head(format.TagChunk|format.TagExtended, uint64(size-len(raw)), uint64(len(raw)), 1, uint64(len(ext))), ext...)
		return sealed(binary.LittleEndian.AppendUint32(h, checksum(raw)), raw, 0)
	}
	withIndex := func(rec []byte) []byte {
		x := format.Index{ChunkSize: size}
		x.Chunk(int64(len(rec)), len(raw), 1)
		return format.AppendIndex(rec, &x, header)
	}
	section := func(kind uint64) []byte {
		body := format.AppendField(x.Body(header), kind, random(9000))
		b := binary.AppendUvarint([]byte{format.TagIndex}, uint64(len(body)))
		b = append(b, body...)
		b = binary.LittleEndian.AppendUint32(b, checksum(b))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
		return append(b, format.FooterMagic...)
	}
	tests := []struct {
		name    string
		records []byte
		want    error
	}{
		{"plain", slices.Concat(plain, end), nil},
		{"auxiliary", slices.Concat(aux, plain, format.AppendIndex(nil, &xa, header)), nil},
		{"auxiliary behind", slices.Concat(plain, aux, format.AppendIndex(nil, &xa, header)), nil},
		{"auxiliary not in the index", slices.Concat(plain, aux, end), ErrCorrupt},
		{"mandatory auxiliary", slices.Concat(format.AppendAuxiliary(nil, 3, nil), plain, end), ErrUnsupportedVersion},
		{"auxiliary of 2^60 bytes", head(format.TagAuxiliary, 2, 1<<60), ErrTruncated},
		{"extension", withIndex(extended(format.AppendField(nil, 2, []byte("x")))), nil},
		{"mandatory extension", withIndex(extended(format.AppendField(nil, 5, []byte("x")))), ErrUnsupportedVersion},
		{"extension of 2^40", head(format.TagChunk|format.TagExtended, 0, 0, 0, 1<<40), ErrCorrupt},
		{"section", slices.Concat(plain, section(2)), nil},
		{"mandatory section", slices.Concat(plain, section(3)), ErrUnsupportedVersion},
		{"index of other records", slices.Concat(plain, section(2)[:1]), ErrTruncated},
		{"index of 2^40 bytes", slices.Concat(plain, head(format.TagIndex, 1<<40)), ErrCorrupt},
		{"unknown tag", []byte{0x17}, ErrCorrupt},
		{"empty chunk", head(format.TagChunk, size, 0, 0), ErrCorrupt},
		{"payload of 2^60", head(format.TagChunk, 0, 1<<60), ErrCorrupt},
		{"payload larger than raw", head(format.TagChunk, size-5, 6), ErrCorrupt},
		{"more lines than bytes", head(format.TagChunk, size-5, 5, 6), ErrCorrupt},
		{"long varint", []byte{format.TagChunk, 0x80, 0x00}, ErrCorrupt},
		{"endless varint", append([]byte{format.TagChunk}, bytes.Repeat([]byte{0xff}, 20)...), ErrCorrupt},
		{"primed", withIndex(sealed(record(format.TagPrimed, size, raw, 0), nil, 0)), ErrCorrupt},
		{"method 9", withIndex(method(9)), ErrUnsupportedVersion},
		{"lm without a model", withIndex(method(codec.LM)), ErrCorrupt},
		{"rank-gzip without a model", withIndex(method(codec.RankGzip)), ErrCorrupt},
		{"rank-huffman without a model", withIndex(method(codec.RankHuffman)), ErrCorrupt},
		{"rank-brotli without its package", withIndex(method(codec.RankBrotli)), ErrUnsupportedVersion},
		{"zstd of garbage", withIndex(method(codec.Zstd)), ErrCorrupt},
		{"bwt without a level", withIndex(method(codec.BWT)), ErrCorrupt},
	}
	for _, tt := range tests {
		archive := frame(fields, tt.records)
		got, err := decompress(archive)
		if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if tt.want == nil && !bytes.Equal(got, raw) {
			t.Errorf("%s: %q", tt.name, got)
		}
		if _, listed := format.ReadIndex(bytes.NewReader(archive), int64(len(archive))); tt.want == nil && listed != nil {
			t.Errorf("%s: listed with %v", tt.name, listed)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	data := bytes.Repeat(logExcerpt(t, 100000), 5)
	archive := compress(t, nil, data, WithChunkSize(100000))
	if _, err := decompress(archive, WithMemoryLimit(100000)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("limit of one raw chunk: %v", err)
	}
	for _, workers := range []int{1, 4} {
		got, err := decompress(archive, WithMemoryLimit(300000), WithWorkers(workers))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("limit of one chunk at a time: %v", err)
		}
	}
}

// failingWriter fails with the byte after n.
type failingWriter struct{ n int }

var errDisk = errors.New("disk full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return max(0, len(p)+w.n), errDisk
	}
	return len(p), nil
}

func TestUnderlyingErrors(t *testing.T) {
	log := modelText(5000)
	archive := compress(t, letters, log, WithChunkSize(500))
	for n := 0; n < len(archive); n += 101 {
		w, err := NewWriter(&failingWriter{n}, letters, WithMethod(codec.LM), WithChunkSize(500))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(log)
		if err := w.Close(); err != errDisk {
			t.Errorf("room for %d bytes: Close gives %v", n, err)
		}
		if _, err := w.Write(log); err != errDisk {
			t.Errorf("room for %d bytes: the error is not sticky: %v", n, err)
		}
		if err := w.Close(); err != errDisk {
			t.Errorf("room for %d bytes: second Close gives %v", n, err)
		}
		src := io.MultiReader(bytes.NewReader(archive[:n]), iotest.ErrReader(errDisk))
		r, err := NewReader(src, models)
		if err == nil {
			var got []byte
			got, err = io.ReadAll(r)
			if !bytes.HasPrefix(log, got) {
				t.Errorf("input fails after %d bytes: wrong output", n)
			}
			if _, again := r.Read(make([]byte, 1)); !errors.Is(again, errDisk) {
				t.Errorf("input fails after %d bytes: the error is not sticky: %v", n, again)
			}
			r.Close()
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("input fails after %d bytes: %v", n, err)
		}
	}
	w, _ := NewWriter(io.Discard, nil, WithMethod(codec.Zstd))
	if _, err := w.ReadFrom(iotest.ErrReader(errDisk)); err != errDisk {
		t.Errorf("ReadFrom: %v", err)
	}
	if err := w.Close(); err != errDisk {
		t.Errorf("Close after ReadFrom has failed: %v", err)
	}
	r, _ := NewReader(bytes.NewReader(archive), models)
	if _, err := r.WriteTo(&failingWriter{700}); err != errDisk {
		t.Errorf("WriteTo: %v", err)
	}
	r.Close()
}

// A session that fails ends the Writer and the Reader with its error, wherever it fails.
func TestModelErrors(t *testing.T) {
	log := modelText(4000)
	archive := compress(t, letters, log, WithChunkSize(500))
	for _, at := range []int{73, 74, 106, 356} { // the probe takes 72
		failing := fakemodel.New(fakemodel.Options{Pieces: letters.Pieces(), FailAt: at})
		for _, conc := range []int{1, 2} {
			w, err := NewWriter(io.Discard, failing, WithMethod(codec.LM), WithChunkSize(500), WithWorkers(conc), WithLanes(conc))
			if err != nil {
				t.Fatal(err)
			}
			w.Write(log)
			if err := w.Close(); !errors.Is(err, fakemodel.ErrFail) {
				t.Errorf("step %d, concurrency %d: Close gives %v", at, conc, err)
			}
			r, err := NewReader(bytes.NewReader(archive), func(context.Context, lm.ModelID) (lm.Model, error) { return failing, nil },
				WithWorkers(conc), WithLanes(conc))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if !errors.Is(err, fakemodel.ErrFail) || !bytes.HasPrefix(log, got) {
				t.Errorf("step %d, concurrency %d: %d bytes, %v", at, conc, len(got), err)
			}
			r.Close()
		}
		if n := failing.OpenSessions(); n != 0 {
			t.Errorf("step %d: %d sessions are open", at, n)
		}
	}
}

func TestContext(t *testing.T) {
	log := logExcerpt(t, 100000)
	archive := compress(t, nil, log, WithChunkSize(1000))
	why := errors.New("enough")
	for _, conc := range []int{1, 3} {
		ctx, cancel := context.WithCancelCause(t.Context())
		w, err := NewWriter(io.Discard, fake, WithMethod(codec.LM), WithContext(ctx), WithWorkers(conc), WithLanes(conc), WithChunkSize(1000))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(log[:5000])
		cancel(why)
		if err := w.Close(); err != why {
			t.Errorf("concurrency %d: Close gives %v", conc, err)
		}
		ctx, cancel = context.WithCancelCause(t.Context())
		pr, pw := io.Pipe() // which blocks behind half of the archive
		go pw.Write(archive[:len(archive)/2])
		r, err := NewReader(pr, nil, WithContext(ctx), WithWorkers(conc))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, 5000)); err != nil {
			t.Errorf("concurrency %d: %v", conc, err)
		}
		cancel(why)
		if _, err := io.ReadAll(r); err != why {
			t.Errorf("concurrency %d: Read gives %v", conc, err)
		}
		r.Close() // does not wait for the pipe
		pr.Close()
	}
	if n := fake.OpenSessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}

// Close stops all goroutines, however much has been read or written.
func TestGoroutines(t *testing.T) {
	defer goleak.VerifyNone(t)
	log := modelText(30000)
	archive := compress(t, letters, log, WithChunkSize(500))
	for _, n := range []int64{0, 1, 2000, 30000, 40000} {
		r, err := NewReader(bytes.NewReader(archive), models, WithWorkers(3), WithLanes(2))
		if err != nil {
			t.Fatal(err)
		}
		io.CopyN(io.Discard, r, n)
		r.Close()
		goleak.VerifyNone(t)
		w, err := NewWriter(io.Discard, letters, WithMethod(codec.LM), WithChunkSize(500), WithWorkers(3), WithLanes(2))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(log[:min(n, 30000)])
		w.Close()
		goleak.VerifyNone(t)
	}
	if n := letters.OpenSessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}
