/* The model: forward and backward passes of arch llama, and the optimizers. Included once per kernel, after the elements and
   their matrix product (float.h, tiles.h).

   Names: rows = seqs * time positions of one call; D width, F ffn, V vocab; "d…" is the gradient of "…". */

#define HUGE (2 << 20) /* bytes of a huge page */

/* Rows of a block of attention, of logits, of everything else; columns of a transposition. They keep what a block works on in
   the second-level cache: memory, not arithmetic, bounds the speed. */
enum { QUERIES = 64, CHUNK = 128, BLOCK = 256, STRIP = 256 };

typedef struct {
	float *x, *y;         /* [rows][D] before attention, before the feed-forward part */
	float *rx, *ry;       /* [rows] 1 / RMS of them */
	elem *qkv, *att;      /* [rows][(heads + 2 kv_heads) head], [rows][heads head] */
	elem *gu;             /* [rows][2F] */
	elem *p;              /* [seqs][heads][time][time] attention weights; what is right of a block of queries is not defined */
} saved;

struct lmz_arena {
	int rows, time, keep;
	saved *layer;
	float *cos, *sin;     /* [time][head/2] */
	float *xf, *rf;
	elem *hf;
	elem *kt, *vt, *kn, *vn, *qn, *on; /* panels [time][head] of one head */
	float *scores, *dk, *dv;
	elem *ds, *strip, *panels;
	float *logits, *logits2;
	elem *dl;
	float *dx, *dy;
	elem *dxe, *dye, *dact, *dgu, *dqkv, *datt;
	elem *h, *act; /* [rows][D], [rows][F]; without keep one block of rows */
	void *blocks[64];
	int nblocks, failed;
};

static void *take(lmz_arena *a, size_t bytes) {
	void *p = NULL;
	if (!a->failed && posix_memalign(&p, bytes < HUGE ? 64 : HUGE, bytes + 64)) a->failed = 1;
	if (a->failed) return NULL;
#ifdef MADV_HUGEPAGE
	if (bytes >= HUGE) madvise(p, bytes, MADV_HUGEPAGE); /* a fifth faster; nothing is lost where it is refused */
#endif
	return a->blocks[a->nblocks++] = p;
}

static void arena_free(lmz_arena *a) {
	if (!a) return;
	for (int i = 0; i < a->nblocks; i++) free(a->blocks[i]);
	free(a->layer);
	free(a);
}

static lmz_arena *arena_new(const lmz_shape *s, int rows, int time, int keep) {
	lmz_arena *a = calloc(1, sizeof *a);
	if (!a) return NULL;
	long D = s->width, F = s->ffn, H = (long)s->heads * s->head, Q = H + 2L * s->kv_heads * s->head, n = rows, layers = keep ? s->layers : 1;
	long wide = D > F ? D : F, e = sizeof(elem), f = sizeof(float);
	if (H > wide) wide = H;
	a->rows = rows, a->time = time, a->keep = keep;
	if (!(a->layer = calloc(layers, sizeof *a->layer))) a->failed = 1;
	/* One allocation per kind of array: a piece of it is a layer's. */
	float *x = take(a, layers * n * D * f), *y = take(a, layers * n * D * f), *r = take(a, 2 * layers * n * f);
	elem *qkv = take(a, layers * n * Q * e), *att = take(a, layers * n * H * e), *gu = take(a, layers * n * 2 * F * e);
	elem *p = take(a, layers * n * s->heads * time * e);
	for (long i = 0; i < layers && !a->failed; i++)
		a->layer[i] = (saved){x + i * n * D, y + i * n * D, r + 2 * i * n, r + (2 * i + 1) * n, qkv + i * n * Q, att + i * n * H,
		                      gu + i * n * 2 * F, p + i * n * s->heads * time};
	long half = s->head / 2;
	a->cos = take(a, time * half * f), a->sin = take(a, time * half * f);
	a->xf = take(a, n * D * f), a->rf = take(a, n * f), a->hf = take(a, n * D * e);
	elem **panels[] = {&a->kt, &a->vt, &a->kn, &a->vn, &a->qn, &a->on};
	for (int i = 0; i < 6; i++) *panels[i] = take(a, (long)time * s->head * e);
	a->scores = take(a, (long)QUERIES * time * f);
	a->logits = take(a, (long)CHUNK * s->vocab * f);
	a->h = take(a, (keep ? n : BLOCK) * D * e), a->act = take(a, (keep ? n : BLOCK) * F * e);
	if (keep) {
		a->logits2 = take(a, (long)CHUNK * s->vocab * f);
		a->dk = take(a, (long)time * s->head * f), a->dv = take(a, (long)time * s->head * f);
		a->ds = take(a, (long)time * time * e);
		a->strip = take(a, STRIP * (n > time ? n : time) * e), a->panels = take(a, n * wide * e);
		a->dl = take(a, n * s->vocab * e);
		a->dx = take(a, n * D * f), a->dy = take(a, (n > BLOCK ? n : BLOCK) * D * f), a->dxe = take(a, n * D * e), a->dye = take(a, n * D * e);
		a->dact = take(a, BLOCK * F * e), a->dgu = take(a, n * 2 * F * e), a->dqkv = take(a, n * Q * e), a->datt = take(a, n * H * e);
	}
	if (a->failed) {
		arena_free(a);
		return NULL;
	}
	for (long t = 0; t < time; t++)
		for (long i = 0; i < half; i++) {
			double angle = t * pow(s->rope_base, -2.0 * i / s->head);
			a->cos[t * half + i] = cos(angle), a->sin[t * half + i] = sin(angle);
		}
	return a;
}

