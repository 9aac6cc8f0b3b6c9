package format

import (
	"bytes"
	"testing"

	"github.com/lmz-go/lmz/internal/merkle"
)

func hashedTree(leaves int64, height int) *merkle.Tree {
	t := &merkle.Tree{Leaves: leaves, Height: height, Blocks: make([]merkle.Hash, merkle.Count(leaves, height))}
	for i := range t.Blocks {
		t.Blocks[i][0] = byte(i)
	}
	return t
}

// Hashes come back from among other records, unless they are of other content, or damaged.
func TestLineHashesComeBack(t *testing.T) {
	const raw = 3 << 16 // bytes of content: three hashes at most but for one
	body := AppendLineHashes(nil, hashedTree(1000, 8))
	record := AppendAuxiliary(nil, AuxLines, body)
	all := append(AppendAuxiliary(nil, AuxFilter, make([]byte, 100)), record...)
	read := func(all []byte, raw, lines, limit int64) bool {
		tree, at, size := ReadLineHashes(bytes.NewReader(all), 0, int64(len(all)), raw, lines, limit)
		if tree == nil {
			return false
		}
		return bytes.Equal(AppendLineHashes(nil, tree), body) && bytes.Equal(all[at:at+size], record)
	}
	limit := int64(len(body))
	for what, tt := range map[string]struct{ is, want bool }{
		"as it is":           {read(all, raw, 1000, limit), true},
		"a line without end": {read(all, raw, 999, limit), true},
		"fewer lines":        {read(all, raw, 998, limit), false},
		"more lines":         {read(all, raw, 1001, limit), false},
		"less content":       {read(all, raw-1, 1000, limit), false},
		"less memory":        {read(all, raw, 1000, limit-1), false},
		"none":               {read(all[:len(all)-len(record)], raw, 1000, limit), false},
		"cut off":            {read(all[:len(all)-1], raw, 1000, limit), false},
	} {
		if tt.is != tt.want {
			t.Errorf("%s: read: %v", what, tt.is)
		}
	}
	for i := range all {
		damaged := bytes.Clone(all)
		damaged[i] ^= 4
		if read(damaged, raw, 1000, limit) {
			t.Fatalf("damage in byte %d was not noticed", i)
		}
	}
	for what, body := range map[string][]byte{
		"empty": {}, "no height": {5}, "high": append([]byte{1, 63}, make([]byte, 32)...), "no leaves": {0, 0},
		"half a hash": append([]byte{1, 0}, make([]byte, 16)...), "one too many": append([]byte{1, 0}, make([]byte, 64)...),
	} {
		for lines := range int64(3) {
			if tree, err := ParseLineHashes(body, raw, lines); err == nil {
				t.Errorf("%s: %+v", what, tree)
			}
		}
	}
}

func FuzzLineHashes(f *testing.F) {
	f.Add(AppendLineHashes(nil, hashedTree(3, 1)), int64(3))
	f.Add(AppendLineHashes(nil, hashedTree(1, 62)), int64(0))
	f.Fuzz(func(t *testing.T, body []byte, lines int64) {
		tree, err := ParseLineHashes(body, 1<<20, lines)
		if err != nil {
			return
		}
		if again := AppendLineHashes(nil, tree); !bytes.Equal(again, body) || tree.Leaves-lines > 1 {
			t.Fatalf("% x came back as % x", body, again)
		}
		if tree.Root() != tree.Raise(tree.Height).Root() {
			t.Fatal("the root changed")
		}
	})
}
