//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

const lmChunk = 4 << 10 // bytes of a chunk: several windows of tokens

// lmSpeed compares the method lm, both directions, with a bare C loop over llama_decode that is fed
// the same tokens in the same windows, lanes and workers: without tokenizing, distributions, coding
// or container.
func lmSpeed(o *options) error {
	m, done, err := openEmbedded()
	if err != nil {
		return err
	}
	defer done()
	bare, err := loadEmbeddedBare()
	if err != nil {
		return err
	}
	defer bare.Close()
	text, err := os.ReadFile(filepath.Join(o.data, "text/alice29.txt"))
	if err != nil {
		return err
	}
	policy := kvcache.Policy{Reset: kvcache.Overlap, Window: m.ContextLength(), Overlap: m.ContextLength() / 4}
	cores := runtime.GOMAXPROCS(0)
	fmt.Fprintf(o.out, "## Speed of the method lm\n\nEmbedded model, class %s, windows of %d tokens; chunks of %d KiB of text/alice29.txt, one per lane; %d cores; rounds in turn: %d, the median counts. Tokens are those that the model is fed, also again after a reset of the window. The first three columns of figures are per second of CPU time of a core; the last are by the clock, and need an idle machine.\n\n",
		m.ID().Class, policy.Window, lmChunk>>10, cores, o.rounds())
	t := markdown{head: []string{"workers", "lanes", "bare loop, tokens/s", "compress, of bare", "decompress, of bare", "compress, KB/s", "decompress, KB/s"}}
	for workers := 1; workers <= cores; workers *= 2 {
		for _, lanes := range []int{1, 4, 16} {
			input := text[:min(len(text)/lmChunk, workers*lanes)*lmChunk]
			r, err := timeLM(o, m, bare, policy, input, workers, lanes)
			if err != nil {
				return err
			}
			o.progress("lm: %d workers x %d lanes", workers, lanes)
			kilobytes := float64(len(input)) / 1e3
			t.row(fmt.Sprint(workers), fmt.Sprint(lanes), fmt.Sprintf("%.0f", median(r.bare)),
				fmt.Sprintf("%.3f", median(r.compress)/median(r.bare)), fmt.Sprintf("%.3f", median(r.decompress)/median(r.bare)),
				fmt.Sprintf("%.1f", kilobytes/median(r.compressWall).Seconds()), fmt.Sprintf("%.1f", kilobytes/median(r.decompressWall).Seconds()))
		}
	}
	t.print(o.out)
	return nil
}

// lmRounds holds tokens per second of CPU time, and times by the clock.
type lmRounds struct {
	bare, compress, decompress   []float64
	compressWall, decompressWall []time.Duration
}

func timeLM(o *options, m lm.Model, bare bareModel, policy kvcache.Policy, input []byte, workers, lanes int) (r lmRounds, err error) {
	vocab, err := coder.NewVocabulary(m)
	if err != nil {
		return r, err
	}
	var fed [][][]int32
	total := 0
	for chunk := range slices.Chunk(input, lmChunk) {
		windows, err := fedWindows(vocab, policy, m.BOS(), chunk)
		if err != nil {
			return r, err
		}
		fed = append(fed, windows)
		for _, w := range windows {
			total += len(w)
		}
	}
	for range o.rounds() {
		rate, err := timeBare(bare, policy.Window, fed, workers, lanes)
		if err != nil {
			return r, err
		}
		r.bare = append(r.bare, rate)
		var archive []byte
		start := time.Now()
		t, err := cpu.Time(func() error {
			archive, err = compress(input, m, stream.WithMethod(codec.LM), stream.WithWindow(policy),
				stream.WithChunkSize(lmChunk), stream.WithWorkers(workers), stream.WithLanes(lanes))
			return err
		})
		if err != nil {
			return r, err
		}
		r.compressWall = append(r.compressWall, time.Since(start))
		r.compress = append(r.compress, float64(total)/t.Seconds())
		start = time.Now()
		t, err = cpu.Time(func() error {
			return decompress(archive, m, input, stream.WithWorkers(workers), stream.WithLanes(lanes))
		})
		if err != nil {
			return r, err
		}
		r.decompressWall = append(r.decompressWall, time.Since(start))
		r.decompress = append(r.decompress, float64(total)/t.Seconds())
	}
	return r, nil
}

// fedWindows are the tokens that the method lm feeds for a chunk: per reset of the window, those at
// positions 0, 1, ….
func fedWindows(vocab *coder.Vocabulary, policy kvcache.Policy, bos int32, chunk []byte) ([][]int32, error) {
	var tokens []int32
	var err error
	for len(chunk) > 0 {
		if tokens, chunk, err = vocab.AppendTokens(tokens, chunk); err != nil {
			return nil, err
		}
	}
	window, err := kvcache.NewWindow(policy, bos)
	if err != nil {
		return nil, err
	}
	fed := [][]int32{slices.Clone(window.Prime(nil))}
	for _, token := range tokens[:max(0, len(tokens)-1)] { // nothing is predicted after the last one
		pos, next := window.Next(token)
		if pos == 0 {
			fed = append(fed, nil)
		}
		last := &fed[len(fed)-1]
		*last = append((*last)[:pos], next...)
	}
	return fed, nil
}

// timeBare is the speed of the bare loop in tokens per second of CPU time of a core, with the
// workers at once. Where the windows of the lanes differ in length, the shortest counts.
func timeBare(bare bareModel, window int, fed [][][]int32, workers, lanes int) (float64, error) {
	tokens, times, errs := make([]int, workers), make([]time.Duration, workers), make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			own := fed[w*lanes : min(len(fed), (w+1)*lanes)]
			for i := 0; errs[w] == nil; i++ {
				steps := window
				for _, windows := range own {
					if i >= len(windows) {
						return
					}
					steps = min(steps, len(windows[i]))
				}
				var flat []int32
				for s := range steps {
					for _, windows := range own {
						flat = append(flat, windows[i][s])
					}
				}
				var t time.Duration
				t, errs[w] = bare.Run(flat, len(own), window)
				tokens[w], times[w] = tokens[w]+len(flat), times[w]+t
			}
		})
	}
	group.Wait()
	var rate float64
	for w := range workers {
		if errs[w] != nil {
			return 0, errs[w]
		}
		rate += float64(tokens[w]) / times[w].Seconds()
	}
	return rate / float64(workers), nil
}

// bareModel is the model of internal/bareloop, which is there only with libllama.
type bareModel interface {
	Run(tokens []int32, lanes, window int) (time.Duration, error)
	Close()
}

func loadEmbeddedBare() (bareModel, error) {
	f, err := os.CreateTemp("", "lmz-bench-*.gguf")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(embedded.Models()[0].GGUF)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	return loadBare(f.Name())
}