static void convert(elem *dst, const float *src, long n) {
	for (long i = 0; i < n; i += LANES) store(dst + i, get(src + i));
}

/* Both forms of a matrix W[rows][columns]: panels of its transpose for y = x W', and of itself for dx = dy W. */
static void pack_matrix(const lmz_net *n, int i, void *packed, void *scratch) {
	lmz_matrix m = lmz_matrix_at(&n->shape, &n->at, i);
	elem *to = (elem *)packed + m.packed;
	convert(scratch, n->params + m.param, (long)m.rows * m.columns);
	pack_transposed(to, scratch, m.columns, m.rows, m.columns);
	pack(to + (long)m.rows * m.columns, scratch, m.columns, m.rows, m.columns);
}

/* y[rows][m.rows] = init + x[rows][m.columns] W'. */
static void apply(const lmz_net *n, int matrix, long rows, const elem *x, const float *init, float *y, elem *ye) {
	lmz_matrix m = lmz_matrix_at(&n->shape, &n->at, matrix);
	product(rows, m.rows, m.columns, rows_of(x, m.columns), (const elem *)n->packed + m.packed, 16L * m.columns, init, y, ye, m.rows);
}

/* dx[rows][m.columns] = dy[rows][m.rows] W. */
static void apply_back(const lmz_net *n, int matrix, long rows, const elem *dy, float *dx, elem *dxe) {
	lmz_matrix m = lmz_matrix_at(&n->shape, &n->at, matrix);
	const elem *b = (const elem *)n->packed + m.packed + (long)m.rows * m.columns;
	product(rows, m.columns, m.rows, rows_of(dy, m.rows), b, 16L * m.rows, NULL, dx, dxe, m.columns);
}

/* dW[m.rows][m.columns] += dy' x. */
static void apply_weights(const lmz_net *n, lmz_arena *a, int matrix, long rows, const elem *dy, const elem *x, float *grads) {
	lmz_matrix m = lmz_matrix_at(&n->shape, &n->at, matrix);
	float *dw = grads + m.param;
	pack(a->panels, x, m.columns, rows, m.columns);
	for (long i = 0; i < m.rows; i += STRIP) {
		long w = m.rows - i < STRIP ? m.rows - i : STRIP;
		view t = transpose(a->strip, dy + i, m.rows, rows, w);
		product(w, m.columns, rows, t, a->panels, 16 * rows, dw + i * m.columns, dw + i * m.columns, NULL, m.columns);
	}
}

static void norm(const float *x, const float *w, float *inverse, elem *h, long rows, long D, float epsilon) {
	for (long i = 0; i < rows; i++, x += D, h += D) {
		vec square = {0};
		for (long j = 0; j < D; j += LANES) square += get(x + j) * get(x + j);
		float r = inverse[i] = 1 / sqrtf(sum(square) / D + epsilon);
		for (long j = 0; j < D; j += LANES) store(h + j, get(x + j) * r * get(w + j));
	}
}

