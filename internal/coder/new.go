package coder

import (
	"fmt"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/kvcache"
)

// Params are what encoder and decoder must agree on beyond the method and the model.
type Params struct {
	Window kvcache.Policy // of the lane; ignored by methods without a model
	Level  int            // of Mix, 1 … 9
	Primed *Primed        // what chunks of Mix start from; nil: from nothing
	Later  int            // bytes of a chunk that starts from the state after this one, at most
	Alone  bool           // Mix does not ask the lane's model
}

// New makes a coder that works on the lane, for jobs that the lane is lent to. It returns
// ErrNoModel for a method that needs a model if the lane has none, and ErrMethod for a method it
// does not know. A coder may be kept for later jobs on the same lane, whatever other coders the
// lane has meanwhile.
func New(m codec.Method, lane *Lane, p Params) (Coder, error) {
	switch m {
	case codec.Raw:
		return raw{}, nil
	case codec.Zstd:
		return zstdCoder{lane}, nil
	case codec.LM:
		return newLM(lane, p)
	case codec.Mix:
		return newMix(lane, p)
	case codec.BWT:
		return &BWTCoder{lane: lane}, nil
	}
	return nil, fmt.Errorf("%w %d", codec.ErrMethod, m)
}
