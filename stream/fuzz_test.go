package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
)

// documented says whether err is one that readers of damaged archives are told about.
func documented(err error) bool {
	for _, e := range []error{ErrCorrupt, ErrTruncated, ErrUnsupportedVersion, ErrNotArchive, ErrTooLarge, codec.ErrNoModel} {
		if errors.Is(err, e) {
			return true
		}
	}
	var mismatch *ModelMismatchError
	return errors.As(err, &mismatch)
}

// FuzzHeader: what is read from a header is what is written to one.
func FuzzHeader(f *testing.F) {
	f.Add(compress(f, letters, nil))
	f.Add([]byte{6, 0x80, 0x10})
	f.Add(compress(f, nil, nil))
	f.Add(compress(f, fake, nil, WithWindow(equalInfo)))
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(src []byte) (*Header, error) {
			return format.ReadHeader(format.NewRecorder(bytes.NewReader(src), 4096))
		}
		// Checksums are made right, to get behind them: of fields, and of a lone frame.
		lone := slices.Concat([]byte(format.HeaderMagic), []byte{format.Version}, data)
		sum := checksum(lone)
		for _, src := range [][]byte{data, frame(data), append(lone, byte(sum), byte(sum>>8), byte(sum>>16))} {
			h, err := read(src)
			if err != nil {
				if err != io.EOF && !documented(err) {
					t.Error(err)
				}
				continue
			}
			again, err := read(format.AppendHeader(nil, h))
			if err != nil || again.ChunkSize != h.ChunkSize || again.Probe != h.Probe || again.Window != h.Window ||
				again.Lone != h.Lone || again.Mixes != h.Mixes || again.Level != h.Level {
				t.Errorf("%+v became %+v, %v", h, again, err)
			}
			if size := format.HeaderSize(src); size == 0 || h.Lone && size != len(format.AppendHeader(nil, h)) {
				t.Errorf("%+v has %d bytes", h, size)
			}
		}
	})
}

// FuzzRecords: records behind a good header, with their checks made right.
func FuzzRecords(f *testing.F) {
	const size = 1000
	raw := []byte("some bytes\nof a chunk\n")
	f.Add(format.AppendChunk(nil, &format.RecordHeader{Raw: len(raw), Lines: 2, CRC32C: checksum(raw)}, size, 0, raw), []byte(nil))
	f.Add(format.AppendChunk(nil, &format.RecordHeader{Lead: 5, Raw: len(raw) - 5, Lines: 2, CRC32C: checksum(raw)}, size, 0, raw), []byte(nil))
	f.Add(format.AppendAuxiliary(nil, 2, raw), []byte{format.TagIndex, 4, 1, 2, 3, 4})
	f.Add([]byte{format.TagChunk | format.TagExtended, 1, 2, 3, 4, 5, 6}, raw)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if len(first) > format.CheckSize+5 && first[0]&format.TagChunkMask == format.TagChunk {
			in := bytes.NewReader(first[1:])
			if h, err := format.ReadChunkHeader(in, first[0], size); err == nil && in.Len() == h.Payload {
				at := len(first) - h.Payload - format.CheckSize
				first = sealed(first[:at], first[at+format.CheckSize:], 0)
			}
		}
		archive := frame(chunkSizeField(size), first, second)
		if _, err := decompress(archive); err != nil && !documented(err) {
			t.Error(err)
		}
		if _, err := format.ReadIndex(bytes.NewReader(archive), int64(len(archive))); err != nil && !documented(err) {
			t.Error(err)
		}
	})
}

