package golden

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// lanes step together: one of each kind of text, twice the logs, and two of random tokens.
var lanes = []string{"log", "prose", "table", "log", "prose", "log", "", ""}

// stream gives the tokens of a lane for ever.
type stream struct {
	model lm.Model
	kind  string
	r     *rand.Rand
	lane  uint64
	part  uint64
	ahead []int32
}

func (s *stream) next(t testing.TB) int32 {
	if s.kind == "" {
		return s.r.Int32N(int32(len(s.model.Pieces())))
	}
	for len(s.ahead) == 0 {
		var err error
		if s.ahead, err = s.model.Tokenize(Text(s.kind, s.lane<<32|s.part, 4000)); err != nil {
			t.Fatal(err)
		}
		s.part++
	}
	token := s.ahead[0]
	s.ahead = s.ahead[1:]
	return token
}

// marked says whether there is a hash after n tokens: 200, 1000, 2000, 4000 and on, and 10^6.
func marked(n int) bool {
	thousands := n / 1000
	return n == 200 || n == 1_000_000 || n%1000 == 0 && thousands&(thousands-1) == 0 && n < 1_000_000
}

// Logits gives the hashes of the fixed-point logits of the first n tokens, up to each mark: SHA-256
// over rows of int32, little-endian, in the order of steps and of lanes in a step. A lane begins
// afresh, with BOS, when it is full.
func Logits(t testing.TB, m lm.Model, n int) []byte {
	s, err := m.NewSession(len(lanes), m.ContextLength())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	streams, held := make([]stream, len(lanes)), make([]int, len(lanes))
	for i, kind := range lanes {
		streams[i] = stream{model: m, kind: kind, r: rand.New(rand.NewPCG(2031, uint64(i))), lane: uint64(i)}
	}
	var lines bytes.Buffer
	hash := sha256.New()
	var row []byte
	feeds := make([]lm.Feed, len(streams))
	for count := 0; count < n; {
		for i := range feeds {
			if held[i] == m.ContextLength() {
				held[i] = 0
			}
			token := m.BOS()
			if held[i] > 0 {
				token = streams[i].next(t)
			}
			feeds[i] = lm.Feed{Lane: i, Pos: held[i], Tokens: []int32{token}}
			held[i]++
		}
		if err := s.Decode(context.Background(), feeds); err != nil {
			t.Fatal(err)
		}
		for i := range feeds {
			row = row[:0]
			for _, v := range s.Logits(i).Fixed {
				row = binary.LittleEndian.AppendUint32(row, uint32(v))
			}
			hash.Write(row)
			if count++; marked(count) {
				fmt.Fprintf(&lines, "%d %x\n", count, hash.Sum(nil))
			}
		}
	}
	return lines.Bytes()
}