/* dx += the gradient through the norm, dw += that of its weight; dx is also converted to dxe. */
static void norm_back(const float *dh, const float *x, const float *w, const float *inverse, float *dx, elem *dxe, float *dw, long rows, long D, int first) {
	for (long i = 0; i < rows; i++, x += D, dh += D, dx += D, dxe += D) {
		float r = inverse[i];
		vec dot = {0};
		for (long j = 0; j < D; j += LANES) {
			vec g = get(dh + j) * get(x + j);
			dot += g * get(w + j);
			put(dw + j, get(dw + j) + g * r);
		}
		float c = sum(dot) / D * r * r * r;
		for (long j = 0; j < D; j += LANES) {
			vec g = get(dh + j) * get(w + j) * r - get(x + j) * c;
			if (!first) g += get(dx + j);
			put(dx + j, g);
			store(dxe + j, g);
		}
	}
}

/* Rotates the heads of rows x[rows][ld], the first of which is row, by their positions, back with sign -1. */
static void rotate(const lmz_arena *a, elem *x, long ld, int heads, int head, long row, long rows, long time, float sign) {
	long half = head / 2;
	for (long i = row; i < row + rows; i++, x += ld)
		for (int h = 0; h < heads; h++)
			for (long j = 0; j < half; j += LANES) {
				elem *p = x + (long)h * head + j, *q = p + half;
				vec c = get(a->cos + i % time * half + j), s = get(a->sin + i % time * half + j) * sign, u = load(p), v = load(q);
				store(p, u * c - v * s);
				store(q, u * s + v * c);
			}
}

static void attention(const lmz_shape *s, lmz_arena *a, saved *l, int seqs, long time) {
	long head = s->head, H = s->heads * head, Q = H + 2 * s->kv_heads * head;
	float scale = 1 / sqrtf(head);
	for (long q = 0; q < seqs; q++)
		for (long h = 0; h < s->heads; h++) {
			const elem *base = l->qkv + q * time * Q;
			long group = s->heads / s->kv_heads, kv = h / group;
			if (h % group == 0) {
				pack_transposed(a->kt, base + H + kv * head, Q, time, head);
				pack(a->vn, base + H + (s->kv_heads + kv) * head, Q, time, head);
			}
			elem *p = l->p + (q * s->heads + h) * time * time;
			for (long i = 0; i < time; i += QUERIES) {
				long m = time - i < QUERIES ? time - i : QUERIES, end = i + m;
				product(m, end, head, rows_of(base + i * Q + h * head, Q), a->kt, 16 * head, NULL, a->scores, NULL, time);
				for (long r = 0; r < m; r++) {
					float *x = a->scores + r * time;
					elem *y = p + (i + r) * time;
					for (long j = i + r + 1; j < end; j++) x[j] = -1e30f;
					long full = (i + r) / 16 * 16 + 16; /* beyond it all is future */
					vec top = get(x), total = {0};
					for (long j = LANES; j < full; j += LANES) top = larger(top, get(x + j));
					float most = largest(top) * scale;
					for (long j = 0; j < full; j += LANES) {
						vec v = exponential(get(x + j) * scale - most);
						total += v;
						put(x + j, v);
					}
					float inverse = 1 / sum(total);
					for (long j = 0; j < full; j += LANES) store(y + j, get(x + j) * inverse);
					for (long j = full; j < end; j += LANES) store(y + j, (vec){0});
				}
				product(m, head, end, rows_of(p + i * time, time), a->vn, 16 * time, NULL, NULL, l->att + (q * time + i) * H + h * head, H);
			}
		}
}

