//go:build llama && cgo

package llama

// #include "bridge.h"
import "C"

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/lm"
)

var _ lm.Fixed = (*Model)(nil)

// live counts C objects: models and sessions that have not been freed.
var live atomic.Int64

// Model is a loaded GGUF model. Its methods may be called concurrently. The memory of the model is
// freed once it and all its sessions are closed.
type Model struct {
	id     lm.ModelID
	fixed  int // lanes that are always computed together, or 0
	header *gguf.Header
	pieces [][]byte
	bos    int32
	memory *modelMemory
	net    runtime.Cleanup
}

// modelMemory is libllama's model with the number of its users: the open Model and its open
// sessions.
type modelMemory struct {
	mu    sync.Mutex
	c     *C.struct_llama_model
	users int
	open  bool // Close has not been called
}

// Open loads the model file at path, hashing it whole, and binds the process to a numeric class
// (LoadBackend); the empty one is that of the backend which is loaded already, else DefaultClass().
// It makes sure, once for each model and process, that logits do not depend on how tokens are
// batched here. Errors wrap ErrUnsupported or ErrLoad, say what is wrong with the file's header, or
// are a *LibraryError or *ClassError; when ctx ends meanwhile the error is that of ctx. The caller
// closes the model; the file must not change while it is open.
func Open(ctx context.Context, path, class string) (*Model, error) {
	f, size, err := gguf.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := open(ctx, f, size, class)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", printable(path), err)
	}
	return m, nil
}

// OpenBytes loads a model file that is in memory, through an anonymous file; data is not kept.
// Errors are Open's.
func OpenBytes(ctx context.Context, data []byte, class string) (*Model, error) {
	f, err := anonymousFile()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return nil, err
	}
	m, err := open(ctx, f, int64(len(data)), class)
	if err != nil {
		return nil, fmt.Errorf("model in memory: %w", err)
	}
	return m, nil
}

// loading makes libllama load one model at a time, so that its log tells why a load failed.
var loading = semaphore.NewWeighted(1)

// open loads the model and makes sure that it keeps the contract of lm.Model.
func open(ctx context.Context, f *os.File, size int64, class string) (*Model, error) {
	m, err := openUnproven(ctx, f, size, class)
	if err != nil {
		return nil, err
	}
	if err := proveContract(ctx, m); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func openUnproven(ctx context.Context, f *os.File, size int64, class string) (*Model, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	header, err := gguf.Read(f, size)
	if err != nil {
		return nil, err
	}
	if err := check(header, f); err != nil {
		return nil, err
	}
	backend, err := LoadBackend(class)
	if err != nil {
		return nil, err
	}
	m := &Model{header: header, id: lm.ModelID{Name: header.Text("general.name"), Class: backend.Class}, fixed: backend.Lanes}
	if m.id.SHA256, err = gguf.Hash(ctx, io.NewSectionReader(f, 0, size)); err != nil {
		return nil, err
	}

	if err := loading.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer loading.Release(1)
	takeReason()
	c := load(ctx, f)
	if c == nil {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w%s", ErrLoad, takeReason())
	}
	live.Add(1)
	m.memory = &modelMemory{c: c, users: 1, open: true}
	m.net = runtime.AddCleanup(m, func(mem *modelMemory) { mem.close() }, m.memory)
	if err := m.supported(); err != nil {
		m.Close()
		return nil, err
	}
	if err := m.readVocabulary(C.llama_model_get_vocab(c)); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// repacks is whether the classes of this architecture compute with weights that are repacked. On
// ARM a batch of four rows then has other bits than one row.
const repacks = runtime.GOARCH != "arm64"

// load is lmz_model_load, which ends early, without a model, when ctx ends.
func load(ctx context.Context, f *os.File) *C.struct_llama_model {
	a := newAbort()
	defer a.pinner.Unpin()
	defer a.watch(ctx)()
	registry.Lock()
	device := registry.device
	registry.Unlock()
	return C.lmz_model_load(C.int(f.Fd()), device, C.bool(repacks && device == nil), (*C.int32_t)(&a.flag))
}

// supported refuses kinds of models for which the contract of lm.Model was not measured, or which
// predict no next token.
func (m *Model) supported() error {
	c := m.memory.c
	for _, kind := range []struct {
		is   C.bool
		name string
	}{
		{C.llama_model_has_encoder(c), "an encoder"},
		{!C.llama_model_has_decoder(c), "no decoder"},
		{C.llama_model_is_recurrent(c), "a recurrent state"},
		{C.llama_model_is_hybrid(c), "a recurrent state"},
		{C.llama_model_is_diffusion(c), "diffusion instead of next-token prediction"},
	} {
		if kind.is {
			return fmt.Errorf("%w: architecture %q has %s", ErrUnsupported, m.header.Text("general.architecture"), kind.name)
		}
	}
	return nil
}

// ID is the hash of the file, its general.name and the numeric class of the process.
func (m *Model) ID() lm.ModelID { return m.id }

// ContextLength is llama_model_n_ctx_train.
func (m *Model) ContextLength() int {
	n, _ := m.header.Uint(m.header.Text("general.architecture") + ".context_length")
	return int(n)
}

// Close releases the model; sessions that are still open stay usable until they are closed.
func (m *Model) Close() error {
	if !m.memory.close() {
		return ErrClosed
	}
	m.net.Stop()
	return nil
}

// use adds a user of the model's memory unless the model is closed.
func (m *modelMemory) use() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.open {
		return false
	}
	m.users++
	return true
}

// release frees the model after its last user.
func (m *modelMemory) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users--; m.users == 0 {
		C.llama_model_free(m.c)
		live.Add(-1)
	}
}

func (m *modelMemory) close() bool {
	m.mu.Lock()
	was := m.open
	m.open = false
	m.mu.Unlock()
	if was {
		m.release()
	}
	return was
}
