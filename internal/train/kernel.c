#include "kernel.h"

#include <string.h>

void lmz_layout_of(const lmz_shape *s, lmz_layout *at) {
	long d = s->width, heads = (s->heads + 2 * s->kv_heads) * s->head, p = 0;
	at->embd = p, p += s->vocab * d;
	at->blk = p, p = 0;
	at->attn_norm = p, p += d;
	at->qkv = p, p += heads * d;
	at->o = p, p += d * s->heads * s->head;
	at->ffn_norm = p, p += d;
	at->gu = p, p += 2L * s->ffn * d;
	at->down = p, p += d * s->ffn;
	at->stride = p;
	p = at->blk + s->layers * at->stride;
	at->output_norm = p, p += d;
	at->output = s->tied ? at->embd : p, p += s->tied ? 0 : s->vocab * d;
	at->total = p;
}

int lmz_matrices(const lmz_shape *s) { return 4 * s->layers + 1; }

lmz_matrix lmz_matrix_at(const lmz_shape *s, const lmz_layout *at, int i) {
	int d = s->width, q = s->heads * s->head, kv = s->kv_heads * s->head;
	long layer = at->blk + i / 4 * at->stride, sizes[4] = {(q + 2L * kv) * d, (long)q * d, 2L * s->ffn * d, (long)d * s->ffn}, before = 0;
	lmz_matrix m;
	if (i == 4 * s->layers) {
		m = (lmz_matrix){at->output, 0, s->vocab, d};
	} else {
		const lmz_matrix kinds[4] = {{layer + at->qkv, 0, q + 2 * kv, d}, {layer + at->o, 0, d, q}, {layer + at->gu, 0, 2 * s->ffn, d}, {layer + at->down, 0, d, s->ffn}};
		m = kinds[i % 4];
		for (int j = 0; j < i % 4; j++) before += sizes[j];
	}
	m.packed = 2 * (i / 4 * (sizes[0] + sizes[1] + sizes[2] + sizes[3]) + before); /* each is packed for both directions */
	return m;
}

long lmz_packed_elements(const lmz_shape *s, const lmz_layout *at) {
	lmz_matrix last = lmz_matrix_at(s, at, 4 * s->layers);
	return last.packed + 2L * last.rows * last.columns;
}

size_t lmz_pack_scratch(const lmz_shape *s) {
	long most = 0;
	lmz_layout at;
	lmz_layout_of(s, &at);
	for (int i = 0; i < lmz_matrices(s); i++) {
		lmz_matrix m = lmz_matrix_at(s, &at, i);
		if ((long)m.rows * m.columns > most) most = (long)m.rows * m.columns;
	}
	return most * sizeof(float);
}

/* An update in float, the matrix and its product, and four squares; more than enough for either element type. */
size_t lmz_muon_scratch(int rows, int columns) {
	size_t n = (size_t)rows * columns, r = rows < columns ? rows : columns;
	return (5 * n + 5 * r * r) * sizeof(float) + 4096;
}

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux lets a process use AMX tiles once it has asked (arch_prctl, ARCH_REQ_XCOMP_PERM of XFEATURE_XTILEDATA). */
static int has_amx(void) {
	unsigned a, b, c, d;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & 1) || !(d >> 24 & 1)) return 0; /* AMX-BF16, AMX-TILE */
	if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a >> 5 & 1)) return 0;                     /* AVX512-BF16 */
	return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

static int has_avx512(void) {
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl");
}

const lmz_kernel *lmz_kernel_find(const char *name) {
	int any = !*name;
	if ((any || !strcmp(name, "amx")) && has_avx512() && has_amx()) return &lmz_kernel_amx;
	if ((any || !strcmp(name, "avx512")) && has_avx512()) return &lmz_kernel_avx512;
	if ((any || !strcmp(name, "avx2")) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &lmz_kernel_avx2;
	return any || !strcmp(name, "portable") ? &lmz_kernel_portable : NULL;
}
#else
const lmz_kernel *lmz_kernel_find(const char *name) {
	return !*name || !strcmp(name, "portable") ? &lmz_kernel_portable : NULL;
}
#endif
