/* LANES floats at a time, in GCC's vector extension: any instruction set has it. LANES is 4, 8 or 16, what fits a register. */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include "kernel.h"

#pragma GCC diagnostic ignored "-Wunused-function"

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias)); /* anywhere in memory */
typedef int ivec __attribute__((vector_size(4 * LANES), may_alias));

static inline vec fill(float x) { return x - (vec){0}; }
static inline vec get(const float *p) { return *(const loose *)p; }
static inline void put(float *p, vec x) { *(loose *)p = x; }

static inline vec larger(vec a, vec b) {
#ifdef __AVX512F__
	return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#else
	ivec m = a > b;
	return (vec)(((ivec)a & m) | ((ivec)b & ~m));
#endif
}

/* Lanes i and i ^ w change places. */
static inline vec swap(vec x, int w) {
	ivec m;
	for (int i = 0; i < LANES; i++) m[i] = i ^ w;
	return __builtin_shuffle(x, m);
}

static inline float sum(vec x) {
#pragma GCC unroll 4
	for (int w = LANES / 2; w; w /= 2) x += swap(x, w);
	return x[0];
}

static inline float largest(vec x) {
#pragma GCC unroll 4
	for (int w = LANES / 2; w; w /= 2) x = larger(x, swap(x, w));
	return x[0];
}

/* e^x for x <= 80 or so, relative error below 1e-6; what is below e^-69 comes out as about that. */
static inline vec exponential(vec x) {
	const float round = 12582912.f; /* 1.5 * 2^23: adding it rounds to an integer */
	vec t = larger(x * 1.44269504f, fill(-100));
	vec n = (t + round) - round, f = t - n;
	vec p = fill(1.5403530e-4f);
	p = p * f + 1.3333558e-3f;
	p = p * f + 9.6181291e-3f;
	p = p * f + 5.5504109e-2f;
	p = p * f + 2.4022651e-1f;
	p = p * f + 6.9314718e-1f;
	p = p * f + 1.f;
	ivec e = (__builtin_convertvector(n, ivec) + 127) << 23;
	return p * (vec)e;
}
