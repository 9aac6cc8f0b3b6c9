/* Kernels of the trainer: one set of functions per instruction set, chosen when a trainer is made. */
#ifndef LMZ_TRAIN_KERNEL_H
#define LMZ_TRAIN_KERNEL_H

#include <stddef.h>

/* Sizes of a model of arch llama. All but layers, heads, kv_heads and tied are multiples of 32; so is the head's width. */
typedef struct {
	int vocab, width, layers, heads, kv_heads, head, ffn, tied;
	float epsilon, rope_base;
} lmz_shape;

/* Where the tensors lie in the flat array of parameters, in floats. Those of a layer are relative to blk + layer * stride.
   qkv is attn_q, attn_k and attn_v one after the other, gu is ffn_gate and ffn_up: matrices [out, in], row-major. Rotary
   pairs in the rows of attn_q and attn_k are (i, i + head/2). output is token_embd when they are tied. */
typedef struct {
	long embd, blk, stride, attn_norm, qkv, o, ffn_norm, gu, down, output_norm, output, total;
} lmz_layout;

typedef struct {
	lmz_shape shape;
	lmz_layout at;
	const float *params;
	const void *packed; /* from pack */
} lmz_net;

typedef struct lmz_arena lmz_arena;

typedef struct {
	const char *name;
	size_t packed; /* bytes per parameter of a packed matrix */

	/* pack prepares matrix i of a net (lmz_matrices of them) for use by pass; scratch: lmz_pack_scratch bytes. */
	void (*pack)(const lmz_net *n, int i, void *packed, void *scratch);

	/* arena_new allocates what pass needs for up to rows positions in windows of up to time; keep: for gradients. NULL: no memory. */
	lmz_arena *(*arena_new)(const lmz_shape *s, int rows, int time, int keep);
	void (*arena_free)(lmz_arena *a);

	/* pass predicts targets[seqs * time] from tokens[seqs * time]; a negative target does not count. nats, if not NULL, gets each
	   position's cost. With grads, the gradient of scale * (sum of costs) is added to them; then, with a teacher, the cost
	   differentiated is (1 - distill) * cross-entropy + distill * KL(teacher || student). Returns the sum of cross-entropies, and
	   that of divergences, estimated from every 16th position, in *kl. time is a multiple of 32. */
	double (*pass)(const lmz_net *n, lmz_arena *a, const int *tokens, const int *targets, int seqs, int time, float scale,
	               float *grads, float *nats, const lmz_net *teacher, lmz_arena *ta, float distill, double *kl);

	/* muon updates a matrix [rows, columns]; scratch: lmz_muon_scratch bytes. */
	void (*muon)(float *w, const float *g, float *momentum, int rows, int columns, float rate, float beta, float decay, void *scratch);

	/* adam updates n floats; correct1, correct2: 1 - beta^step. */
	void (*adam)(float *w, const float *g, float *m, float *v, long n, float rate, float beta1, float beta2, float correct1,
	             float correct2);

	/* add adds n floats to a sum. */
	void (*add)(float *sum, const float *part, long n);
} lmz_kernel;

extern const lmz_kernel lmz_kernel_portable, lmz_kernel_avx2, lmz_kernel_avx512, lmz_kernel_amx;

/* lmz_kernel_find returns the fastest kernel that this machine has, or the named one; NULL if it has not. */
const lmz_kernel *lmz_kernel_find(const char *name);

void lmz_layout_of(const lmz_shape *s, lmz_layout *at);

/* The matrices that are packed: 4 per layer (qkv, o, gu, down), then output. */
typedef struct {
	long param, packed; /* offsets in floats and in elements */
	int rows, columns;
} lmz_matrix;

int lmz_matrices(const lmz_shape *s);
lmz_matrix lmz_matrix_at(const lmz_shape *s, const lmz_layout *at, int i);
long lmz_packed_elements(const lmz_shape *s, const lmz_layout *at);
size_t lmz_pack_scratch(const lmz_shape *s);
size_t lmz_muon_scratch(int rows, int columns);

#endif
