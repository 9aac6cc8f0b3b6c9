package coder_test

import (
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models/embedded"
)

// bytewiseBits is what it costs to code text with the predictions of a Bytewise, a 2^-16 share of
// them spread evenly.
func bytewiseBits(t testing.TB, m lm.Model, policy kvcache.Policy, text []byte) (bits float64, steps int) {
	codectest.Run(t, m, coder.Params{Window: policy}, func(lane *coder.Lane) error {
		x, err := coder.NewBytewise(lane)
		if err != nil {
			return err
		}
		if err := x.Start(policy, nil); err != nil {
			return err
		}
		var p [256]uint64
		for _, b := range text {
			x.Next(&p)
			sum := uint64(0)
			for _, q := range p {
				sum += q
			}
			if sum > 1<<40+256 {
				t.Errorf("probabilities add up to %g", float64(sum)/(1<<40))
			}
			bits -= math.Log2((float64(p[b]) + 1./65536*float64(sum+1)/256) / (float64(sum+1) * (1 + 1./65536)))
			if err := x.Update(b); err != nil {
				return err
			}
		}
		steps = x.Steps()
		return nil
	})
	return bits, steps
}

// A model whose pieces are the single bytes has one reading of any text: the cost is that of the
// tokens.
func TestBytewiseOfByteModel(t *testing.T) {
	pieces := [][]byte{nil}
	for b := range 256 {
		pieces = append(pieces, []byte{byte(b)})
	}
	m := fakemodel.New(fakemodel.Options{Pieces: pieces})
	policy := kvcache.Policy{Reset: kvcache.Overlap, Window: 64, Overlap: 16}
	text, err := os.ReadFile("../../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	text = text[:4000]
	var payload []byte
	codectest.Run(t, m, coder.Params{Window: policy}, func(lane *coder.Lane) error {
		c, err := coder.New(codec.LM, lane, coder.Params{Window: policy})
		if err != nil {
			return err
		}
		payload, err = c.Encode(nil, text)
		return err
	})
	bits, steps := bytewiseBits(t, m, policy, text)
	if want := float64(8 * len(payload)); math.Abs(bits-want) > 0.01*want+32 {
		t.Errorf("%.0f bits by bytes, %.0f by tokens", bits, want)
	}
	if steps > len(text) {
		t.Errorf("%d model steps for %d bytes", steps, len(text))
	}
}

// Any bytes are legal, and repeated text becomes cheap however its tokens fall.
func TestBytewiseAnyBytes(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	policy := kvcache.Policy{Reset: kvcache.Overlap, Window: 32, Overlap: 8}
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	bytewiseBits(t, m, policy, noise)

	// Pieces that overlap in every way, and no token for most bytes.
	odd := fakemodel.New(fakemodel.Options{Pieces: [][]byte{
		nil, []byte("a"), []byte("aa"), []byte("aaaa"), []byte("ab"), []byte("abaab"), []byte("b"), []byte("ba"),
	}})
	for i := range noise {
		noise[i] = "aaabbc"[noise[i]%6]
	}
	_, steps := bytewiseBits(t, odd, policy, noise)
	if steps > 4*len(noise) {
		t.Errorf("%d model steps for %d bytes", steps, len(noise))
	}
}

// Readings come and go by the thousand and take their memory from each other, also those that
// waited for a step that was never taken.
func TestBytewiseKeepsMemory(t *testing.T) {
	var nano []byte
	for _, e := range embedded.Models() {
		if e.Name == "nano" {
			nano = e.GGUF
		}
	}
	m, err := exact.OpenBytes(t.Context(), nano)
	if err != nil {
		t.Fatal(err)
	}
	policy := kvcache.Policy{Reset: kvcache.Overlap, Window: 256, Overlap: 64}
	text, err := os.ReadFile("../../docs/DETERMINISM.md")
	if err != nil {
		t.Fatal(err)
	}
	steps, taken := [2]int{}, [2]uint64{}
	for i := range steps {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, steps[i] = bytewiseBits(t, m, policy, text[:1000+4000*i])
		runtime.ReadMemStats(&after)
		taken[i] = after.TotalAlloc - before.TotalAlloc
	}
	reading := uint64(8 * len(m.Pieces()))
	if more := taken[1] - min(taken[1], taken[0]); more > 10*reading {
		t.Errorf("%d more steps took the memory of %d more readings", steps[1]-steps[0], more/reading)
	}
}