// FuzzIndex: an index that disagrees with the records in front of it is refused.
func FuzzIndex(f *testing.F) {
	const size = 1000
	raw := []byte("some bytes\nof a chunk\n")
	rec := format.AppendChunk(nil, &format.RecordHeader{Raw: len(raw), Lines: 2, CRC32C: checksum(raw)}, size, 0, raw)
	head := frame(chunkSizeField(size))
	x := format.Index{ChunkSize: size}
	x.Chunk(int64(len(rec)), len(raw), 2)
	body := x.Body(int64(len(head)))
	f.Add(body)
	f.Add(format.AppendField(bytes.Clone(body), 2, raw))
	f.Add(format.AppendField(bytes.Clone(body), 3, raw))
	f.Fuzz(func(t *testing.T, fuzzed []byte) {
		end := append(binary.AppendUvarint([]byte{format.TagIndex}, uint64(len(fuzzed))), fuzzed...)
		end = binary.LittleEndian.AppendUint32(end, checksum(end))
		end = binary.LittleEndian.AppendUint32(end, uint32(len(end)))
		archive := bytes.Join([][]byte{head, rec, append(end, format.FooterMagic...)}, nil)
		got, err := decompress(archive)
		if err != nil && !documented(err) || !bytes.Equal(got, raw) {
			t.Errorf("%q, %v", got, err)
		}
		if err == nil && !bytes.HasPrefix(fuzzed, body) {
			t.Errorf("accepted % x, the records say % x", fuzzed, body)
		}
		if _, listed := format.ReadIndex(bytes.NewReader(archive), int64(len(archive))); (listed == nil) != (err == nil) {
			t.Errorf("decoding: %v, listing: %v", err, listed)
		}
	})
}

// FuzzReader: no input makes the Reader panic, or give an error that is not documented; reading in
// parallel gives the same.
func FuzzReader(f *testing.F) {
	archive, _ := small(f)
	f.Add(archive)
	f.Add(compress(f, letters, modelText(300), WithChunkSize(100)))
	f.Add(compress(f, nil, bytes.Repeat([]byte("zstd "), 100)))
	mixed := compress(f, nil, logExcerpt(f, 3000), primed(WithPrimer(1000), WithChunkSize(500))...)
	f.Add(mixed)
	hurt := bytes.Clone(mixed) // the primer is repaired
	hurt[40] ^= 1
	f.Add(hurt)
	f.Add(compress(f, fake, logExcerpt(f, 1000), primed(WithPrimer(300), WithChunkSize(500), lying("INFO", codec.Mix), WithVerify(nil, nil))...))
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantErr := decompress(data, WithWorkers(1), WithLanes(1), WithMemoryLimit(1<<24))
		if wantErr != nil && !documented(wantErr) {
			t.Error(wantErr)
		}
		got, err := decompress(data, WithWorkers(2), WithLanes(3), WithMemoryLimit(1<<24))
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%d bytes, %v; in parallel %d bytes, %v", len(want), wantErr, len(got), err)
		}
	})
}

// FuzzRoundTrip: any bytes, written in any portions, come back.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("line\nline\n"), uint16(3), uint16(10), uint8(0))
	f.Add(modelText(500), uint16(100), uint16(64), uint8(5))
	f.Add(modelText(500), uint16(100), uint16(64), uint8(2))
	f.Add(modelText(500), uint16(100), uint16(300), uint8(8))
	f.Add(modelText(500), uint16(100), uint16(300), uint8(8+16+2))
	f.Fuzz(func(t *testing.T, data []byte, portion, chunkSize uint16, kind uint8) {
		var out bytes.Buffer
		opts := []WriterOption{WithMethod(codec.LM), WithChunkSize(int(chunkSize) + 1), WithWorkers(2), WithLanes(2)}
		if kind&1 != 0 {
			opts = append(opts, WithMethod(codec.Mix), WithLevel(1), WithPrimer(int(chunkSize)*2))
		}
		if kind&8 != 0 {
			opts = append(opts, WithMethod(codec.RankGzip+codec.Method(kind>>4&1)*(codec.RankHuffman-codec.RankGzip)))
		}
		if kind&2 != 0 {
			opts = append(opts, WithVerify(nil, nil))
		}
		if kind&4 != 0 {
			opts = append(opts, WithVerify(nil, nil), lying("a", codec.Mix, codec.LM, codec.Zstd))
		}
		w, err := NewWriter(&out, fake, opts...)
		if err != nil {
			t.Fatal(err)
		}
		for p := data; len(p) > 0; {
			n := min(len(p), int(portion)+1)
			w.Write(p[:n])
			p = p[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := decompress(out.Bytes()); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%v, differs at %d", err, differsAt(got, data))
		}
	})
}
