//go:build cgo

package train

// #cgo CFLAGS: -O3 -fopenmp-simd -Wno-psabi
// #cgo LDFLAGS: -lm
// #include <stdlib.h>
// #include "kernel.h"
//
// // A net is put together here, since Go may not pass structures that point to its memory.
// static lmz_net net_of(const lmz_shape *s, const float *params, const void *packed) {
// 	lmz_net n = {*s, {0}, params, packed};
// 	lmz_layout_of(s, &n.at);
// 	return n;
// }
// static const char *kernel_name(const lmz_kernel *k) { return k->name; }
// static size_t kernel_packed(const lmz_kernel *k, const lmz_shape *s) {
// 	lmz_layout at;
// 	lmz_layout_of(s, &at);
// 	return lmz_packed_elements(s, &at) * k->packed;
// }
// static void kernel_pack(const lmz_kernel *k, const lmz_shape *s, const float *params, int i, void *packed, void *scratch) {
// 	lmz_net n = net_of(s, params, packed);
// 	k->pack(&n, i, packed, scratch);
// }
// static lmz_arena *kernel_arena(const lmz_kernel *k, const lmz_shape *s, int rows, int time, int keep) {
// 	return k->arena_new(s, rows, time, keep);
// }
// static void kernel_arena_free(const lmz_kernel *k, lmz_arena *a) { k->arena_free(a); }
// static double kernel_pass(const lmz_kernel *k, const lmz_shape *s, const float *params, const void *packed, lmz_arena *a,
//                           const int *tokens, const int *targets, int seqs, int time, float scale, float *grads, float *nats,
//                           const lmz_shape *ts, const float *tparams, const void *tpacked, lmz_arena *ta, float distill, double *kl) {
// 	lmz_net n = net_of(s, params, packed), t;
// 	if (ta) t = net_of(ts, tparams, tpacked);
// 	return k->pass(&n, a, tokens, targets, seqs, time, scale, grads, nats, ta ? &t : NULL, ta, distill, kl);
// }
// static void kernel_muon(const lmz_kernel *k, float *w, const float *g, float *m, int rows, int columns, float rate, float beta,
//                         float decay, void *scratch) {
// 	k->muon(w, g, m, rows, columns, rate, beta, decay, scratch);
// }
// static void kernel_adam(const lmz_kernel *k, float *w, const float *g, float *m, float *v, long n, float rate, float beta1,
//                         float beta2, float correct1, float correct2) {
// 	k->adam(w, g, m, v, n, rate, beta1, beta2, correct1, correct2);
// }
// static void kernel_add(const lmz_kernel *k, float *sum, const float *part, long n) { k->add(sum, part, n); }
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// kernel is lmz_kernel for models of one shape.
type kernel struct {
	c     *C.lmz_kernel
	shape C.lmz_shape
}

func newKernel(name string, c Config) (*kernel, error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	found := C.lmz_kernel_find(text)
	if found == nil {
		return nil, fmt.Errorf("%w: %q", ErrKernel, name)
	}
	k := &kernel{c: found, shape: C.lmz_shape{vocab: C.int(c.Vocab), width: C.int(c.Width), layers: C.int(c.Layers),
		heads: C.int(c.Heads), kv_heads: C.int(c.KVHeads), head: C.int(c.Head()), ffn: C.int(c.FFN),
		epsilon: C.float(c.Epsilon), rope_base: C.float(c.Rope)}}
	if c.Tied {
		k.shape.tied = 1
	}
	return k, nil
}

func (k *kernel) name() string  { return C.GoString(C.kernel_name(k.c)) }
func (k *kernel) matrices() int { return int(C.lmz_matrices(&k.shape)) }

// packed is room for the matrices as pass needs them.
func (k *kernel) packed() []byte { return make([]byte, C.kernel_packed(k.c, &k.shape)) }

func (k *kernel) packScratch() int { return int(C.lmz_pack_scratch(&k.shape)) }
func (k *kernel) muonScratch() int {
	n := 0
	for _, side := range []C.int{k.shape.width, k.shape.ffn} {
		n = max(n, int(C.lmz_muon_scratch(k.shape.width, side)))
	}
	return n
}

func (k *kernel) pack(params []float32, i int, packed, scratch []byte) {
	C.kernel_pack(k.c, &k.shape, floats(params), C.int(i), unsafe.Pointer(&packed[0]), unsafe.Pointer(&scratch[0]))
}

// arena is C memory for the activations of a pass.
type arena struct {
	k    *kernel
	c    *C.lmz_arena
	rows int
	time int
}

var errMemory = errors.New("not enough memory for training")

func (k *kernel) newArena(rows, time int, keep bool) (*arena, error) {
	flag := C.int(0)
	if keep {
		flag = 1
	}
	a := &arena{k, C.kernel_arena(k.c, &k.shape, C.int(rows), C.int(time), flag), rows, time}
	if a.c == nil {
		return nil, errMemory
	}
	return a, nil
}

func (a *arena) close() {
	if a != nil && a.c != nil {
		C.kernel_arena_free(a.k.c, a.c)
		a.c = nil
	}
}

// net is a model as pass needs it.
type net struct {
	k      *kernel
	params []float32
	packed []byte
}

// pass is lmz_kernel.pass; grads and nats may be nil, and teacher with its arena.
func (n *net) pass(a *arena, tokens, targets []int32, seqs, time int, scale float32, grads, nats []float32, teacher *net, ta *arena,
	distill float32) (sum, kl float64) {
	var (
		ts      *C.lmz_shape
		tparams *C.float
		tpacked unsafe.Pointer
		tarena  *C.lmz_arena
		c       C.double
	)
	if teacher != nil {
		ts, tparams, tpacked, tarena = &teacher.k.shape, floats(teacher.params), unsafe.Pointer(&teacher.packed[0]), ta.c
	}
	s := C.kernel_pass(n.k.c, &n.k.shape, floats(n.params), unsafe.Pointer(&n.packed[0]), a.c, (*C.int)(&tokens[0]), (*C.int)(&targets[0]),
		C.int(seqs), C.int(time), C.float(scale), floats(grads), floats(nats), ts, tparams, tpacked, tarena, C.float(distill), &c)
	return float64(s), float64(c)
}

func (k *kernel) muon(w, g, momentum []float32, rows, columns int, rate, beta, decay float64, scratch []byte) {
	C.kernel_muon(k.c, floats(w), floats(g), floats(momentum), C.int(rows), C.int(columns), C.float(rate), C.float(beta), C.float(decay),
		unsafe.Pointer(&scratch[0]))
}

func (k *kernel) adam(w, g, m, v []float32, rate, beta1, beta2, correct1, correct2 float64) {
	C.kernel_adam(k.c, floats(w), floats(g), floats(m), floats(v), C.long(len(w)), C.float(rate), C.float(beta1), C.float(beta2),
		C.float(correct1), C.float(correct2))
}

func (k *kernel) add(sum, part []float32) {
	C.kernel_add(k.c, floats(sum), floats(part), C.long(len(sum)))
}

func floats(s []float32) *C.float {
	if len(s) == 0 {
		return nil
	}
	return (*C.float)(&s[0])
}
