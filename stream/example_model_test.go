package stream_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"math/bits"
	"strings"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// pairs is a language model: its tokens are bytes, and what comes next is likely what came behind
// this byte before, in the window. It computes with integers alone, so its archives can be read on
// any machine that has it.
type pairs struct{}

const begin = 256 // the token that opens a window; it stands for no bytes

// ID names the model in archives. Whatever changes a logit must change the SHA-256, too.
func (pairs) ID() lm.ModelID {
	return lm.ModelID{SHA256: sha256.Sum256([]byte("pairs, version 1")), Name: "pairs", Class: "integers"}
}

func (pairs) Pieces() [][]byte {
	pieces := make([][]byte, begin+1)
	for b := range begin {
		pieces[b] = []byte{byte(b)}
	}
	return pieces
}

func (pairs) BOS() int32         { return begin }
func (pairs) ContextLength() int { return 2048 }

func (pairs) Tokenize(text []byte) ([]int32, error) {
	tokens := make([]int32, len(text))
	for i, b := range text {
		tokens[i] = int32(b)
	}
	return tokens, nil
}

func (pairs) NewSession(lanes, window int) (lm.Session, error) {
	return &pairsSession{held: make([][]int32, lanes)}, nil
}

type pairsSession struct {
	held [][]int32 // tokens, by lane
	rows [][]int32 // logits, by feed of the latest Decode
}

func (s *pairsSession) Decode(_ context.Context, feeds []lm.Feed) error {
	s.rows = s.rows[:0]
	for _, f := range feeds {
		held := append(s.held[f.Lane][:f.Pos], f.Tokens...)
		s.held[f.Lane] = held
		var followed [begin + 1]uint
		for i, token := range held[:len(held)-1] {
			if token == held[len(held)-1] {
				followed[held[i+1]]++
			}
		}
		row := make([]int32, begin+1)
		for token, n := range followed {
			row[token] = int32(bits.Len(16*n)) << lm.LogitFraction // a logarithm
		}
		s.rows = append(s.rows, row)
	}
	return nil
}

func (s *pairsSession) Logits(i int) lm.Row { return lm.Row{Fixed: s.rows[i]} }
func (s *pairsSession) Close() error        { return nil }

// Anything that keeps the contract of lm.Model can be a model. A reader finds it by its SHA-256.
func Example_ownModel() {
	text := strings.Repeat("abracadabra ", 100)
	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, pairs{}, stream.WithMethod(codec.LM))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	find := func(_ context.Context, id lm.ModelID) (lm.Model, error) {
		if id.SHA256 != (pairs{}).ID().SHA256 {
			return nil, fmt.Errorf("there is no model %x", id.SHA256)
		}
		return pairs{}, nil
	}
	r, err := stream.NewReader(&archive, find)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	back, err := io.ReadAll(r)
	fmt.Println(r.Header().Model.Name, string(back) == text, err)
	// Output: pairs true <nil>
}
