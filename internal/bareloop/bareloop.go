//go:build llama && cgo

package bareloop

/*
#cgo pkg-config: llama
#include <llama.h>
#include <stdlib.h>
#include <time.h>

static double cpu_seconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

// Feeds steps tokens to each lane in lockstep, tokens[step * lanes + lane], and reads one logit of
// each row.
static double run(struct llama_model *model, const int32_t *tokens, int lanes, int steps, int window) {
	struct llama_context_params p = llama_context_default_params();
	p.n_ctx = window * lanes;
	p.n_batch = p.n_ubatch = lanes;
	p.n_seq_max = lanes;
	p.n_threads = p.n_threads_batch = 1;
	p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
	p.type_k = p.type_v = GGML_TYPE_F16;
	p.kv_unified = false;
	p.no_perf = true;
	struct llama_context *ctx = llama_init_from_model(model, p);
	if (!ctx) return -1;
	struct llama_batch b = llama_batch_init(lanes, 0, 1);
	double start = cpu_seconds();
	float sum = 0;
	for (int s = 0; s < steps; s++) {
		b.n_tokens = lanes;
		for (int i = 0; i < lanes; i++) {
			b.token[i] = tokens[s * lanes + i];
			b.pos[i] = s;
			b.n_seq_id[i] = 1;
			b.seq_id[i][0] = i;
			b.logits[i] = 1;
		}
		if (llama_decode(ctx, b)) return -1;
		for (int i = 0; i < lanes; i++) sum += llama_get_logits_ith(ctx, i)[0];
	}
	double seconds = cpu_seconds() - start;
	llama_batch_free(b);
	llama_free(ctx);
	return sum == 12345 ? -1 : seconds; // uses sum
}

static struct llama_model *load(const char *path) {
	struct llama_model_params p = llama_model_default_params();
	p.n_gpu_layers = 0;
	p.use_extra_bufts = true;
	return llama_model_load_from_file(path, p);
}
*/
import "C"

import (
	"errors"
	"time"
	"unsafe"
)

// Model is a loaded model.
type Model struct{ c *C.struct_llama_model }

// Load loads a model file.
func Load(path string) (*Model, error) {
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	c := C.load(cpath)
	if c == nil {
		return nil, errors.New("bareloop: cannot load " + path)
	}
	return &Model{c}, nil
}

// Run feeds len(tokens)/lanes tokens to each of the lanes in lockstep on one thread
// (tokens[step*lanes+lane]) and returns the CPU time of that thread, so that several can run at
// once.
func (m *Model) Run(tokens []int32, lanes, window int) (time.Duration, error) {
	seconds := C.run(m.c, (*C.int32_t)(unsafe.Pointer(&tokens[0])), C.int(lanes), C.int(len(tokens)/lanes), C.int(window))
	if seconds < 0 {
		return 0, errors.New("bareloop: llama_decode failed")
	}
	return time.Duration(float64(seconds) * float64(time.Second)), nil
}

// Close frees the model.
func (m *Model) Close() { C.llama_model_free(m.c) }
