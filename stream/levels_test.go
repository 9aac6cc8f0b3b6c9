package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/lm"
)

// Every level is written as it was, and what was written can be read, whatever chunks start from:
// nothing, the first chunk, a dictionary; alone or with a model.
func TestGoldenLevels(t *testing.T) {
	foreseen := wordText(7500)
	for level := 0; level <= preset.Max; level++ {
		for _, kind := range golden.Kinds {
			t.Run(fmt.Sprintf("%d-%s", level, kind), func(t *testing.T) {
				t.Parallel()
				text := golden.Text(kind, 1, 30_000)
				dictionary := golden.Text(kind, 2, 5000)
				withModel := slices.Concat(text[:3500], foreseen[:4500], text[3500:9500], foreseen[4500:])
				for _, w := range []struct {
					name  string
					text  []byte
					model lm.Model
					opts  []WriterOption
				}{
					{"cold", text, nil, nil},
					{"primed", text[:18_000], nil, []WriterOption{WithPrimer(8000), WithChunkSize(6000)}},
					{"dictionary", text[5000:14_000], nil, []WriterOption{WithDictionary(dictionary), WithChunkSize(7000)}},
					{"model", withModel, sure, []WriterOption{WithPrimer(10_000), WithChunkSize(9000)}},
				} {
					opts := append(w.opts, WithMethod(codec.Mix), WithLevel(level), WithWorkers(1))
					got := compress(t, w.model, w.text, opts...)
					archive := golden.Stored(t, filepath.Join("testdata", "levels", fmt.Sprintf("%d-%s-%s.lmz", level, kind, w.name)), got)
					back, err := decompress(archive, WithWorkers(1), WithDictionaries(DictionarySet(dictionary)))
					if err != nil || !bytes.Equal(back, w.text) {
						t.Errorf("%s: %v, differs at %d", w.name, err, differsAt(back, w.text))
					}
					if named := framesOf(t, archive)[0].Header.Model != nil; named != (w.model != nil) {
						t.Errorf("%s: names a model: %v", w.name, named)
					}
				}
			})
		}
	}
}

// sure is a model that knows which word mostly follows which. There are many, so that the mixer
// meets most of them for the first time, and even the lower levels, whose price is high, ask the
// model.
var sure = fakemodel.New(fakemodel.Options{Pieces: wordPieces, Row: func(held []int32, row []float32) {
	row[wordAfter(held[len(held)-1])] += 9
}})

var wordPieces = func() [][]byte {
	list := pieces("\n 0123456789")
	r := rand.New(rand.NewPCG(5, 6))
	for len(list) < 1500 {
		word := []byte{' '}
		for range 6 + r.IntN(6) {
			word = append(word, byte('a'+r.IntN(26)))
		}
		list = append(list, word)
	}
	return list
}()

func wordAfter(token int32) int { return 13 + (389*int(token)+7)%(len(wordPieces)-13) }

// wordText is n bytes as sure foresees them, but for each sixth word.
func wordText(n int) (text []byte) {
	r := rand.New(rand.NewPCG(7, 8))
	for token := 20; len(text) < n; token = wordAfter(int32(token)) {
		if r.IntN(6) == 0 {
			token = 13 + r.IntN(len(wordPieces)-13)
		}
		text = append(text, wordPieces[token]...)
	}
	return text[:n]
}
