/* Elements are bfloat16: matrix products by AMX tiles, everything else in AVX-512.

   A panel holds 16 columns of a matrix B[k][n], pairs of rows interleaved: [n/16][k/2][16][2]; 32 rows of it are one tile. */

#include <immintrin.h>

typedef unsigned short elem;

static inline vec load(const elem *p) {
	return (vec)_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
static inline void store(elem *p, vec x) { _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh((__m512)x)); }

/* How a matrix A[m][k] lies: distance of rows, of blocks of 16 rows, and of blocks of 32 columns. */
typedef struct {
	const elem *p;
	long row, block, step;
} view;

static inline view rows_of(const elem *p, long ld) { return (view){p, ld, 16 * ld, 32}; }

/* All eight tiles are 16 rows of 64 bytes. A thread's tiles are configured on entry and released before it goes back to Go. */
static void enter(void) {
	struct {
		unsigned char palette, start, zero[14];
		unsigned short bytes[16];
		unsigned char rows[16];
	} config __attribute__((aligned(64))) = {.palette = 1};
	for (int i = 0; i < 8; i++) config.bytes[i] = 64, config.rows[i] = 16;
	_tile_loadconfig(&config);
}
static void leave(void) { _tile_release(); }

/* Transposes 16 x 16 numbers of 32 bits. */
static inline void transpose16(__m512i r[16]) {
	__m512i t[16];
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
		t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
		r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
		r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
		r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
		t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
		t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
		t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
		r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
		r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
		r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
	}
}

/* Panels of B[k][n] = s[n][k]. */
static void pack_transposed(elem *dst, const elem *s, long ld, long n, long k) {
	for (long j = 0; j < n; j += 16)
		for (long i = 0; i < k; i += 32) {
			__m512i r[16];
#pragma GCC unroll 16
			for (int c = 0; c < 16; c++) r[c] = _mm512_loadu_si512(s + (j + c) * ld + i);
			transpose16(r);
#pragma GCC unroll 16
			for (int c = 0; c < 16; c++) _mm512_storeu_si512(dst + j * k + i * 16 + c * 32, r[c]);
		}
}

/* Two rows of 16 elements as 16 pairs. */
static inline __m512i pairs(const elem *a, const elem *b) {
	__m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)a));
	__m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)b));
	return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

/* Panels of B[k][n] = s[k][n]. */
static void pack(elem *dst, const elem *s, long ld, long k, long n) {
	for (long i = 0; i < k; i += 2)
		for (long j = 0; j < n; j += 16) _mm512_storeu_si512(dst + j * k + i * 16, pairs(s + i * ld + j, s + (i + 1) * ld + j));
}

/* A[m][k] = s[k][m], tile by tile. */
static view transpose(elem *dst, const elem *s, long ld, long k, long m) {
	for (long i = 0; i < k; i += 32)
		for (long j = 0; j < m; j += 16) {
			__m512i r[16];
#pragma GCC unroll 16
			for (int c = 0; c < 16; c++) r[c] = pairs(s + (i + 2 * c) * ld + j, s + (i + 2 * c + 1) * ld + j);
			transpose16(r);
#pragma GCC unroll 16
			for (int c = 0; c < 16; c++) _mm512_storeu_si512(dst + j * k + i * 16 + c * 32, r[c]);
		}
	return (view){dst, 32, 16 * k, 512};
}

/* c or e = init + A[m][k] B[k][n]; panel: distance of the panels of B; ldc: of the rows of init, c and e. m, n, k: multiples of 32. */
static void product(long m, long n, long k, view a, const elem *b, long panel, const float *init, float *c, elem *e, long ldc) {
	const long depth = e ? k : 512;       /* rows of B at a time: A's 32 rows stay in the first-level cache */
	float out[4][256] __attribute__((aligned(64)));
	for (long k0 = 0; k0 < k; k0 += depth) {
		long kc = k - k0 < depth ? k - k0 : depth;
		long nc = (262144 / kc + 31) / 32 * 32; /* columns at a time: 512 KiB of B */
		const float *from = k0 ? c : init;
		for (long n0 = 0; n0 < n; n0 += nc)
			for (long i = 0; i < m; i += 32)
				for (long j = n0; j < n && j < n0 + nc; j += 32) {
					const elem *a0 = a.p + i / 16 * a.block + k0 / 32 * a.step, *a1 = a0 + a.block;
					const elem *b0 = b + j / 16 * panel + k0 * 16, *b1 = b0 + panel;
					if (from) {
						const float *f = from + i * ldc + j;
						_tile_loadd(0, f, 4 * ldc);
						_tile_loadd(1, f + 16, 4 * ldc);
						_tile_loadd(2, f + 16 * ldc, 4 * ldc);
						_tile_loadd(3, f + 16 * ldc + 16, 4 * ldc);
					} else {
						_tile_zero(0);
						_tile_zero(1);
						_tile_zero(2);
						_tile_zero(3);
					}
					for (long s = 0; s < kc; s += 32, a0 += a.step, a1 += a.step, b0 += 512, b1 += 512) {
						_tile_loadd(4, a0, 2 * a.row);
						_tile_loadd(6, b0, 64);
						_tile_dpbf16ps(0, 4, 6);
						_tile_loadd(7, b1, 64);
						_tile_dpbf16ps(1, 4, 7);
						_tile_loadd(5, a1, 2 * a.row);
						_tile_dpbf16ps(2, 5, 6);
						_tile_dpbf16ps(3, 5, 7);
					}
					if (c) {
						float *to = c + i * ldc + j;
						_tile_stored(0, to, 4 * ldc);
						_tile_stored(1, to + 16, 4 * ldc);
						_tile_stored(2, to + 16 * ldc, 4 * ldc);
						_tile_stored(3, to + 16 * ldc + 16, 4 * ldc);
						continue;
					}
					_tile_stored(0, out[0], 64);
					_tile_stored(1, out[1], 64);
					_tile_stored(2, out[2], 64);
					_tile_stored(3, out[3], 64);
					for (int r = 0; r < 32; r++) {
						const float *o = out[r / 16 * 2] + r % 16 * 16;
						__m512bh x = _mm512_cvtne2ps_pbh(_mm512_load_ps(o + 256), _mm512_load_ps(o));
						_mm512_storeu_si512(e + (i + r) * ldc + j, (__m512i)x);
					}
				}
	}
}
