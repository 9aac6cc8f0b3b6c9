package stream

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
)

// lanesModel notes the lanes of the sessions that are made, probes aside.
type lanesModel struct {
	lm.Model
	mu    sync.Mutex
	lanes []int
}

func (m *lanesModel) NewSession(lanes, window int) (lm.Session, error) {
	if window == 100 {
		m.mu.Lock()
		m.lanes = append(m.lanes, lanes)
		m.mu.Unlock()
	}
	return m.Model.NewSession(lanes, window)
}

// Sessions have no more lanes than there are chunks in flight.
func TestLanes(t *testing.T) {
	text := modelText(50000)
	tests := []struct {
		name     string
		portions []int // bytes between flushes
		workers  int
		want     []int // with two workers, which race for chunks: the most
	}{
		{"nothing", []int{0}, 2, nil},
		{"one chunk", []int{400}, 2, []int{1}},
		{"two chunks", []int{800}, 2, []int{1}},
		{"three chunks, one worker", []int{1200}, 1, []int{3}},
		{"many chunks", []int{50000}, 2, []int{4}},
		{"many chunks, one worker", []int{50000}, 1, []int{4}},
		{"more and more chunks", []int{400, 800, 400, 50000}, 1, []int{1, 2, 4}},
	}
	for _, tt := range tests {
		var diff string
		for range 10 { // a worker that is faster than the Writer has fewer chunks in flight
			m := &lanesModel{Model: letters}
			w, err := NewWriter(io.Discard, m, WithMethod(codec.LM), WithChunkSize(500), WithWorkers(tt.workers), WithLanes(4), WithWindow(equalInfo))
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range tt.portions {
				w.Write(text[:n])
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			w.Close()
			slices.Sort(m.lanes)
			if len(m.lanes) > 0 && m.lanes[len(m.lanes)-1] > tt.want[len(tt.want)-1] {
				t.Fatalf("%s: %d lanes, want at most %d", tt.name, m.lanes, tt.want)
			}
			if tt.workers > 1 && len(m.lanes) > 0 {
				m.lanes = m.lanes[len(m.lanes)-1:]
			}
			if diff = cmp.Diff(tt.want, m.lanes); diff == "" {
				break
			}
		}
		if diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

// One lane works on the caller's goroutine.
func TestNoGoroutine(t *testing.T) {
	text := modelText(5000)
	var archive bytes.Buffer
	w, err := NewWriter(&archive, letters, WithMethod(codec.LM), WithChunkSize(500), WithWorkers(1), WithLanes(1))
	if err != nil {
		t.Fatal(err)
	}
	w.Write(text)
	if n := w.pool.Goroutines(); n != 0 {
		t.Errorf("the Writer started %d goroutines", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&archive, models, WithWorkers(1), WithLanes(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, text) {
		t.Errorf("%v, differs at %d", err, differsAt(got, text))
	}
	if r.ended != nil {
		t.Error("the Reader started a goroutine")
	}
}
