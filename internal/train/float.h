/* Elements are float: matrix products of packed panels in plain vector code, for any instruction set.

   A panel holds 16 columns of a matrix B[k][n] side by side: [n/16][k][16]. ROWS and VECTORS size the block of the product that
   stays in registers. */

typedef float elem;

static inline vec load(const elem *p) { return *(const loose *)p; }
static inline void store(elem *p, vec x) { *(loose *)p = x; }

/* How a matrix A[m][k] lies: distance of rows, of blocks of 16 rows, and of blocks of 32 columns. */
typedef struct {
	const elem *p;
	long row, block, step;
} view;

static inline view rows_of(const elem *p, long ld) { return (view){p, ld, 16 * ld, 32}; }

static void enter(void) {}
static void leave(void) {}

/* Panels of B[k][n] = s[n][k]. */
static void pack_transposed(elem *dst, const elem *s, long ld, long n, long k) {
	for (long j = 0; j < n; j += 16)
		for (long i = 0; i < k; i++)
			for (long c = 0; c < 16; c++) dst[j * k + i * 16 + c] = s[(j + c) * ld + i];
}

/* Panels of B[k][n] = s[k][n]. */
static void pack(elem *dst, const elem *s, long ld, long k, long n) {
	for (long j = 0; j < n; j += 16)
		for (long i = 0; i < k; i++)
			for (long c = 0; c < 16; c += LANES) store(dst + j * k + i * 16 + c, load(s + i * ld + j + c));
}

/* A[m][k] = s[k][m], in blocks of 16 x 32: rows far apart would fall into the same lines of the cache. */
static view transpose(elem *dst, const elem *s, long ld, long k, long m) {
	for (long i = 0; i < k; i += 32)
		for (long j = 0; j < m; j += 16) {
			elem *to = dst + j * k + i * 16;
			for (long c = 0; c < 32; c++)
				for (long r = 0; r < 16; r++) to[r * 32 + c] = s[(i + c) * ld + j + r];
		}
	return (view){dst, 32, 16 * k, 512};
}

static inline __attribute__((always_inline)) void block(long k, const elem *a, long row, long step, const elem *b, long panel, const float *init, float *c, long ldc) {
	vec sum[ROWS][VECTORS];
#pragma GCC unroll 8
	for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
		for (int v = 0; v < VECTORS; v++) sum[r][v] = init ? (vec) * (const loose *)(init + r * ldc + LANES * v) : (vec){0};
	for (long i = 0; i < k; i += 32, a += step)
		for (long j = 0; j < 32; j++, b += 16) {
#pragma GCC unroll 8
			for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
				for (int v = 0; v < VECTORS; v++) sum[r][v] += a[r * row + j] * *(const loose *)(b + v * LANES / 16 * panel + v * LANES % 16);
		}
#pragma GCC unroll 8
	for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
		for (int v = 0; v < VECTORS; v++) *(loose *)(c + r * ldc + LANES * v) = sum[r][v];
}

/* c or e = init + A[m][k] B[k][n]; panel: distance of the panels of B; ldc: of the rows of init, c and e. m, n, k: multiples of 32. */
static void product(long m, long n, long k, view a, const elem *b, long panel, const float *init, float *c, elem *e, long ldc) {
	const long depth = 512; /* a block of B of 512 x 128 stays in the cache */
	if (!c) c = e;
	for (long k0 = 0; k0 < k; k0 += depth) {
		long kc = k - k0 < depth ? k - k0 : depth;
		const float *from = k0 ? c : init;
		for (long n0 = 0; n0 < n; n0 += 128)
			for (long i = 0; i < m; i += ROWS) {
				const elem *ai = a.p + i / 16 * a.block + i % 16 * a.row + k0 / 32 * a.step;
				for (long j = n0; j < n && j < n0 + 128; j += LANES * VECTORS)
					block(kc, ai, a.row, a.step, b + j / 16 * panel + j % 16 + k0 * 16, panel, from ? from + i * ldc + j : NULL, c + i * ldc + j, ldc);
			}
	}
}
