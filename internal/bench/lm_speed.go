package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

const (
	rounds    = 3
	chunkSize = 16 << 10
)

func openEmbedded() (codec.Model, func() error, error) {
	store := models.NewStore(models.Options{})
	m, err := store.Open(context.Background(), "embedded", "")
	return m, store.Close, err
}

// lmSpeed compares the method lm, both directions, with the model steps alone: the same tokens, windows, lanes and workers,
// through the same binding, without tokenizing, distributions, coding or container.
func lmSpeed(data string) error {
	m, done, err := openEmbedded()
	if err != nil {
		return err
	}
	defer done()
	text, err := os.ReadFile(filepath.Join(data, "text/alice29.txt"))
	if err != nil {
		return err
	}
	policy := kvcache.Policy{Reset: kvcache.Overlap, Window: m.ContextLength(), Overlap: m.ContextLength() / 4}
	cores := runtime.GOMAXPROCS(0)
	fmt.Printf("## Speed of the method `lm`\n\n%d cores, embedded model, class %s, chunks of %d KiB of text/alice29.txt; median of %d runs in turn.\n\n",
		cores, m.ID().Class, chunkSize>>10, rounds)
	fmt.Println("| workers | lanes | model steps alone, tokens/s | compress, ratio | decompress, ratio | compress, KB/s |")
	fmt.Println("|---|---|---|---|---|---|")
	for workers := 1; workers <= cores; workers *= 2 {
		for _, lanes := range []int{1, 2, 4, 8, 16} {
			input := text[:min(len(text), max(2, workers*lanes)*chunkSize)]
			input = input[:len(input)/(workers*lanes*chunkSize)*(workers*lanes*chunkSize)]
			if len(input) == 0 {
				continue
			}
			var alone, compress, decompress []float64
			var tokens int
			for range rounds {
				t, n, err := modelSteps(m, policy, input, workers, lanes)
				if err != nil {
					return err
				}
				tokens, alone = n, append(alone, t.Seconds())
				var archive bytes.Buffer
				t, err = timed(func() error { return compressTo(&archive, m, policy, input, workers, lanes) })
				if err != nil {
					return err
				}
				compress = append(compress, t.Seconds())
				t, err = timed(func() error { return decompressFrom(&archive, m, input, workers, lanes) })
				if err != nil {
					return err
				}
				decompress = append(decompress, t.Seconds())
			}
			a, c, d := median(alone), median(compress), median(decompress)
			fmt.Printf("| %d | %d | %.0f | %.3f | %.3f | %.1f |\n", workers, lanes, float64(tokens)/a, a/c, a/d, float64(len(input))/c/1e3)
		}
	}
	fmt.Println()
	return nil
}

func timed(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func compressTo(w io.Writer, m codec.Model, policy kvcache.Policy, input []byte, workers, lanes int) error {
	z, err := stream.NewWriter(w, m, stream.WithMethod(codec.LM), stream.WithWindow(policy),
		stream.WithChunkSize(chunkSize), stream.WithWorkers(workers), stream.WithLanes(lanes))
	if err != nil {
		return err
	}
	if _, err := z.Write(input); err != nil {
		return err
	}
	return z.Close()
}

func decompressFrom(r io.Reader, m codec.Model, want []byte, workers, lanes int) error {
	source := func(context.Context, codec.ModelID) (codec.Model, error) { return m, nil }
	z, err := stream.NewReader(r, source, stream.WithReaderWorkers(workers), stream.WithReaderLanes(lanes))
	if err != nil {
		return err
	}
	defer z.Close()
	got, err := io.ReadAll(z)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("the archive decodes to other bytes")
	}
	return err
}

// modelSteps feeds the tokens of the chunks of input, one chunk per lane at a time, and times it without the tokenizing and the
// making of contexts.
func modelSteps(m codec.Model, policy kvcache.Policy, input []byte, workers, lanes int) (time.Duration, int, error) {
	vocab, err := codec.NewVocabulary(m)
	if err != nil {
		return 0, 0, err
	}
	var chunks [][]int32
	total := 0
	for c := range slices.Chunk(input, chunkSize) {
		var tokens []int32
		for rest := c; len(rest) > 0; {
			if tokens, rest, err = vocab.AppendTokens(tokens, rest); err != nil {
				return 0, 0, err
			}
		}
		chunks = append(chunks, tokens)
		total += len(tokens)
	}
	sessions := make([]codec.Session, workers)
	for i := range sessions {
		if sessions[i], err = m.NewSession(lanes, policy.Window); err != nil {
			return 0, 0, err
		}
		defer sessions[i].Close()
	}
	errs := make([]error, workers)
	elapsed, _ := timed(func() error {
		var group sync.WaitGroup
		for i, s := range sessions {
			group.Go(func() {
				for own := i * lanes; own < len(chunks) && errs[i] == nil; own += workers * lanes {
					errs[i] = stepLanes(s, policy, m.BOS(), chunks[own:min(len(chunks), own+lanes)])
				}
			})
		}
		group.Wait()
		return nil
	})
	for _, err := range errs {
		if err != nil {
			return 0, 0, err
		}
	}
	return elapsed, total, nil
}

func stepLanes(s codec.Session, policy kvcache.Policy, bos int32, chunks [][]int32) error {
	windows := make([]*kvcache.Window, len(chunks))
	for i := range windows {
		w, err := kvcache.NewWindow(policy, bos)
		if err != nil {
			return err
		}
		windows[i] = w
	}
	for n := 0; ; n++ {
		var feeds []codec.Feed
		for i, c := range chunks {
			if n > 0 && n >= len(c) { // the last token of a chunk is not fed
				continue
			}
			f := codec.Feed{Lane: i}
			if n == 0 {
				f.Tokens = windows[i].Prime(nil)
			} else {
				f.Pos, f.Tokens = windows[i].Next(c[n-1])
			}
			feeds = append(feeds, f)
		}
		if len(feeds) == 0 {
			return nil
		}
		if err := s.Decode(context.Background(), feeds); err != nil {
			return err
		}
	}
}
