package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/lm"
)

// repeated gives n bytes of text over and over.
type repeated struct {
	text  []byte
	n, at int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.at == r.n {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.n-r.at)], r.text[r.at%len(r.text):])
	r.at += n
	return n, nil
}

// liveHeap measures the memory in use at every step bytes that pass through it, and keeps the most.
type liveHeap struct {
	step, next, n int
	most          uint64
}

func (h *liveHeap) Write(p []byte) (int, error) {
	if h.n += len(p); h.n >= h.next {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapAlloc)
		h.next = h.n + h.step
	}
	return len(p), nil
}

// pass sends n bytes through a Writer and a Reader that are connected by a pipe.
func pass(t testing.TB, text []byte, n int, watch io.Writer, chunkSize int) {
	pr, pw := io.Pipe()
	go func() {
		w, err := NewWriter(pw, letters, WithMethod(codec.LM), WithChunkSize(chunkSize), WithWorkers(2), WithLanes(4))
		if err == nil {
			if _, err = io.Copy(w, &repeated{text: text, n: n}); err == nil {
				err = w.Close()
			}
		}
		pw.CloseWithError(err)
	}()
	r, err := NewReader(pr, models, WithWorkers(2), WithLanes(4))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.Copy(watch, r); err != nil || got != int64(n) {
		t.Fatalf("%d bytes of %d: %v", got, n, err)
	}
}

// Memory does not grow with the input.
func TestMemoryBound(t *testing.T) {
	text := modelText(10000)
	var most [2]uint64
	const size = 150000
	for i := range most {
		h := liveHeap{step: size / 4}
		pass(t, text, size<<(3*i), &h, 1000)
		most[i] = h.most
	}
	if most[1] > most[0]+4*size {
		t.Errorf("%d bytes take up to %d bytes of memory, eight times as many take %d", size, most[0], most[1])
	}
}

// A record can claim anything: what is allocated follows what is there.
func TestHostileClaims(t *testing.T) {
	const size = format.MaxChunkSize
	claim := func(m codec.Method, payloadSize uint64, payload []byte) []byte {
		head := []byte{format.TagChunk | byte(m)}
		for _, v := range []uint64{size / 2, payloadSize, 0} {
			head = binary.AppendUvarint(head, v)
		}
		return sealed(append(head, 1, 2, 3, 4), payload, 0)
	}
	payload := func(m lm.Model, opts ...WriterOption) []byte {
		s := format.NewScanner(bytes.NewReader(compress(t, m, modelText(300), opts...)))
		s.NextFrame()
		c, err := s.NextChunk()
		if err == nil {
			err = s.Payload(c)
		}
		if err != nil {
			t.Fatal(err)
		}
		return c.Payload
	}
	zstd, tokens := payload(nil), payload(letters)
	ranks, huffman := payload(letters, WithMethod(codec.RankGzip)), payload(letters, WithMethod(codec.RankHuffman))
	header := frame(chunkSizeField(size))
	h := Header{ChunkSize: size, Model: new(lm.ModelID), Window: equalInfo}
	*h.Model = letters.ID()
	h.Probe, _ = coder.Probe(t.Context(), letters)
	for name, archive := range map[string][]byte{
		"payload": slices.Concat(header, claim(codec.Raw, size/2, []byte("few bytes"))),
		"zstd":    slices.Concat(header, claim(codec.Zstd, uint64(len(zstd)), zstd)),
		"lm":      slices.Concat(format.AppendHeader(nil, &h), claim(codec.LM, uint64(len(tokens)), tokens)),
		"ranks":   slices.Concat(format.AppendHeader(nil, &h), claim(codec.RankGzip, uint64(len(ranks)), ranks)),
		"huffman": slices.Concat(format.AppendHeader(nil, &h), claim(codec.RankHuffman, uint64(len(huffman)), huffman)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decompress(archive, WithMemoryLimit(1<<40), WithWorkers(1))
		runtime.ReadMemStats(&after)
		if !documented(err) {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
			t.Errorf("%s: %d bytes of archive made it allocate %d", name, len(archive), n)
		}
		t.Logf("%s: %v", name, err)
	}
}

// BenchmarkMemory shows the most memory that the Go runtime takes from the system for inputs of 16,
// 64 and 640 MB through the fake model, compressed and decompressed at once. (make bench; minutes)
func BenchmarkMemory(b *testing.B) {
	text := modelText(1 << 20)
	for _, mb := range []int{16, 64, 640} {
		b.Run(fmt.Sprintf("%dMB", mb), func(b *testing.B) {
			b.SetBytes(int64(mb) * 1e6)
			for b.Loop() {
				stop, most := make(chan struct{}), make(chan uint64)
				go func() {
					var m runtime.MemStats
					peak := uint64(0)
					tick := time.NewTicker(10 * time.Millisecond)
					defer tick.Stop()
					for {
						select {
						case <-tick.C:
							runtime.ReadMemStats(&m)
							peak = max(peak, m.HeapInuse+m.StackInuse)
						case <-stop:
							most <- peak
							return
						}
					}
				}()
				pass(b, text, mb*1e6, io.Discard, preset.ModelChunkSize)
				close(stop)
				b.ReportMetric(float64(<-most)/1e6, "peak-MB")
			}
		})
	}
}

// BenchmarkThroughput is the speed of the container itself: chunks that are copied.
func BenchmarkThroughput(b *testing.B) {
	data := bytes.Repeat(logExcerpt(b, 130000), 100)
	archive := compress(b, nil, data, WithMethod(codec.Raw))
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("write/%d", workers), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			w, err := NewWriter(io.Discard, nil, WithMethod(codec.Raw), WithWorkers(workers))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				w.Reset(io.Discard)
				w.Write(data)
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("read/%d", workers), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r, err := NewReader(bytes.NewReader(archive), nil, WithWorkers(workers))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
				r.Close()
			}
		})
	}
}
