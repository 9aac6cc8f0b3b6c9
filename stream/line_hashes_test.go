package stream

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/merkle"
)

// numbered are n lines of 64 bytes.
func numbered(n int) (b []byte) {
	for i := range n {
		b = fmt.Appendf(b, "%063d\n", i)
	}
	return b
}

// What is kept of lines stays what it is.
func TestLineHashesFormat(t *testing.T) {
	for _, tt := range []struct {
		lines  int
		height int
		blocks int
		sum    string // of the record
	}{
		{1<<14 - 1, 0, 0, ""},
		{1 << 14, 14, 1, "66daa70f"},
		{1<<14 + 1, 15, 1, "46f40c7e"},
		{200_000, 16, 4, "32778fe0"},
		{330_000, 16, 6, "ae7732be"},
	} {
		content := numbered(tt.lines)
		archive := compress(t, nil, content, WithMethod(codec.Raw), WithChunkSize(777_777))
		a := openBytes(t, archive)
		frames, err := a.FrameLines()
		if err != nil {
			t.Fatal(err)
		}
		tree := frames[0].Hashes
		if (tree == nil) != (tt.blocks == 0) {
			t.Errorf("%d lines: hashes: %+v", tt.lines, tree)
		}
		if tree == nil {
			continue
		}
		record := format.AppendAuxiliary(nil, format.AuxLines, format.AppendLineHashes(nil, tree))
		sum := sha256.Sum256(record)
		if !bytes.Contains(archive, record) || tree.Height != tt.height || len(tree.Blocks) != tt.blocks || fmt.Sprintf("%x", sum[:4]) != tt.sum {
			t.Errorf("%d lines: %d blocks of 2^%d, %x", tt.lines, len(tree.Blocks), tree.Height, sum[:4])
		}
		var all merkle.Lines
		all.Write(content)
		if !all.Tree().Agrees(tree) {
			t.Errorf("%d lines: another tree", tt.lines)
		}
	}
}

// Hashes take no more than a hundredth of a frame.
func TestLineHashesLimits(t *testing.T) {
	var h lineHashes
	h.lines.Write(numbered(330_000))
	for records, want := range map[int64]int{0: 0, 5599: 0, 5600: 1, 8799: 1, 8800: 2, 11999: 2, 21599: 3, 21600: 6, 1 << 40: 6} {
		got := 0
		if record := h.record(records); record != nil {
			tree, _, size := format.ReadLineHashes(bytes.NewReader(record), 0, int64(len(record)), h.lines.Size(), 330_000, 1<<20)
			if size > records/100 {
				t.Errorf("%d bytes of hashes for %d", size, records)
			}
			got = len(tree.Blocks)
		}
		if got != want {
			t.Errorf("%d bytes of records: %d hashes, want %d", records, got, want)
		}
	}
}

// Chunks that begin and end anywhere in lines, and are coded side by side, make the same tree.
func TestLineHashesOfChunks(t *testing.T) {
	content := append(bytes.Repeat([]byte("x"), 300_000), bytes.Repeat(logExcerpt(t, 100_000), 10)...)
	content = append(content, bytes.Repeat([]byte("\n\ny"), 9000)...)
	var want merkle.Lines
	want.Write(content)
	for _, opts := range [][]WriterOption{
		{WithMethod(codec.Raw), WithChunkSize(1000), WithWorkers(3)}, {WithMethod(codec.Zstd), WithChunkSize(99_999), WithVerify(nil, nil)},
		{WithMethod(codec.Raw), WithChunkSize(1 << 21)},
	} {
		frames, err := openBytes(t, compress(t, nil, content, opts...)).FrameLines()
		if err != nil || frames[0].Hashes == nil || !frames[0].Hashes.Agrees(want.Tree()) {
			t.Errorf("%+v, %v", frames, err)
		}
	}
	// A Writer that is used again begins anew.
	var first, second bytes.Buffer
	w, err := NewWriter(&first, nil, WithMethod(codec.Raw), WithChunkSize(50_000))
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []*bytes.Buffer{&first, &second} {
		w.Reset(out)
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("another archive the second time")
	}
}
