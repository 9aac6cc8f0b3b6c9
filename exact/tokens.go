package exact

import (
	"bytes"
	"slices"
)

// tokens numbers the tokens of a file anew, in the order of their pieces: who sums logits up over
// the tokens that begin with the same bytes finds them side by side. Tokens of the same piece keep
// the order of the file.
type tokens struct {
	pieces [][]byte
	file   []int32 // number in the file
	number []int32 // of a token of the file
}

func newTokens(pieces [][]byte) tokens {
	t := tokens{make([][]byte, len(pieces)), make([]int32, len(pieces)), make([]int32, len(pieces))}
	for i := range t.file {
		t.file[i] = int32(i)
	}
	slices.SortStableFunc(t.file, func(a, b int32) int { return bytes.Compare(pieces[a], pieces[b]) })
	for i, f := range t.file {
		t.pieces[i], t.number[f] = pieces[f], int32(i)
	}
	return t
}
