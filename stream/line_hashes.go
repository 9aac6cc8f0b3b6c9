package stream

import (
	"bytes"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/merkle"
)

// lineHashes makes the hash tree of the lines of the frame that is being written. Nil makes none.
type lineHashes struct {
	ends  int64 // of lines, in what was submitted
	open  bool  // what was submitted ends within a line
	lines merkle.Lines
}

// submit says where the lines of a chunk that is submitted are in the frame.
func (h *lineHashes) submit(t *encodeTask) {
	if t.hashed = h != nil && !(t.lone && len(t.raw) < format.MinHashed); !t.hashed {
		return
	}
	t.ends, t.open = h.ends, h.open
	h.ends += int64(bytes.Count(t.raw, []byte{'\n'}))
	h.open = t.raw[len(t.raw)-1] != '\n'
}

// hashLines hashes the lines that are whole in the chunk.
func (t *encodeTask) hashLines() {
	if t.hashed {
		t.lines = merkle.Inner(t.raw, t.ends, t.open)
	}
}

// add adds a chunk that has been written.
func (h *lineHashes) add(t *encodeTask) {
	if t.hashed {
		h.lines.Chunk(t.raw, t.lines)
	}
}

// hashesShare is the part of a frame that hashes take at most, as a divisor.
const hashesShare = 100

// record is the one that ends a frame whose records have so many bytes; nil: it needs none.
func (h *lineHashes) record(records int64) []byte {
	if h == nil || h.lines.Size() < format.MinHashed {
		return nil
	}
	tree := h.lines.Tree()
	most := (records/hashesShare - lineHashesHead) / int64(len(merkle.Hash{}))
	if most < 1 {
		return nil
	}
	for int64(len(tree.Blocks)) > most {
		tree = tree.Raise(tree.Height + 1)
	}
	return format.AppendAuxiliary(nil, format.AuxLines, format.AppendLineHashes(nil, tree))
}

// lineHashesHead is the most bytes that a record of them takes without the hashes.
const lineHashesHead = 24
