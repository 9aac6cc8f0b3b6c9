// Package kvcache keeps the books of one lane's window: which tokens a sequence of the KV cache
// holds, and what to feed next.
//
// A window holds at most Policy.Window tokens, the first of which is BOS. When it is full (or, with
// EqualInfo, when enough information has passed through it) it is reset: BOS and the last
// Policy.Overlap tokens are fed again at positions from 0. The books depend on the policy and on
// the calls made, so an encoder and a decoder that make the same calls feed the same tokens to the
// same positions. No token is fed more than twice by resets, so the cost of n tokens is linear in
// n.
package kvcache

import (
	"errors"
	"fmt"
)

// Reset says when a window starts afresh and with what. Values are part of the format and are never
// reused.
type Reset uint8

const (
	Hard      Reset = 0 // when full, keeping nothing but BOS
	Overlap   Reset = 1 // when full, keeping the last Policy.Overlap tokens
	EqualInfo Reset = 2 // after Policy.Bits coded bits, or when full, keeping Policy.Overlap tokens
)

func (r Reset) String() string {
	switch r {
	case Hard:
		return "hard"
	case Overlap:
		return "overlap"
	case EqualInfo:
		return "equal-info"
	}
	return fmt.Sprintf("reset(%d)", uint8(r))
}

const (
	minWindow = 4
	maxWindow = 1 << 20
	maxBits   = 1 << 32
)

// Policy fixes how a window moves over a chunk.
type Policy struct {
	Reset   Reset
	Window  int // tokens held at most, BOS included: 4 … 2^20
	Overlap int // tokens kept by a reset: 0 with Hard, else 0 … (Window-1)/2
	Bits    int // coded bits between resets: 1 … 2^32 with EqualInfo, else 0
}

// ErrPolicy is wrapped by the errors of Validate.
var ErrPolicy = errors.New("kvcache: invalid window policy")

// Validate returns an error that wraps ErrPolicy for a policy that cannot be followed.
func (p Policy) Validate() error {
	switch {
	case p.Reset > EqualInfo:
		return fmt.Errorf("%w: %v is not a kind of reset", ErrPolicy, p.Reset)
	case p.Window < minWindow || p.Window > maxWindow:
		return fmt.Errorf("%w: window of %d tokens, want %d to %d", ErrPolicy, p.Window, minWindow, maxWindow)
	case p.Reset == Hard && p.Overlap != 0:
		return fmt.Errorf("%w: overlap of %d tokens with hard resets, want 0", ErrPolicy, p.Overlap)
	case p.Overlap < 0 || p.Overlap > (p.Window-1)/2:
		return fmt.Errorf("%w: overlap of %d tokens, want 0 to %d in a window of %d", ErrPolicy, p.Overlap, (p.Window-1)/2, p.Window)
	case p.Reset == EqualInfo && (p.Bits < 1 || int64(p.Bits) > maxBits):
		return fmt.Errorf("%w: reset after %d bits, want 1 to %d", ErrPolicy, p.Bits, int64(maxBits))
	case p.Reset != EqualInfo && p.Bits != 0:
		return fmt.Errorf("%w: reset after %d bits with %v resets, want 0", ErrPolicy, p.Bits, p.Reset)
	}
	return nil
}