static void attention_back(const lmz_shape *s, lmz_arena *a, const saved *l, int seqs, long time) {
	long head = s->head, H = s->heads * head, Q = H + 2 * s->kv_heads * head, group = s->heads / s->kv_heads;
	float scale = 1 / sqrtf(head);
	for (long q = 0; q < seqs; q++)
		for (long h = 0; h < s->heads; h++) {
			const elem *base = l->qkv + q * time * Q, *dout = a->datt + q * time * H + h * head, *out = l->att + q * time * H + h * head;
			elem *dbase = a->dqkv + q * time * Q;
			long kv = h / group, key = H + kv * head, value = H + (s->kv_heads + kv) * head;
			const elem *p = l->p + (q * s->heads + h) * time * time;
			if (h % group == 0) {
				pack(a->kn, base + key, Q, time, head);
				pack_transposed(a->vt, base + value, Q, time, head);
				memset(a->dk, 0, time * head * sizeof(float));
				memset(a->dv, 0, time * head * sizeof(float));
			}
			pack(a->qn, base + h * head, Q, time, head);
			pack(a->on, dout, H, time, head);
			for (long i = 0; i < time; i += QUERIES) {
				long m = time - i < QUERIES ? time - i : QUERIES, end = i + m;
				product(m, end, head, rows_of(dout + i * H, H), a->vt, 16 * head, NULL, a->scores, NULL, time);
				for (long r = 0; r < m; r++) {
					const float *x = a->scores + r * time;
					const elem *w = p + (i + r) * time;
					elem *y = a->ds + (i + r) * time;
					vec dot = {0};
					for (long j = 0; j < head; j += LANES) dot += load(dout + (i + r) * H + j) * load(out + (i + r) * H + j);
					float delta = sum(dot);
					long full = (i + r) / 16 * 16 + 16;
					for (long j = 0; j < full; j += LANES) store(y + j, load(w + j) * (get(x + j) - delta) * scale);
					for (long j = full; j < end; j += LANES) store(y + j, (vec){0});
				}
				product(m, head, end, rows_of(a->ds + i * time, time), a->kn, 16 * time, NULL, NULL, dbase + i * Q + h * head, Q);
			}
			for (long j = 0; j < time; j += 32) {
				view t = transpose(a->strip, a->ds + j * time + j, time, time - j, 32);
				product(32, head, time - j, t, a->qn + j * 16, 16 * time, a->dk + j * head, a->dk + j * head, NULL, head);
				t = transpose(a->strip, p + j * time + j, time, time - j, 32);
				product(32, head, time - j, t, a->on + j * 16, 16 * time, a->dv + j * head, a->dv + j * head, NULL, head);
			}
			if (h % group == group - 1)
				for (long i = 0; i < time; i++) {
					convert(dbase + i * Q + key, a->dk + i * head, head);
					convert(dbase + i * Q + value, a->dv + i * head, head);
				}
		}
}

/* 1 / (1 + e^-x). */
static inline vec sigmoid_of(vec x) { return 1.f / (1.f + exponential(-larger(x, fill(-80)))); }

/* act = silu(gate) * up. */
static void gate(const elem *gu, elem *act, long rows, long F) {
	for (long i = 0; i < rows; i++, gu += 2 * F, act += F)
		for (long j = 0; j < F; j += LANES) {
			vec g = load(gu + j);
			store(act + j, g * sigmoid_of(g) * load(gu + F + j));
		}
}

/* Also gives act again. */
static void gate_back(const elem *gu, const elem *dact, elem *dgu, elem *act, long rows, long F) {
	for (long i = 0; i < rows; i++, gu += 2 * F, dgu += 2 * F, dact += F, act += F)
		for (long j = 0; j < F; j += LANES) {
			vec g = load(gu + j), u = load(gu + F + j), d = load(dact + j), sigmoid = sigmoid_of(g), silu = g * sigmoid;
			store(act + j, silu * u);
			store(dgu + F + j, d * silu);
			store(dgu + j, d * u * sigmoid * (1.f + g - silu));
		}
}

/* Normalizes again, with what norm found. */
static void norm_again(const float *x, const float *w, const float *inverse, elem *h, long rows, long D) {
	for (long i = 0; i < rows; i++, x += D, h += D)
		for (long j = 0; j < D; j += LANES) store(h + j, get(x + j) * inverse[i] * get(w + j));
}

/* What comes before the attention of layer i, for m rows from row r. */
static void project(const lmz_net *n, lmz_arena *a, int i, long r, long m, long time) {
	const lmz_shape *s = &n->shape;
	saved *l = &a->layer[a->keep ? i : 0];
	long D = s->width, Q = (s->heads + 2L * s->kv_heads) * s->head;
	norm(l->x + r * D, n->params + n->at.blk + i * n->at.stride + n->at.attn_norm, l->rx + r, a->h, m, D, s->epsilon);
	apply(n, 4 * i, m, a->h, NULL, NULL, l->qkv + r * Q);
	rotate(a, l->qkv + r * Q, Q, s->heads + s->kv_heads, s->head, r, m, time, 1);
}

