//go:build unix

package main

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/train"
)

func TestRanks(t *testing.T) {
	s, r := measured(t, ranksTable)
	m := s.models[0]
	lm, rank := r.ours(t, "text", "lm", "of the original"), r.ours(t, "text", "rank-gzip", "of the original")
	if got, want := r.ours(t, "text", "rank-gzip", "more than lm"), 100*(rank/lm-1); math.Abs(got-want) > 1e-6 {
		t.Errorf("rank-gzip takes %v %% more than lm, want %v", got, want)
	}
	if lm >= rank {
		t.Errorf("lm takes %v %%, ranks by gzip %v", lm, rank)
	}
	// What tokens cost by the model is what the method lm makes of them.
	text := s.of("text")[0].data
	bits, zero := 0.0, 0
	if err := s.predicted(m, text, func(p *predictor, token int32) {
		bits += p.bits(token)
		if p.rank(token) == 0 {
			zero++
		}
	}); err != nil {
		t.Fatal(err)
	}
	size, err := s.payload([][]byte{text}, method{codec: codec.LM, model: m})
	if err != nil || math.Abs(float64(size)-bits/8) > 2 {
		t.Errorf("tokens cost %v bytes, the payload has %d: %v", bits/8, size, err)
	}
	if zero == 0 {
		t.Error("no token has rank 0")
	}
	if n := above([]int32{5, 9, 5, 7}, 2); n != 2 {
		t.Errorf("%d are above, want 2", n)
	}
}

// A model that lacks bytes does not end the study.
func TestNotSpellable(t *testing.T) {
	s := tiny(t)
	few := &model{Model: fakemodel.New(fakemodel.Options{Pieces: [][]byte{nil, []byte("a"), []byte("b")}})}
	texts := [][]byte{bytes.Repeat([]byte("ab"), 500), bytes.Repeat([]byte("abc"), 500)}
	got, err := s.payload(texts, method{codec: codec.LM, model: few})
	if err != nil {
		t.Fatal(err)
	}
	want := int64(0)
	for i, codec := range []codec.Method{codec.LM, codec.Zstd} {
		size, err := s.payload(texts[i:i+1], method{codec: codec, model: few})
		if err != nil {
			t.Fatal(err)
		}
		want += size
	}
	if got != want {
		t.Errorf("%d bytes, want those of lm and zstd, %d", got, want)
	}
}

func TestGenerated(t *testing.T) {
	s, r := measured(t, generatedTable)
	for _, m := range s.models {
		same, gzip := r.ours(t, "Written by "+m.name, "temperature 1", "lm, the same model"), r.ours(t, "Written by "+m.name, "temperature 1", "gzip -9")
		if same < 2*gzip {
			t.Errorf("%s: what it wrote is %v times smaller with it, %v with gzip", m.name, same, gzip)
		}
	}
	one, err := s.write(s.models[1], []byte("The "), 30, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.write(s.models[1], []byte("The "), 30, 0, 2)
	if err != nil || !bytes.Equal(one, other) || !bytes.HasPrefix(one, []byte("The ")) || len(one) < 34 {
		t.Errorf("the likeliest tokens are %q and %q: %v", one, other, err)
	}
	warm, err := s.write(s.models[1], []byte("The "), 30, 1, 2)
	if err != nil || bytes.Equal(warm, one) {
		t.Errorf("at temperature 1 it writes %q, too: %v", warm, err)
	}
}

func TestPrediction(t *testing.T) {
	s, r := measured(t, predictionTable)
	if len(r.Samples) != 3+1+len(s.models)+1 {
		t.Errorf("%d samples", len(r.Samples))
	}
	text := s.of("text")[0].data[:600]
	p, err := nextByte(text, newGzipLength())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range p {
		sum += v
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("probabilities add up to %v", sum)
	}
	// A length that says all makes the byte sure.
	p, err = nextByte(text, func(x []byte) (int, error) { return 100 - bytes.Count(x[len(x)-1:], []byte("q"))*10, nil })
	if err != nil || p['q'] < 0.999 || drawByte(rand.New(rand.NewPCG(1, 1)), p) != 'q' {
		t.Errorf("the byte that is 10 bytes shorter has the probability %v: %v", p['q'], err)
	}
	for _, m := range []method{{codec: codec.Mix, level: 6}, {codec: codec.LM, model: s.models[1]}} {
		payload, costs, err := s.metered(m, text)
		if err != nil {
			t.Fatal(err)
		}
		bits := 0.0
		for _, c := range costs {
			bits += c
		}
		if len(costs) != len(text) || math.Abs(bits-8*float64(len(payload))) > 16 {
			t.Errorf("%v: %d bytes cost %v bits in all, the payload has %d", m.codec, len(costs), bits, 8*len(payload))
		}
		more, err := s.decodeNoise(m, text, 60)
		if err != nil || len(more) < 30 {
			t.Errorf("%v: noise gives %q: %v", m.codec, more, err)
		}
		again, err := s.decodeNoise(m, text, 60)
		if err != nil || !bytes.Equal(again, more) {
			t.Errorf("%v: the same noise gives %q and %q: %v", m.codec, more, again, err)
		}
	}
}

func TestDistillation(t *testing.T) {
	m, err := train.New(train.Config{Vocab: 32, Width: 32, Layers: 1, Heads: 1, KVHeads: 1, FFN: 32, Context: 32}, 1)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := train.NewTrainer(m, train.Options{})
	if errors.Is(err, train.ErrNotBuilt) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	trainer.Close()
	_, r := measured(t, distillationTable)
	base := r.ours(t, "Trained", "base, as released", "nats per token, held out")
	for _, arm := range []string{"alone", "taught", "both, half and half"} {
		if got := r.ours(t, "Trained", arm, "nats per token, held out"); got <= base || got > math.Log(4096)+0.1 {
			t.Errorf("%s: %v nats after a few steps, base has %v", arm, got, base)
		}
	}
}

// The held-out loss is a mean over tokens, also of windows that are not full.
func TestLessons(t *testing.T) {
	s := tiny(t)
	l, err := s.lessons(s.models[1])
	if err != nil {
		t.Fatal(err)
	}
	w := l.window([]int32{5, 6, 7}, 1)
	if len(w) != 1+lessonTokens || w[0] != l.bos || w[1] != 6 || w[2] != 7 || w[3] != -1 {
		t.Errorf("a window of two tokens is %v…", w[:4])
	}
	n := 0
	for _, text := range l.held {
		for _, token := range text {
			n += l.bytesOf[token]
		}
	}
	want := 0
	for _, class := range s.main() {
		want += len(s.of(class)[0].data) / heldPart
	}
	if n != want {
		t.Errorf("%d bytes are held out, want %d", n, want)
	}
}

// A model that is not here is left out, with what to do.
func TestSmolLM2Missing(t *testing.T) {
	t.Setenv("LMZ_MODEL_PATH", "")
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	r, err := smollm2(tiny(t))
	if err != nil || len(r.Rows) != 0 || len(r.Skipped) != 1 || !strings.Contains(r.Skipped[0], "scripts/get-model") {
		t.Errorf("%d rows, left out: %q, %v", len(r.Rows), r.Skipped, err)
	}
}
