package salvage

import (
	"bytes"
	"context"
	"regexp"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/merkle"
	"github.com/lmz-go/lmz/stream"
)

// hashesOf are the hashes that a frame keeps.
func hashesOf(t *testing.T, archive []byte, frame int) *merkle.Tree {
	t.Helper()
	a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	frames, err := a.FrameLines()
	if err != nil {
		t.Fatal(err)
	}
	return frames[frame].Hashes
}

// Hashes of lines are compared with the lines, and made anew; a frame that has lost some keeps
// none, and others do.
func TestLineHashes(t *testing.T) {
	content := golden.Text("log", 4, 2<<20)
	opts := func(chunk int) []stream.WriterOption {
		return []stream.WriterOption{stream.WithMethod(codec.Zstd), stream.WithChunkSize(chunk)}
	}
	recover := func(archive []byte) (*Recovery, []byte) {
		t.Helper()
		x, err := Recover(context.Background(), bytes.NewReader(archive), int64(len(archive)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := x.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		return x, out.Bytes()
	}
	verify := func(archive []byte) error {
		return Verify(context.Background(), bytes.NewReader(archive), int64(len(archive)), Options{})
	}
	for _, chunk := range []int{2 << 20, 100_000, 1 << 17} { // one, 21, and 16: a whole group
		one := compress(t, nil, content, opts(chunk)...)
		archive := append(bytes.Clone(one), one...)
		if err := verify(archive); err != nil {
			t.Fatal(err)
		}
		x, got := recover(archive)
		if !x.Intact() || !bytes.Equal(got, archive) {
			t.Errorf("chunks of %d: an intact archive becomes another: %v", chunk, x.Repaired)
		}

		p := take(t, one)
		last := &p.Records[len(p.Records)-1]
		tree, at, size := format.ReadLineHashes(bytes.NewReader(last.Literal), 0, int64(len(last.Literal)), int64(len(content)), int64(bytes.Count(content, []byte{'\n'})), 1<<20)
		if tree == nil || at+size != int64(len(last.Literal)) {
			t.Fatalf("chunks of %d: the frame does not end with hashes", chunk)
		}
		tree.Blocks[0][9] ^= 1
		wrong := format.AppendAuxiliary(nil, format.AuxLines, format.AppendLineHashes(nil, tree))
		lied := bytes.Replace(one, last.Literal[at:], wrong, 1) // as long, so the index holds
		if bytes.Equal(lied, one) {
			t.Fatal("the hashes are the same")
		}
		for name, archive := range map[string][]byte{"in front": append(bytes.Clone(lied), one...), "behind": append(bytes.Clone(one), lied...)} {
			err := verify(archive)
			if err == nil || !regexp.MustCompile("hashes at byte .* not those").MatchString(err.Error()) {
				t.Errorf("chunks of %d: wrong hashes %s: %v", chunk, name, err)
			}
			x, got := recover(archive)
			if len(x.Losses) > 0 || len(x.Repaired) != 1 || !bytes.Equal(got, append(bytes.Clone(one), one...)) {
				t.Errorf("chunks of %d: wrong hashes %s are not made anew: %v, %v", chunk, name, x.Losses, x.Repaired)
			}
		}

		c := framesOf(t, one)[0].Chunks
		damaged := append(bytes.Clone(one), one...)
		clear(damaged[c[len(c)-1].Offset:][:c[len(c)-1].Size/2])
		x, got = recover(damaged)
		if len(x.Losses) != 1 {
			t.Fatalf("chunks of %d: lost %v", chunk, x.Losses)
		}
		if err := verify(got); err != nil {
			t.Errorf("chunks of %d: what was recovered: %v", chunk, err)
		}
		if len(c) > 1 && hashesOf(t, got, 0) != nil {
			t.Errorf("chunks of %d: a frame that has lost lines keeps their hashes", chunk)
		}
		if h := hashesOf(t, got, len(framesOf(t, got))-1); h == nil || !h.Agrees(hashesOf(t, one, 0)) {
			t.Errorf("chunks of %d: a whole frame loses its hashes", chunk)
		}
	}
}