/* From tokens to hf, the normalized output of the last layer. */
static void forward(const lmz_net *n, lmz_arena *a, const int *tokens, int seqs, int time) {
	const lmz_shape *s = &n->shape;
	long D = s->width, F = s->ffn, H = (long)s->heads * s->head, rows = (long)seqs * time;
	for (long r = 0; r < rows; r += BLOCK) {
		long m = rows - r < BLOCK ? rows - r : BLOCK;
		for (long i = r; i < r + m; i++) memcpy(a->layer[0].x + i * D, n->params + n->at.embd + tokens[i] * D, D * sizeof(float));
		project(n, a, 0, r, m, time);
	}
	for (int i = 0; i < s->layers; i++) {
		saved *l = &a->layer[a->keep ? i : 0];
		int last = i + 1 == s->layers;
		float *next = last ? a->xf : a->keep ? a->layer[i + 1].x : l->x;
		attention(s, a, l, seqs, time);
		for (long r = 0; r < rows; r += BLOCK) {
			long m = rows - r < BLOCK ? rows - r : BLOCK;
			apply(n, 4 * i + 1, m, l->att + r * H, l->x + r * D, l->y + r * D, NULL);
			norm(l->y + r * D, n->params + n->at.blk + i * n->at.stride + n->at.ffn_norm, l->ry + r, a->h, m, D, s->epsilon);
			apply(n, 4 * i + 2, m, a->h, NULL, NULL, l->gu + r * 2 * F);
			gate(l->gu + r * 2 * F, a->act, m, F);
			apply(n, 4 * i + 3, m, a->act, l->y + r * D, next + r * D, NULL);
			if (last)
				norm(next + r * D, n->params + n->at.output_norm, a->rf + r, a->hf + r * D, m, D, s->epsilon);
			else
				project(n, a, i + 1, r, m, time);
		}
	}
}

/* Turns a row of logits into e^(logit - largest); returns their sum's inverse and the logarithm of the sum of e^logit. */
static float softmax(float *x, long V, double *log_sum) {
	vec top = get(x), total = {0};
	for (long j = LANES; j < V; j += LANES) top = larger(top, get(x + j));
	float most = largest(top);
	for (long j = 0; j < V; j += LANES) {
		vec v = exponential(get(x + j) - most);
		total += v;
		put(x + j, v);
	}
	float t = sum(total);
	*log_sum = most + log(t);
	return 1 / t;
}

/* Costs of all positions; with gradients, dl[rows][V] is that of the logits and dy[rows][D] that of hf. */
static double costs(const lmz_net *n, lmz_arena *a, const int *targets, long rows, float scale, float *nats, int gradients,
                    const lmz_net *teacher, lmz_arena *ta, float distill, double *kl) {
	long V = n->shape.vocab, D = n->shape.width;
	int output = 4 * n->shape.layers;
	double total = 0;
	*kl = 0;
	for (long i = 0; i < rows; i += CHUNK) {
		long m = rows - i < CHUNK ? rows - i : CHUNK;
		apply(n, output, m, a->hf + i * D, NULL, a->logits, NULL);
		if (teacher && gradients)
			apply(teacher, 4 * teacher->shape.layers, m, ta->hf + i * teacher->shape.width, NULL, a->logits2, NULL);
		for (long r = 0; r < m; r++) {
			float *x = a->logits + r * V;
			int target = targets[i + r];
			double logit = target < 0 ? 0 : x[target], log_sum, teacher_sum;
			float inverse = softmax(x, V, &log_sum), one = scale;
			double cost = target < 0 ? 0 : log_sum - logit;
			total += cost;
			if (nats) nats[i + r] = cost;
			if (!gradients) continue;
			elem *d = a->dl + (i + r) * V;
			if (target < 0) {
				memset(d, 0, V * sizeof *d);
				continue;
			}
			if (teacher) {
				float *y = a->logits2 + r * V;
				float inverse2 = softmax(y, V, &teacher_sum);
				one = scale * (1 - distill);
				for (long j = 0; j < V; j += LANES) {
					vec p = get(x + j) * inverse, t = get(y + j) * inverse2;
					store(d + j, (p - t * distill) * scale);
				}
				/* KL is summed in a sample of the positions: two logarithms per token of the vocabulary are slow. */
				if (r % 16 == 0)
					for (long j = 0; j < V; j++) {
						float t = y[j] * inverse2, p = x[j] * inverse;
						if (t > 1e-12f && p > 1e-30f) *kl += 16 * t * logf(t / p);
					}
				float p = x[target] * inverse, t = y[target] * inverse2;
				vec exact = fill((p - t * distill) * scale - one);
				elem tmp[16];
				store(tmp, exact);
				d[target] = tmp[0];
				continue;
			}
			float f = inverse * scale;
			for (long j = 0; j < V; j += LANES) store(d + j, get(x + j) * f);
			elem tmp[16];
			store(tmp, fill(x[target] * f - one));
			d[target] = tmp[0];
		}
		if (gradients) apply_back(n, output, m, a->dl + i * V, a->dy + i * D, NULL);
	}
	return total;
}

