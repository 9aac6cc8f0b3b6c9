package exact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/lm"
)

// goldenTokens, if set, is the number of tokens that TestGoldenLogits goes through. With -update the
// fastest kernel goes through all that are pinned.
const goldenTokens = "LMZ_GOLDEN_TOKENS"

// pinned is how many tokens are, of each model, and how many are gone through if nobody says.
var pinned = map[string]struct{ all, short int }{"nano": {1_000_000, 1000}, "base": {64_000, 200}}

// goldenLanes step together: one of each kind of text, twice the logs, and two of random tokens.
var goldenLanes = []string{"log", "prose", "table", "log", "prose", "log", "", ""}

// goldenStream gives the tokens of a lane for ever.
type goldenStream struct {
	model *Model
	kind  string
	r     *rand.Rand
	lane  uint64
	part  uint64
	ahead []int32
}

func (g *goldenStream) next(t *testing.T) int32 {
	if g.kind == "" {
		return g.r.Int32N(int32(len(g.model.Pieces())))
	}
	for len(g.ahead) == 0 {
		var err error
		if g.ahead, err = g.model.Tokenize(golden.Text(g.kind, g.lane<<32|g.part, 4000)); err != nil {
			t.Fatal(err)
		}
		g.part++
	}
	token := g.ahead[0]
	g.ahead = g.ahead[1:]
	return token
}

// marked says whether there is a hash after n tokens: 200, 1000, 2000, 4000 and on, and 10^6.
func marked(n int) bool {
	thousands := n / 1000
	return n == 200 || n == 1_000_000 || n%1000 == 0 && thousands&(thousands-1) == 0 && n < 1_000_000
}

// logitLines are the hashes of the logits of all tokens up to each mark: SHA-256 over rows of int32,
// little-endian, in the order of steps and of lanes in a step. A lane begins afresh, with BOS, when
// it is full.
func logitLines(t *testing.T, m *Model, n int) []byte {
	s := mustSession(t, m, len(goldenLanes), m.ContextLength())
	defer s.Close()
	streams, held := make([]goldenStream, len(goldenLanes)), make([]int, len(goldenLanes))
	for i, kind := range goldenLanes {
		streams[i] = goldenStream{model: m, kind: kind, r: rand.New(rand.NewPCG(2031, uint64(i))), lane: uint64(i)}
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
		mustDecode(t, s, feeds...)
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

// Logits of logs, prose, tables and noise are pinned, on every kernel.
func TestGoldenLogits(t *testing.T) {
	for name, pinned := range pinned {
		n := pinned.short
		if value := os.Getenv(goldenTokens); value != "" {
			var err error
			if n, err = strconv.Atoi(value); err != nil || n < 200 {
				t.Fatalf("%s=%s, want a number of tokens, 200 or more", goldenTokens, value)
			}
		}
		data := modelFile(t, name)
		for i := range kernels {
			k, n := &kernels[i], min(n, pinned.all)
			if i == 0 && golden.Updating() {
				n = pinned.all
			}
			t.Run(name+"/"+k.name, func(t *testing.T) {
				defer limitVectors(k)()
				m, err := open(context.Background(), bytes.NewReader(data), int64(len(data)), k)
				if err != nil {
					t.Fatal(err)
				}
				wantLines(t, filepath.Join("testdata", name+".sha256"), logitLines(t, m, n))
			})
		}
	}
}

// wantLines fails unless a stored file begins with lines.
func wantLines(t *testing.T, path string, lines []byte) {
	t.Helper()
	if len(lines) == 0 {
		t.Fatal("no hash at all")
	}
	if stored, err := os.ReadFile(path); err == nil && bytes.HasPrefix(stored, lines) {
		return
	}
	golden.Stored(t, path, lines)
}
