package mix

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// identifiers is n lines that hold random numbers, identifiers and hashes; a quarter of the lines
// repeats those of the line before.
func identifiers(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 9))
	var b bytes.Buffer
	var id, span uint64
	for i := range n {
		if i%4 > 0 {
			id, span = r.Uint64(), r.Uint64()
		}
		fmt.Fprintf(&b, "%010d request=%08x-%04x-4%03x span=%016x port=%05d done\n", 1700000000+i, id>>32, id>>16&0xffff, id&0xfff, span, r.IntN(100000))
	}
	return b.Bytes()
}

// identifierBits is what the random part of a line of identifiers that repeats nothing holds.
var identifierBits = 60 + 64 + math.Log2(100000)

// What is random takes little more than it holds, at every level.
func TestNoiseCosts(t *testing.T) {
	const n = 600
	text := identifiers(n, 2)
	held := (0.75*identifierBits + 0.25*math.Log2(100000)) * n / 8
	for level := range levels {
		p := Params{Level: level}
		payload := encode(t, p, text)
		most := 1.10
		switch {
		case level == 0:
			most = 1.25
		case level >= 5:
			most = 1.05
		}
		if ratio := float64(len(payload)) / held; ratio > most || ratio < 1 {
			t.Errorf("level %d: %d bytes, %.3f of what the text holds", level, len(payload), ratio)
		}
		if back, err := new(Coder).Decode(t.Context(), p, nil, payload, len(text)); err != nil || !bytes.Equal(back, text) {
			t.Errorf("level %d: %v", level, err)
		}
	}
}

// Random bytes are coded by the count alone, others by all contexts.
func TestNoiseIsFound(t *testing.T) {
	for _, c := range []struct {
		name        string
		text        []byte
		least, most int // bytes coded alone, in per cent of those coded bit by bit
	}{
		{"identifiers", identifiers(1500, 3), 50, 90},
		{"log", lines(800, 3), 0, 40},
		{"prose", prosaic(20000, 3), 0, 0},
		{"table", table(10000, 3), 0, 0},
	} {
		var m model
		k := kindFor(6, false, int64(len(c.text)), true)
		k.choose(lettersOf(t.Context(), c.text), uncoded)
		if err := m.reset(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		off := bitEncoder{off: true}
		alone, all := 0, 0
		for i := 0; i < len(c.text); {
			before := m.step
			m.noisy.alone = false
			i += m.encodeNext(c.text[i:], &off, &off)
			if m.noisy.alone || m.step != before {
				all++
			}
			alone += int(flag(m.noisy.alone))
		}
		if share := 100 * alone / max(all, 1); share < c.least || share > c.most {
			t.Errorf("%s: %d of %d bytes are coded alone, %d %%", c.name, alone, all, share)
		}
	}
}

// What is coded alone is not asked about, whether there is an advisor or not.
func TestNoiseWithAdvisor(t *testing.T) {
	text := identifiers(600, 4)
	for _, level := range []int{0, 1, 6} {
		payload, alone, err := new(Coder).EncodeBoth(t.Context(), Params{Level: level, Advisor: &oracle{text: text}}, nil, nil, text)
		if err != nil {
			t.Fatal(err)
		}
		if plain := encode(t, Params{Level: level}, text); !bytes.Equal(alone, plain) {
			t.Errorf("level %d: the payload without advice is not the one that there is without an advisor", level)
		}
		p := Params{Level: level, Advisor: &oracle{text: text}}
		if back, err := new(Coder).Decode(t.Context(), p, nil, payload, len(text)); err != nil || !bytes.Equal(back, text) {
			t.Errorf("level %d: %v", level, err)
		}
	}
}

// What acts late is pinned: counts at their limit, long tokens, and noise behind a text without.
func TestNoisePins(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	text := append(prosaic(40000, 5), identifiers(1200, 5)...)
	for range 500 {
		text = append(text, "signature="...)
		for range 80 {
			text = append(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345678900"[r.IntN(64)])
		}
		text = append(text, '\n')
	}
	var out []byte
	for _, level := range []int{0, 1, 7} {
		out = fmt.Appendf(out, "level %d: %x\n", level, sha256.Sum256(encode(t, Params{Level: level}, text)))
	}
	golden.Stored(t, filepath.Join("testdata", "noise.txt"), out)
}

// Where there was no noise for long, less is watched for it.
func TestNoiseIdles(t *testing.T) {
	var m model
	if err := m.reset(t.Context(), kindFor(1, false, 1<<16, true)); err != nil {
		t.Fatal(err)
	}
	m.startNoise()
	for _, c := range []struct {
		visits, idle uint32
		watched      bool
	}{{1, 4095, true}, {1, 4096, false}, {4, 4096, true}, {6, 5000, false}} {
		m.noise.places[m.noisy.place].visits, m.noisy.idle = c.visits, c.idle
		if m.startNoise(); m.noisy.watched != c.watched {
			t.Errorf("%+v: watched %v", c, m.noisy.watched)
		}
	}
}
