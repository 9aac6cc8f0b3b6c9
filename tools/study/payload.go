//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// method is a way of coding a chunk, without a container: what the figures of the field are of.
type method struct {
	codec  codec.Method
	level  int            // of mix
	price  int64          // of a step of the model in mix, in 1/32 of a bit; 0: that of the level
	model  *model         // may be nil
	window kvcache.Policy // zero: as archives have it

	without mix.Parts
}

const lanes = 8

func (m method) lm() lm.Model {
	if m.model == nil {
		return nil // not a *model that is nil
	}
	return m.model
}

// usualWindow is the window that archives have by default.
func usualWindow(m lm.Model) kvcache.Policy {
	n := min(m.ContextLength(), 512)
	return kvcache.Policy{Reset: kvcache.Overlap, Window: n, Overlap: n / 4}
}

var errOtherBytes = errors.New("what was coded decodes to other bytes")

// payload is the size in bytes of the payloads of all texts, each of which is coded by itself, and
// decoded again to see whether it comes back.
func (s *study) payload(texts [][]byte, m method) (int64, error) {
	var next, size atomic.Int64
	var group errgroup.Group
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			return s.work(m, lanes, func(bool) (func(*coder.Lane) error, bool) {
				i := int(next.Add(1) - 1)
				if i >= len(texts) {
					return nil, false
				}
				return func(l *coder.Lane) error {
					n, err := codeBoth(l, m, texts[i])
					size.Add(int64(n))
					return err
				}, true
			})
		})
	}
	err := group.Wait()
	return size.Load(), err
}

// work runs jobs on the lanes of a worker.
func (s *study) work(m method, lanes int, next coder.Source) error {
	if m.codec == codec.Mix {
		lanes = 1 // tables are large
	}
	window := 0
	if m.model != nil {
		if m.window == (kvcache.Policy{}) {
			m.window = usualWindow(m.model)
		}
		window = m.window.Window
	}
	w, err := coder.NewWorker(m.lm(), lanes, window)
	if err != nil {
		return err
	}
	defer w.Close()
	return w.Run(s.ctx, next)
}

// codeBoth codes a text and decodes it again. What the model's tokens cannot spell is coded by zstd,
// as in archives.
func codeBoth(l *coder.Lane, m method, text []byte) (size int, err error) {
	c, err := coder.New(m.codec, l, m.params(nil))
	if err != nil {
		return 0, err
	}
	payload, err := c.Encode(nil, text)
	if errors.Is(err, coder.ErrNotSpellable) && m.codec != codec.Zstd {
		m.codec = codec.Zstd
		return codeBoth(l, m, text)
	}
	if err != nil {
		return 0, err
	}
	back, err := c.Decode(nil, payload, len(text))
	if err == nil && !bytes.Equal(back, text) {
		err = fmt.Errorf("%v: %w", m.codec, errOtherBytes)
	}
	return len(payload), err
}

// pieces cuts texts into chunks of n bytes; the last of each may be shorter.
func pieces(texts [][]byte, n int) (chunks [][]byte) {
	for _, t := range texts {
		for ; len(t) > n; t = t[n:] {
			chunks = append(chunks, t[:n])
		}
		if len(t) > 0 {
			chunks = append(chunks, t)
		}
	}
	return chunks
}

// textsOf gives the contents of inputs.
func textsOf(inputs []input) (texts [][]byte) {
	for _, in := range inputs {
		texts = append(texts, in.data)
	}
	return texts
}
