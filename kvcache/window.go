package kvcache

import "fmt"

// BitFraction is the number of fractional bits of the costs that Spend takes.
const BitFraction = 16

// Window is the bookkeeping of one lane.
type Window struct {
	policy Policy
	tokens []int32 // held, tokens[0] is BOS; capacity policy.Window
	fresh  int     // tokens added since the last reset
	spent  uint64  // since the last reset, in 2^-BitFraction bits
	limit  uint64  // of spent; 0: none
}

// NewWindow makes a window that holds BOS alone. The caller feeds it through Prime.
func NewWindow(p Policy, bos int32) (*Window, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	w := &Window{policy: p, tokens: make([]int32, 1, p.Window), limit: uint64(p.Bits) << BitFraction}
	w.tokens[0] = bos
	return w, nil
}

// Policy is what the window was made with.
func (w *Window) Policy() Policy { return w.policy }

// Tokens are the tokens held, BOS first: a view that is valid until the next call.
func (w *Window) Tokens() []int32 { return w.tokens }

// Prime starts the window afresh with BOS and the last tokens of a primer, at most half a window of
// them. It says what to feed at position 0; the slice is valid until the next call.
func (w *Window) Prime(primer []int32) []int32 {
	tail := primer[max(0, len(primer)-w.policy.Window/2):]
	w.tokens = append(w.tokens[:1], tail...)
	w.fresh, w.spent = len(tail), 0
	return w.tokens
}

// Next adds a token and says what to feed: tokens at positions pos, pos+1, …; pos is 0 after a
// reset. The slice is valid until the next call.
func (w *Window) Next(token int32) (pos int, tokens []int32) {
	if w.due() {
		kept := w.tokens[max(1, len(w.tokens)-w.policy.Overlap):]
		w.tokens = append(w.tokens[:1], kept...)
		w.fresh, w.spent = 0, 0
	} else {
		pos = len(w.tokens)
	}
	w.tokens = append(w.tokens, token)
	w.fresh++
	return pos, w.tokens[pos:]
}

// due reports whether the next token starts the window afresh. Tokens kept by one reset are not
// kept by the next.
func (w *Window) due() bool {
	if len(w.tokens) == w.policy.Window {
		return true
	}
	return w.limit != 0 && w.spent >= w.limit && w.fresh >= max(1, w.policy.Overlap)
}

// Spend counts the cost of a coded token, in 2^-BitFraction bits, towards the next reset of
// EqualInfo.
func (w *Window) Spend(cost uint64) { w.spent += cost }

// Rollback forgets the last n tokens. It fails when the window, which may have been reset since
// they came, holds fewer.
func (w *Window) Rollback(n int) error {
	if n < 0 || n >= len(w.tokens) {
		return fmt.Errorf("kvcache: roll back %d tokens of %d", n, len(w.tokens)-1)
	}
	w.tokens = w.tokens[:len(w.tokens)-n]
	w.fresh = max(0, w.fresh-n)
	return nil
}
