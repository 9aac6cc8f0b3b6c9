package coder

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sort"
	"unicode/utf8"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
)

const (
	// maxVocabulary bounds the total of a CDF to 2^50.
	maxVocabulary = 1 << 18

	// maxRun is the number of bytes that are turned into tokens at once: several tokenizers are
	// worse than linear, and no context ends them.
	maxRun = 16 << 10

	// minRun is the size below which a run that the tokenizer does not spell back is no longer
	// halved.
	minRun = 256
)

// Vocabulary turns bytes into tokens whose pieces spell them exactly. It may be used concurrently.
type Vocabulary struct {
	model   lm.Model
	pieces  [][]byte
	sorted  []int32    // tokens with a piece, one per piece, in the order of the pieces
	inOrder bool       // sorted has tokens that follow each other
	first   [257]int   // sorted[first[b]:first[b+1]] begin with byte b
	single  [256]int32 // token of each single byte, -1: none
}

// checkVocabulary returns an error that wraps ErrVocabulary for a model whose tokens nothing can be
// coded with.
func checkVocabulary(m lm.Model) error {
	pieces := m.Pieces()
	switch n := len(pieces); {
	case n > maxVocabulary:
		return fmt.Errorf("%w: it has %d tokens, at most %d can be coded", codec.ErrVocabulary, n, maxVocabulary)
	case m.BOS() < 0 || int(m.BOS()) >= n:
		return fmt.Errorf("%w: BOS is token %d of %d", codec.ErrVocabulary, m.BOS(), n)
	case !slices.ContainsFunc(pieces, func(piece []byte) bool { return len(piece) > 0 }):
		return fmt.Errorf("%w: none of its %d tokens stands for bytes", codec.ErrVocabulary, n)
	}
	return nil
}

// NewVocabulary prepares the vocabulary of m. Errors wrap ErrVocabulary.
func NewVocabulary(m lm.Model) (*Vocabulary, error) {
	if err := checkVocabulary(m); err != nil {
		return nil, err
	}
	v := &Vocabulary{model: m, pieces: m.Pieces()}
	for t, p := range v.pieces {
		if len(p) > 0 {
			v.sorted = append(v.sorted, int32(t))
		}
	}
	// Of tokens with the same piece the last is used: SentencePiece puts its byte fallbacks before
	// the characters.
	slices.SortFunc(v.sorted, func(a, b int32) int {
		return cmp.Or(bytes.Compare(v.pieces[a], v.pieces[b]), cmp.Compare(b, a))
	})
	v.sorted = slices.CompactFunc(v.sorted, func(a, b int32) bool { return bytes.Equal(v.pieces[a], v.pieces[b]) })
	last := len(v.sorted) - 1
	v.inOrder = slices.IsSorted(v.sorted) && int(v.sorted[last]-v.sorted[0]) == last
	for b := range v.single {
		v.first[b+1] = sort.Search(len(v.sorted), func(i int) bool { return int(v.pieces[v.sorted[i]][0]) > b })
		v.single[b] = -1
		if i := v.first[b]; i < v.first[b+1] && len(v.pieces[v.sorted[i]]) == 1 {
			v.single[b] = v.sorted[i]
		}
	}
	return v, nil
}

// Size is the number of tokens.
func (v *Vocabulary) Size() int { return len(v.pieces) }

// Piece is the bytes of a token, empty for control tokens: read only.
func (v *Vocabulary) Piece(token int32) []byte { return v.pieces[token] }

// AppendTokens appends the tokens of the next run of text to dst and returns the rest of text,
// which is shorter. A run is valid UTF-8, cut after a line end or else between characters so that
// it has at most 16 KiB, or bytes that are not. It returns ErrNotSpellable if the vocabulary lacks
// a byte.
func (v *Vocabulary) AppendTokens(dst []int32, text []byte) (tokens []int32, rest []byte, err error) {
	n := validPrefix(text[:min(len(text), maxRun)])
	if n == 0 {
		n = invalidPrefix(text[:min(len(text), maxRun)])
		dst, err = v.LongestMatch(dst, text[:n])
		return dst, text[n:], err
	}
	if n < len(text) && n > maxRun-utf8.UTFMax {
		if i := bytes.LastIndexByte(text[:n], '\n'); i >= 0 {
			n = i + 1
		}
	}
	dst, err = v.appendRun(dst, text[:n])
	return dst, text[n:], err
}

