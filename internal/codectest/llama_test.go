//go:build llama && cgo

package codectest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models/embedded"
)

func open(t testing.TB) *llama.Model {
	t.Helper()
	m, err := llama.OpenBytes(t.Context(), embedded.Models()[0].GGUF, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func excerpt(t testing.TB, n int) []byte {
	t.Helper()
	text, err := os.ReadFile("../../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	return text[:n]
}

var params = coder.Params{Window: kvcache.Policy{Reset: kvcache.Overlap, Window: 512, Overlap: 128}}

// TestOverCost measures what LM costs beyond the ideal code length on the logits of the embedded
// model.
func TestOverCost(t *testing.T) {
	m := open(t)
	OverCost(t, m, params, excerpt(t, 6000))
	OverCost(t, m, params, []byte("no log, but a line of text: čeština, 日本語\n"))
}

// TestAnyBytes codes what the embedded model was not trained on.
func TestAnyBytes(t *testing.T) {
	m := open(t)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, chunk := range [][]byte{{}, {0}, all, []byte("\r\n\r\n\xff\xfe \xed\xa0\x80 caf\xc3"), []byte("<s></s><|endoftext|>[INST]"), slices.Repeat([]byte{' '}, 300)} {
		RoundTrip(t, m, codec.LM, params, chunk)
	}
}

// BenchmarkLM compares LM with a bare loop of Decode on the same tokens, lanes and window.
func BenchmarkLM(b *testing.B) {
	m := open(b)
	const size = 1000
	for _, lanes := range []int{1, 16} {
		chunks := make([][]byte, lanes)
		payloads := make([][]byte, lanes)
		tokens := make([][]int32, lanes)
		v, err := coder.NewVocabulary(m)
		if err != nil {
			b.Fatal(err)
		}
		for i := range lanes {
			chunks[i] = excerpt(b, (i+1)*size)[i*size:]
			if tokens[i], _, err = v.AppendTokens([]int32{m.BOS()}, chunks[i]); err != nil {
				b.Fatal(err)
			}
			payloads[i] = RoundTrip(b, m, codec.LM, params, chunks[i])
		}
		bench := func(name string, job func(c coder.Coder, i int) error) {
			b.Run(fmt.Sprintf("%s/%d", name, lanes), func(b *testing.B) {
				b.SetBytes(int64(lanes * size))
				w, err := coder.NewWorker(m, lanes, params.Window.Window)
				if err != nil {
					b.Fatal(err)
				}
				defer w.Close()
				for b.Loop() {
					i := 0
					err := w.Run(context.Background(), func(bool) (func(*coder.Lane) error, bool) {
						chunk := i
						i++
						return func(l *coder.Lane) error {
							c, err := coder.New(codec.LM, l, params)
							if err != nil {
								return err
							}
							return job(c, chunk)
						}, chunk < lanes
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("bare/%d", lanes), func(b *testing.B) {
			b.SetBytes(int64(lanes * size))
			s, err := m.NewSession(lanes, params.Window.Window)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			for b.Loop() {
				for pos := 0; ; pos++ {
					var feeds []lm.Feed
					for lane, row := range tokens {
						if pos < min(len(row)-1, params.Window.Window) { // the last token is not fed
							feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: row[pos : pos+1]})
						}
					}
					if len(feeds) == 0 {
						break
					}
					if err := s.Decode(context.Background(), feeds); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		bench("encode", func(c coder.Coder, i int) error {
			_, err := c.Encode(nil, chunks[i])
			return err
		})
		bench("decode", func(c coder.Coder, i int) error {
			_, err := c.Decode(nil, payloads[i], size)
			return err
		})
	}
}
