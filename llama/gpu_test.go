//go:build llama && cgo

package llama

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// gpuEnv names the class of a GPU that tests bind the process to; without it they are left out.
const gpuEnv = "LMZ_TEST_GPU"

// loadGPUClass binds the process.
func loadGPUClass(t *testing.T) gpuClass {
	t.Helper()
	name := os.Getenv(gpuEnv)
	if name == "" {
		t.Skip("no GPU: make gpu GPU=vulkan sets one up in software, make test-gpu takes it")
	}
	c, ok := parseGPUClass(name)
	if !ok {
		t.Fatalf("%s is %q", gpuEnv, name)
	}
	if b, err := LoadBackend(name); err != nil || b.Class != name || b.Lanes != c.lanes || b.Device == "" || b.Path == "" {
		t.Fatalf("%+v, %v", b, err)
	}
	return c
}

// TestGPUExact is the contract of lm.Model on a GPU: a lane's rows are the same, whatever other
// lanes hold, wherever it is, and after rewinds.
func TestGPUExact(t *testing.T) {
	loadGPUClass(t)
	// Smaller ones have too few heads to differ.
	m, err := Open(t.Context(), "../models/embedded/nano-q8_0.gguf", "")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	tokens := tokensOf(m, 0, 264) // libggml looks at the cache in units of 256
	s, err := m.NewSession(1, len(tokens))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var rows []uint64
	for at := range tokens {
		if err := s.Decode(t.Context(), []lm.Feed{{Pos: at, Tokens: tokens[at : at+1]}}); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, hashRow(s.Logits(0).Float))
	}
	wantScheduled(t, m, [][]int32{tokens}, [][]uint64{rows}, 30)
}

// TestGPURefuses: what the process is not bound to is refused with both names.
func TestGPURefuses(t *testing.T) {
	c := loadGPUClass(t)
	other, family := c, c
	other.lanes = c.lanes%maxGPULanes + 1
	family.family = "other"
	for _, class := range []string{other.String(), family.String(), "avx2"} {
		_, err := LoadBackend(class)
		var refused *ClassError
		if !errors.As(err, &refused) || refused.Loaded != c.String() || !strings.Contains(err.Error(), `"`+class+`"`) ||
			!strings.Contains(err.Error(), `"`+c.String()+`"`) {
			t.Errorf("%s: %v", class, err)
		}
	}
}
