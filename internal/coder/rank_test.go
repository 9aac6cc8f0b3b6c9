package coder

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/fakemodel"
)

// A rank is the place of the token when all that have a piece are sorted by falling weight, then by
// number.
func TestRankOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		n := 1 + rng.IntN(400)
		cdf := &CDF{weights: make([]uint32, n)}
		shift := rng.IntN(32) // the larger, the more weights are equal
		var order rankOrder
		for i := range cdf.weights {
			cdf.weights[i] = rng.Uint32() >> shift
			if rng.IntN(5) > 0 {
				order = append(order, int32(i))
			}
		}
		sorted := slices.Clone(order)
		slices.SortFunc(sorted, func(a, b int32) int {
			return cmp.Or(cmp.Compare(cdf.weights[b], cdf.weights[a]), cmp.Compare(a, b))
		})
		for rank, token := range sorted {
			if got := order.token(cdf, uint32(rank)); got != token {
				t.Fatalf("rank %d of %d is token %d, want %d", rank, len(order), got, token)
			}
			if got := order.rank(cdf, token); got != uint32(rank) {
				t.Fatalf("token %d of %d has rank %d, want %d", token, len(order), got, rank)
			}
		}
	}
	v, err := NewVocabulary(fakemodel.New(fakemodel.Options{Pieces: [][]byte{nil, []byte("b"), {}, []byte("a"), []byte("b")}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := newRankOrder(v); !slices.Equal(got, rankOrder{1, 3, 4}) {
		t.Errorf("tokens with a rank are %v", got)
	}
}

// rankStreams are ranks as they may come.
func rankStreams() map[string][]uint32 {
	rng := rand.New(rand.NewPCG(7, 8))
	skewed, flat, rising := make([]uint32, 4000), make([]uint32, 4000), make([]uint32, 1000)
	for i := range skewed {
		skewed[i] = uint32(rng.ExpFloat64() * rng.ExpFloat64() * 20)
		flat[i] = rng.Uint32N(1 << 18)
	}
	for i := range rising {
		rising[i] = uint32(i)
	}
	// Weights like Fibonacci's numbers make the deepest trees.
	var deep []uint32
	for rank, n, next := uint32(0), 1, 1; rank < 18; rank++ {
		deep = append(deep, slices.Repeat([]uint32{rank}, n)...)
		n, next = next, n+next
	}
	falling := slices.Clone(rising)
	slices.Reverse(falling)
	return map[string][]uint32{
		"none": {}, "one": {0}, "large": {1<<18 - 1}, "largest": {1<<31 - 1}, "zeros": make([]uint32, 3000), "skewed": skewed,
		"flat": flat, "rising": rising, "falling": falling, "deep": deep,
	}
}

func TestRankStreams(t *testing.T) {
	for name, ranks := range rankStreams() {
		onLane(t, nil, func(lane *Lane) error {
			for method, s := range map[codec.Method]rankStream{codec.RankHuffman: new(huffman), codec.RankGzip: &rankBytes{lane: lane, by: &deflate}} {
				for range 2 { // what came before leaves nothing
					s.begin([]byte("head"))
					for _, rank := range ranks {
						s.put(rank)
					}
					out, err := s.end()
					if err != nil {
						return err
					}
					out, ok := bytes.CutPrefix(out, []byte("head"))
					if !ok {
						t.Fatalf("%s, %s: does not append", method, name)
					}
					if err := s.open(out); err != nil {
						return err
					}
					for i, want := range ranks {
						if got, err := s.next(); got != want || err != nil {
							t.Fatalf("%s, %s: rank %d is %d, want %d: %v", method, name, i, got, want, err)
						}
					}
					if err := s.close(); err != nil {
						t.Errorf("%s, %s: %v", method, name, err)
					}
				}
			}
			return nil
		})
	}
}

// After each rank the tree is one of Huffman's: weights fall, siblings are neighbours, and a node
// weighs what those below it weigh.
func TestHuffmanTree(t *testing.T) {
	for name, ranks := range rankStreams() {
		var h huffman
		h.begin(nil)
		for i, rank := range ranks {
			h.put(rank)
			if i > 300 && i%97 != 0 {
				continue
			}
			leaves := 0
			for n, node := range h.nodes {
				if n > 0 && node.weight > h.nodes[n-1].weight {
					t.Fatalf("%s, rank %d: node %d weighs %d, the one in front of it %d", name, i, n, node.weight, h.nodes[n-1].weight)
				}
				if node.child == 0 {
					leaves++
					if at, ok := h.leaf[node.rank]; n < len(h.nodes)-1 && (!ok || int(at) != n) {
						t.Fatalf("%s, rank %d: the leaf of %d is said to be node %d, it is %d", name, i, node.rank, at, n)
					}
					continue
				}
				for c := node.child; c < node.child+2; c++ {
					if int(h.nodes[c].parent) != n {
						t.Fatalf("%s, rank %d: node %d has the parent %d, want %d", name, i, c, h.nodes[c].parent, n)
					}
				}
				if sum := h.nodes[node.child].weight + h.nodes[node.child+1].weight; sum != node.weight || node.child%2 == 0 {
					t.Fatalf("%s, rank %d: node %d weighs %d, those below it %d, from %d on", name, i, n, node.weight, sum, node.child)
				}
			}
			if h.nodes[0].weight != uint64(i+1) || leaves != len(h.leaf)+1 || h.nodes[h.fresh()].weight != 0 {
				t.Fatalf("%s, rank %d: the root weighs %d, %d leaves of %d ranks", name, i, h.nodes[0].weight, leaves, len(h.leaf))
			}
		}
	}
}

// Payloads that no encoder writes.
func TestHuffmanForged(t *testing.T) {
	for name, c := range map[string]struct {
		payload []byte
		ranks   int // to read before the error
		want    string
	}{
		"empty":         {nil, 0, "ends within a rank"},
		"32 zeros":      {[]byte{0, 0, 0, 0, 0x80, 0, 0, 0, 0}, 0, "more than 32 bits"},
		"gamma cut":     {[]byte{0x01}, 0, "ends within a rank"},
		"rank 0 twice":  {[]byte{0b1_1_1_00000}, 1, "for the first time twice"},
		"padding":       {[]byte{0b1_0000001}, 1, "more behind"},
		"a byte behind": {[]byte{0b1_0000000, 0}, 1, "more behind"},
	} {
		var h huffman
		if err := h.open(c.payload); err != nil {
			t.Fatal(err)
		}
		for range c.ranks {
			if _, err := h.next(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		err := h.close()
		if c.want != "more behind" {
			_, err = h.next()
		}
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// plain is a ByteCompressor that copies.
var plain = ByteCompressor{
	Compress: func(w io.Writer) (io.WriteCloser, error) {
		return struct {
			io.Writer
			io.Closer
		}{w, io.NopCloser(nil)}, nil
	},
	Expand: func(src *bytes.Reader) (io.Reader, error) { return src, nil },
}

// Varints that no encoder writes.
func TestRankBytesForged(t *testing.T) {
	for name, c := range map[string]struct {
		payload []byte
		want    string // "": a good rank
	}{
		"empty":        {nil, "unexpected EOF"},
		"cut":          {[]byte{0x80}, "unexpected EOF"},
		"two bytes":    {[]byte{0x80, 1}, ""},
		"not shortest": {[]byte{0x81, 0}, "not the shortest"},
		"2^31-1":       {[]byte{0xff, 0xff, 0xff, 0xff, 7}, ""},
		"2^31":         {[]byte{0x80, 0x80, 0x80, 0x80, 8}, "above"},
		"six bytes":    {[]byte{0x80, 0x80, 0x80, 0x80, 0x80, 1}, "more than five"},
	} {
		r := &rankBytes{by: &plain}
		if err := r.open(c.payload); err != nil {
			t.Fatal(err)
		}
		_, err := r.next()
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A rank beyond the vocabulary is damage.
func TestRankBeyond(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	for _, method := range []codec.Method{codec.RankGzip, codec.RankHuffman} {
		onLane(t, m, func(lane *Lane) error {
			c, err := newRank(method, lane, Params{Window: overlap})
			if err != nil {
				return err
			}
			r := c.symbols.(*ranks)
			for _, beyond := range []int{-1, 0, 1 << 20, math.MaxInt32} { // the last is no int of 32 bits
				r.stream.begin(nil)
				r.stream.put(uint32(len(r.order) + beyond))
				payload, err := r.stream.end()
				if err != nil {
					return err
				}
				piece := m.Pieces()[0]
				if row, err := lane.Start(overlap, nil); err != nil {
					return err
				} else if cdf := new(CDF); cdf.setRow(row) == nil && beyond < 0 {
					piece = m.Pieces()[r.order.token(cdf, uint32(len(r.order)-1))]
				}
				got, err := c.Decode(nil, payload, max(1, len(piece)))
				if beyond < 0 && (err != nil || !bytes.Equal(got, piece)) {
					t.Errorf("%s: the last rank gives %q, want %q: %v", method, got, piece, err)
				}
				if beyond >= 0 && (!errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "rank")) {
					t.Errorf("%s: %d beyond the vocabulary: %q, %v", method, beyond, got, err)
				}
			}
			return nil
		})
	}
}

// Brotli is a method of programs that import package brotli, and else says what is missing.
func TestBrotliUnknown(t *testing.T) {
	if err := Check(codec.RankBrotli); !errors.Is(err, codec.ErrMethod) || !strings.Contains(err.Error(), "lmz/brotli") {
		t.Errorf("without it: %v", err)
	}
	RegisterBrotli(plain)
	defer brotli.Store(nil)
	if err := Check(codec.RankBrotli); err != nil {
		t.Error(err)
	}
}