// appendRun appends the model's own tokens of a run of valid UTF-8. What they do not spell back is
// halved until they do, or until it is so short that the longest matching pieces serve.
func (v *Vocabulary) appendRun(dst []int32, run []byte) ([]int32, error) {
	tokens, err := v.model.Tokenize(run)
	if err != nil {
		return dst, err
	}
	if len(tokens) > 0 && v.spells(tokens, run) {
		return append(dst, tokens...), nil
	}
	// SentencePiece puts a space before the text: spell the rest of the first token anew.
	if len(tokens) > 0 && v.valid(tokens[0]) {
		head, spaced := bytes.CutPrefix(v.pieces[tokens[0]], []byte(" "))
		if spaced && bytes.HasPrefix(run, head) && v.spells(tokens[1:], run[len(head):]) {
			dst, err = v.LongestMatch(dst, head)
			return append(dst, tokens[1:]...), err
		}
	}
	if len(run) < minRun {
		return v.LongestMatch(dst, run)
	}
	half := len(run) / 2
	if i := bytes.LastIndexByte(run[:half], '\n'); i >= 0 {
		half = i + 1
	}
	for !utf8.RuneStart(run[half]) {
		half++
	}
	if dst, err = v.appendRun(dst, run[:half]); err != nil {
		return dst, err
	}
	return v.appendRun(dst, run[half:])
}

func (v *Vocabulary) valid(token int32) bool { return token >= 0 && int(token) < len(v.pieces) }

// spells reports whether the pieces of tokens, none of them empty, are text.
func (v *Vocabulary) spells(tokens []int32, text []byte) bool {
	for _, t := range tokens {
		if !v.valid(t) || len(v.pieces[t]) == 0 || !bytes.HasPrefix(text, v.pieces[t]) {
			return false
		}
		text = text[len(v.pieces[t]):]
	}
	return len(text) == 0
}

// LongestMatch appends the tokens of text by taking the longest piece at each place. They depend on
// the text and the pieces alone, not on the model's tokenizer.
func (v *Vocabulary) LongestMatch(dst []int32, text []byte) ([]int32, error) {
	for len(text) > 0 {
		t := v.longest(text)
		if t < 0 {
			return dst, fmt.Errorf("%w: no piece for byte 0x%02x", ErrNotSpellable, text[0])
		}
		dst = append(dst, t)
		text = text[len(v.pieces[t]):]
	}
	return dst, nil
}

// longest is the token of the longest piece that text begins with, -1 if there is none.
func (v *Vocabulary) longest(text []byte) int32 {
	best := v.single[text[0]]
	lo, hi := v.first[text[0]], v.first[int(text[0])+1]
	// sorted[lo:hi] are the pieces that begin with text[:n].
	for n := 1; lo < hi; n++ {
		if t := v.sorted[lo]; len(v.pieces[t]) == n {
			best = t
			lo++
		}
		if n == len(text) {
			break
		}
		b := text[n]
		lo += sort.Search(hi-lo, func(i int) bool { return v.pieces[v.sorted[lo+i]][n] >= b })
		hi = lo + sort.Search(hi-lo, func(i int) bool { return v.pieces[v.sorted[lo+i]][n] > b })
	}
	return best
}

// lastTokens are the last n tokens of the end of text.
func (v *Vocabulary) lastTokens(text []byte, n int) []int32 {
	const bytesPerToken = 8 // enough for all but the longest pieces
	tokens := v.spelled(text[max(0, len(text)-n*bytesPerToken):])
	return tokens[max(0, len(tokens)-n):]
}

// spelled is LongestMatch without the bytes that no piece spells: for tokens that must not depend
// on the model's tokenizer, whose version may differ from the encoder's.
func (v *Vocabulary) spelled(text []byte) (tokens []int32) {
	for len(text) > 0 {
		t := v.longest(text)
		if t < 0 {
			text = text[1:]
			continue
		}
		tokens = append(tokens, t)
		text = text[len(v.pieces[t]):]
	}
	return tokens
}

// validPrefix is the length of the longest prefix of text that is valid UTF-8.
func validPrefix(text []byte) int {
	n := 0
	for n < len(text) {
		if text[n] < utf8.RuneSelf {
			n++
			continue
		}
		r, size := utf8.DecodeRune(text[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// invalidPrefix is the length of the longest prefix of text in which no character begins.
func invalidPrefix(text []byte) int {
	for n := range text {
		if r, size := utf8.DecodeRune(text[n:]); r != utf8.RuneError || size != 1 {
			return n
		}
	}
	return len(text)
}