static void backward(const lmz_net *n, lmz_arena *a, const int *tokens, int seqs, int time, float *grads) {
	const lmz_shape *s = &n->shape;
	long D = s->width, F = s->ffn, H = (long)s->heads * s->head, Q = H + 2L * s->kv_heads * s->head, rows = (long)seqs * time;
	apply_weights(n, a, 4 * s->layers, rows, a->dl, a->hf, grads);
	norm_back(a->dy, a->xf, n->params + n->at.output_norm, a->rf, a->dx, a->dxe, grads + n->at.output_norm, rows, D, 1);
	for (int i = s->layers - 1; i >= 0; i--) {
		const saved *l = &a->layer[i];
		long attn_norm = n->at.blk + i * n->at.stride + n->at.attn_norm, ffn_norm = n->at.blk + i * n->at.stride + n->at.ffn_norm;
		for (long r = 0; r < rows; r += BLOCK) {
			long m = rows - r < BLOCK ? rows - r : BLOCK;
			apply_back(n, 4 * i + 3, m, a->dxe + r * D, NULL, a->dact);
			gate_back(l->gu + r * 2 * F, a->dact, a->dgu + r * 2 * F, a->act + r * F, m, F);
			apply_back(n, 4 * i + 2, m, a->dgu + r * 2 * F, a->dy, NULL);
			norm_again(l->y + r * D, n->params + ffn_norm, l->ry + r, a->h + r * D, m, D);
			norm_back(a->dy, l->y + r * D, n->params + ffn_norm, l->ry + r, a->dx + r * D, a->dye + r * D, grads + ffn_norm, m, D, 0);
			apply_back(n, 4 * i + 1, m, a->dye + r * D, NULL, a->datt + r * H);
		}
		apply_weights(n, a, 4 * i + 3, rows, a->dxe, a->act, grads);
		apply_weights(n, a, 4 * i + 2, rows, a->dgu, a->h, grads);
		apply_weights(n, a, 4 * i + 1, rows, a->dye, l->att, grads);
		attention_back(s, a, l, seqs, time);
		for (long r = 0; r < rows; r += BLOCK) {
			long m = rows - r < BLOCK ? rows - r : BLOCK;
			rotate(a, a->dqkv + r * Q, Q, s->heads + s->kv_heads, s->head, r, m, time, -1);
			apply_back(n, 4 * i, m, a->dqkv + r * Q, a->dy, NULL);
			norm_again(l->x + r * D, n->params + attn_norm, l->rx + r, a->h + r * D, m, D);
			norm_back(a->dy, l->x + r * D, n->params + attn_norm, l->rx + r, a->dx + r * D, a->dxe + r * D, grads + attn_norm, m, D, 0);
		}
		apply_weights(n, a, 4 * i, rows, a->dqkv, a->h, grads);
	}
	for (long i = 0; i < rows; i++) {
		float *g = grads + n->at.embd + tokens[i] * D;
		for (long j = 0; j < D; j += LANES) put(g + j, get(g + j) + get(a->dx + i * D + j));
	}
}

