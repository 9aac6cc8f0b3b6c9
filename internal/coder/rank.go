package coder

import (
	"fmt"

	"github.com/lmz-go/lmz/codec"
)

// The rank methods code, of each token, how many others the model holds to be likelier. After S. S.
// Narashiman and N. Chandrachoodan, "AlphaZip: Neural Network-Enhanced Lossless Text Compression"
// (2024), which compresses only.

// ranks are the tokenSymbols of the rank methods.
type ranks struct {
	order  rankOrder
	stream rankStream
}

// rankStream is how ranks become bytes. Its methods are as those of tokenSymbols.
type rankStream interface {
	begin(dst []byte)
	put(rank uint32)
	end() ([]byte, error)

	open(src []byte) error
	next() (uint32, error)
	close() error
}

func newRank(m codec.Method, lane *Lane, p Params) (*tokenCoder, error) {
	var stream rankStream
	if m == codec.RankHuffman {
		stream = new(huffman)
	} else {
		by, err := byteCompressor(m)
		if err != nil {
			return nil, err
		}
		stream = &rankBytes{lane: lane, by: by}
	}
	return newTokenCoder(lane, p, func(v *Vocabulary) tokenSymbols { return &ranks{newRankOrder(v), stream} })
}

func (r *ranks) begin(dst []byte) { r.stream.begin(dst) }

func (r *ranks) encode(cdf *CDF, token int32) { r.stream.put(r.order.rank(cdf, token)) }

func (r *ranks) end() ([]byte, error) { return r.stream.end() }

func (r *ranks) open(src []byte) error { return r.stream.open(src) }

func (r *ranks) decode(cdf *CDF) (int32, error) {
	rank, err := r.stream.next()
	if err != nil {
		return 0, err
	}
	if uint64(rank) >= uint64(len(r.order)) {
		return 0, fmt.Errorf("%w: rank %d of %d tokens", ErrCorrupt, rank, len(r.order))
	}
	return r.order.token(cdf, rank), nil
}

func (r *ranks) close() error { return r.stream.close() }

// rankOrder is the tokens that have a rank, those with a piece. The greater the weight, the lower
// the rank, from 0; of equal ones the token of the lower number comes first.
type rankOrder []int32

func newRankOrder(v *Vocabulary) (order rankOrder) {
	for t, piece := range v.pieces {
		if len(piece) > 0 {
			order = append(order, int32(t))
		}
	}
	return order
}

func (o rankOrder) rank(cdf *CDF, token int32) (rank uint32) {
	own := cdf.weights[token]
	for _, t := range o {
		if w := cdf.weights[t]; w > own || w == own && t < token {
			rank++
		}
	}
	return rank
}

// token is that of a rank below len(o). The weight of the rank is found a byte at a time, from the
// upper one: by how many of the tokens that agree so far have which next byte.
func (o rankOrder) token(cdf *CDF, rank uint32) int32 {
	var weight uint32
	for shift := 24; shift >= 0; shift -= 8 {
		var count [256]uint32
		for _, t := range o {
			if w := cdf.weights[t]; uint64(w)>>(shift+8) == uint64(weight) {
				count[byte(w>>shift)]++
			}
		}
		next := uint32(255)
		for count[next] <= rank {
			rank -= count[next]
			next--
		}
		weight = weight<<8 | next
	}
	for _, t := range o {
		if cdf.weights[t] == weight {
			if rank == 0 {
				return t
			}
			rank--
		}
	}
	panic("coder: no token of this rank")
}
