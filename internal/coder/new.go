package coder

import (
	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/kvcache"
)

// Params are what encoder and decoder must agree on beyond the method and the model.
type Params struct {
	Window kvcache.Policy // of the lane; ignored by methods without a model
	Level  int            // of Mix, 0 … 9
	Primed *Primed        // what chunks of Mix start from; nil: from nothing
	Later  int            // bytes of a chunk that starts from the state after this one, at most
	Alone  bool           // Mix does not ask the lane's model
	Price  int64          // of a step of the model in Mix, as preset.Preset has it; 0: that of the level
	Watch  mix.Watch      // told what each byte costs while Mix or LM decode; nil: nobody

	Enough func(decoded []byte) bool // ends decoding of Mix, see mix.Params; may be nil

	Without mix.Parts // of Mix, for measurements; 0 in archives
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
	if m.ByTokens() {
		return newRank(m, lane, p)
	}
	return nil, Check(m)
}

// Check returns ErrMethod for a method that New does not know.
func Check(m codec.Method) error {
	switch m {
	case codec.Raw, codec.Zstd, codec.LM, codec.Mix, codec.BWT, codec.RankHuffman:
		return nil
	}
	_, err := byteCompressor(m)
	return err
}