static double pass(const lmz_net *n, lmz_arena *a, const int *tokens, const int *targets, int seqs, int time, float scale, float *grads,
                   float *nats, const lmz_net *teacher, lmz_arena *ta, float distill, double *kl) {
	enter();
	forward(n, a, tokens, seqs, time);
	if (teacher && grads) forward(teacher, ta, tokens, seqs, time);
	double total = costs(n, a, targets, (long)seqs * time, scale, nats, grads != NULL, teacher, ta, distill, kl);
	if (grads) backward(n, a, tokens, seqs, time, grads);
	leave();
	return total;
}

/* Muon: the update is momentum made orthogonal by a Newton-Schulz iteration (K. Jordan et al., 2024), of RMS about
   rate / sqrt(smaller side). */
static void muon(float *w, const float *g, float *momentum, int rows, int columns, float rate, float beta, float decay, void *scratch) {
	long n = (long)rows * columns, r = rows < columns ? rows : columns, c = rows < columns ? columns : rows;
	float *u = scratch, *gram = u + n, *square = gram + r * r;
	elem *x = (elem *)(square + r * r), *xp = x + n, *xt = xp + n, *ge = xt + n, *gp = ge + r * r;
	enter();
	vec norm = {0};
	for (long i = 0; i < n; i += LANES) {
		vec m = get(momentum + i) * beta + get(g + i);
		put(momentum + i, m);
		m = get(g + i) + m * beta;
		put(u + i, m);
		norm += m * m;
	}
	float inverse = 1 / (sqrtf(sum(norm)) + 1e-7f);
	if (rows > columns) { /* x = u' */
		float *t = (float *)xp; /* n floats: xp and xt are not in use yet, nor is what follows */
		for (long i = 0; i < rows; i += 16)
			for (long j = 0; j < columns; j += 16)
				for (long k = 0; k < 16; k++)
					for (long v = 0; v < 16; v++) t[(j + k) * rows + i + v] = u[(i + v) * columns + j + k];
		memcpy(u, t, n * sizeof(float));
	}
	for (long i = 0; i < n; i += LANES) store(x + i, get(u + i) * inverse);
	for (int step = 0; step < 5; step++) {
		const float c0 = 3.4445f, c1 = -4.7750f, c2 = 2.0315f;
		pack_transposed(xt, x, c, r, c);
		product(r, r, c, rows_of(x, c), xt, 16 * c, NULL, gram, NULL, r);
		convert(ge, gram, r * r);
		pack(gp, ge, r, r, r);
		product(r, r, r, rows_of(ge, r), gp, 16 * r, NULL, square, NULL, r);
		for (long i = 0; i < r * r; i += LANES) store(ge + i, load(ge + i) * c1 + get(square + i) * c2);
		pack(xp, x, c, r, c);
		product(r, c, r, rows_of(ge, r), xp, 16 * r, NULL, u, NULL, c);
		for (long i = 0; i < n; i += LANES) {
			vec y = load(x + i) * c0 + get(u + i);
			put(u + i, y);
			store(x + i, y);
		}
	}
	float lr = rate * sqrtf(rows > columns ? (float)rows / columns : 1), keep = 1 - rate * decay;
	if (rows > columns)
		for (long i = 0; i < rows; i += 16)
			for (long j = 0; j < columns; j += 16)
				for (long k = 0; k < 16; k++)
					for (long v = 0; v < 16; v++) {
						long at = (i + k) * columns + j + v;
						w[at] = w[at] * keep - lr * u[(j + v) * rows + i + k];
					}
	else
		for (long i = 0; i < n; i += LANES) put(w + i, get(w + i) * keep - get(u + i) * lr);
	leave();
}

static void adam(float *w, const float *g, float *m, float *v, long n, float rate, float beta1, float beta2, float correct1,
                 float correct2) {
	float step = rate / correct1, root = 1 / sqrtf(correct2);
#pragma omp simd
	for (long i = 0; i < n; i++) {
		m[i] = beta1 * m[i] + (1 - beta1) * g[i];
		v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
		w[i] -= step * m[i] / (__builtin_sqrtf(v[i]) * root + 1e-8f);
	}
}

/* n is a multiple of 16, as all sizes are. */
static void add(float *sum, const float *part, long n) {
	for (long i = 0; i < n; i += LANES) put(sum + i, get(sum + i) + get(part + i));
}

const lmz_kernel KERNEL = {NAME, sizeof(elem), pack_matrix, arena_new, arena_free, pass, muon, adam, add};
