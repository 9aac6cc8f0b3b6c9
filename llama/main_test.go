//go:build llama && cgo

package llama

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

// childEnv makes the test binary a child that computes with the plug-in "class:path" and prints
// hashes.
const childEnv = "LMZ_TEST_PLUGIN"

// libraryEnv makes the test binary a child that says why no class can be loaded.
const libraryEnv = "LMZ_TEST_LIBRARY"

func TestMain(m *testing.M) {
	if plugin := os.Getenv(childEnv); plugin != "" {
		os.Exit(hashWithPlugin(plugin))
	}
	if os.Getenv(libraryEnv) != "" {
		os.Exit(sayLibrary())
	}
	if numbers := os.Getenv(mutantsEnv); numbers != "" {
		os.Exit(useMutants(numbers))
	}
	code := m.Run()
	for range 10 { // what tests dropped without closing is freed by the net
		if live.Load() == 0 {
			break
		}
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if n := live.Load(); n != 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "%d models and sessions of libllama were never freed\n", n)
		code = 1
	}
	os.Exit(code)
}

// specs are the models that exactness is tested with: three architectures, two kinds of tokenizer,
// four types.
func specs() []gguftest.Spec {
	return []gguftest.Spec{
		{Arch: "llama", Type: gguf.Q8_0}, {Arch: "llama", Type: gguf.Q4_0}, {Arch: "llama", Type: gguf.F16},
		{Arch: "qwen2", Type: gguf.Q8_0}, {Arch: "qwen2", Type: gguf.F16},
		{Arch: "gemma", Type: gguf.Q4_0}, {Arch: "gemma", Type: gguf.F32},
	}
}

func specName(s gguftest.Spec) string { return s.Arch + "-" + s.Type.String() }

func openSpec(t testing.TB, s gguftest.Spec) *Model {
	t.Helper()
	m, err := OpenBytes(context.Background(), gguftest.New(s).Bytes(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func openSession(t testing.TB, m *Model, p sessionParams) *session {
	t.Helper()
	s, err := m.newSession(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// hashRow hashes the bits of a row of logits.
func hashRow(row []float32) uint64 {
	h := fnv.New64a()
	h.Write(unsafe.Slice((*byte)(unsafe.Pointer(&row[0])), len(row)*4))
	return h.Sum64()
}

// tokensOf gives lane's test tokens, the same each time and others for each lane.
func tokensOf(m *Model, lane, n int) []int32 {
	tokens := make([]int32, n)
	x := uint32(lane)*2654435761 + 12345
	for i := range tokens {
		x = x*1664525 + 1013904223
		tokens[i] = int32(x>>8) % int32(len(m.pieces))
	}
	return tokens
}

// hashWithPlugin is the child: one line "model hash" per model.
func hashWithPlugin(plugin string) int {
	class, path, _ := strings.Cut(plugin, ":")
	initLog()
	registry.Lock()
	ok := loadPlugin(class, path)
	registry.Unlock()
	if !ok {
		fmt.Fprintln(os.Stderr, "refused")
		return 3
	}
	for _, spec := range specs() {
		m, err := OpenBytes(context.Background(), gguftest.New(spec).Bytes(), "")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		rows, err := stepRows(m, exactParams(1, 128), tokensOf(m, 0, 72))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		pieces, err := feedRows(m, exactParams(1, 128), tokensOf(m, 0, 72), 32)
		if i := firstDifference(pieces, rows); err != nil || i >= 0 {
			fmt.Fprintf(os.Stderr, "%s: pieces of 32 differ at position %d (%v)\n", specName(spec), i, err)
			return 1
		}
		fmt.Printf("%s %x\n", specName(spec), rows)
		m.Close()
	}
	return 0
}

func sayLibrary() int {
	_, err := LoadBackend("")
	fmt.Println(err)
	return 0
}
