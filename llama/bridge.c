//go:build llama && cgo

#define _GNU_SOURCE
#include "bridge.h"
#include "_cgo_export.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Part of the program, so that Go runs tests again when scripts/setup-llama has unpacked other
// libraries.
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#ifdef LMZ_LLAMA_STAMP
const char lmz_llama_stamp[] = TEXT(LMZ_LLAMA_STAMP);
#endif

static atomic_int log_level = GGML_LOG_LEVEL_WARN;

static void on_log(enum ggml_log_level level, const char *text, void *unused) {
	(void)unused;
	// GGML_LOG_LEVEL_CONT continues the line before; what libllama continues are progress dots.
	if (level != GGML_LOG_LEVEL_CONT && (int)level >= atomic_load(&log_level)) lmzLog((int)level, (char *)text);
}

void lmz_log_init(void) { llama_log_set(on_log, NULL); }
void lmz_log_level(int level) { atomic_store(&log_level, level); }

const char *lmz_ggml_path(void) {
	Dl_info info;
	return dladdr((void *)ggml_backend_load, &info) ? info.dli_fname : "";
}

ggml_backend_reg_t lmz_cpu_reg(void) {
	ggml_backend_dev_t dev = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
	return dev ? ggml_backend_dev_backend_reg(dev) : NULL;
}

bool lmz_cpu_feature(ggml_backend_reg_t reg, const char *name) {
	ggml_backend_get_features_t get =
		(ggml_backend_get_features_t)ggml_backend_reg_get_proc_address(reg, "ggml_backend_get_features");
	if (!get) return false;
	for (struct ggml_backend_feature *f = get(reg); f->name; f++)
		if (!strcmp(f->name, name) && strcmp(f->value, "0")) return true;
	return false;
}

static bool on_abort(void *flag) { return atomic_load_explicit((_Atomic int32_t *)flag, memory_order_relaxed) != 0; }

static bool on_progress(float part, void *flag) {
	(void)part;
	return !on_abort(flag);
}

struct llama_model *lmz_model_load(int fd, ggml_backend_dev_t device, bool repack, int32_t *abort) {
	int own = dup(fd);
	if (own < 0) return NULL;
	lseek(own, 0, SEEK_SET);
	FILE *file = fdopen(own, "rb");
	if (!file) {
		close(own);
		return NULL;
	}
	ggml_backend_dev_t devices[] = {device, NULL};
	struct llama_model_params p = llama_model_default_params();
	p.devices = devices;
	p.n_gpu_layers = device ? INT32_MAX : 0;
	p.split_mode = LLAMA_SPLIT_MODE_NONE;
	p.load_mode = LLAMA_LOAD_MODE_MMAP;
	p.lazy_mode = LLAMA_LAZY_MODE_OFF;
	p.tensor_buft_overrides = NULL;
	p.kv_overrides = NULL;
	p.vocab_only = false;
	p.check_tensors = false;
	p.use_extra_bufts = repack; // changes bits: part of the numeric class
	p.no_host = false;
	p.no_alloc = false;
	p.load_mtp = false;
	p.progress_callback = on_progress;
	p.progress_callback_user_data = abort;
	struct llama_model *model = llama_model_load_from_file_ptr(file, p);
	fclose(file);
	return model;
}

static struct llama_context *new_context(struct llama_model *model, const struct lmz_params *c, int32_t *abort) {
	struct llama_context_params p = llama_context_default_params();
	p.n_ctx = (uint32_t)c->window * (uint32_t)c->lanes;
	p.n_batch = p.n_ubatch = (uint32_t)c->batch;
	p.n_seq_max = (uint32_t)c->lanes;
	p.n_rs_seq = 0;
	p.n_outputs_max = (uint32_t)c->outputs;
	p.n_threads = p.n_threads_batch = c->threads;
	p.ctx_type = LLAMA_CONTEXT_TYPE_DEFAULT;
	p.rope_scaling_type = LLAMA_ROPE_SCALING_TYPE_UNSPECIFIED; // the model's
	p.rope_freq_base = 0;
	p.rope_freq_scale = 0;
	p.yarn_ext_factor = p.yarn_attn_factor = p.yarn_beta_fast = p.yarn_beta_slow = -1;
	p.yarn_orig_ctx = 0;
	p.pooling_type = LLAMA_POOLING_TYPE_NONE;
	p.attention_type = LLAMA_ATTENTION_TYPE_UNSPECIFIED;
	p.flash_attn_type = c->flash_attention ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
	p.type_k = p.type_v = GGML_TYPE_F16;
	p.embeddings = false;
	p.offload_kqv = c->offload;
	p.op_offload = false;
	p.swa_full = true; // a lane can forget back to any position
	p.kv_unified = c->unified;
	p.no_perf = true;
	p.abort_callback = on_abort;
	p.abort_callback_data = abort;
	return llama_init_from_model(model, p);
}

struct lmz_session *lmz_session_new(struct llama_model *model, const struct lmz_params *c, int32_t *abort) {
	struct lmz_session *s = calloc(1, sizeof *s);
	if (!s) return NULL;
	size_t n = (size_t)c->batch, lanes = (size_t)c->lanes;
	s->lanes = c->lanes;
	s->batch = c->batch;
	s->token = malloc(n * sizeof *s->token);
	s->pos = malloc(n * sizeof *s->pos);
	s->lane = malloc(n * sizeof *s->lane);
	s->want = malloc(n * sizeof *s->want);
	s->n_lanes = malloc(n * sizeof *s->n_lanes);
	s->lane_ptr = malloc(n * sizeof *s->lane_ptr);
	s->row = malloc(n * sizeof *s->row);
	s->forget = malloc(lanes * sizeof *s->forget);
	s->forget_from = malloc(lanes * sizeof *s->forget_from);
	if (s->token && s->pos && s->lane && s->want && s->n_lanes && s->lane_ptr && s->row && s->forget && s->forget_from)
		s->ctx = new_context(model, c, abort);
	if (!s->ctx) {
		lmz_session_free(s);
		return NULL;
	}
	s->memory = llama_get_memory(s->ctx);
	for (size_t i = 0; i < n; i++) {
		s->n_lanes[i] = 1;
		s->lane_ptr[i] = &s->lane[i];
	}
	return s;
}

void lmz_session_free(struct lmz_session *s) {
	if (s->ctx) llama_free(s->ctx);
	free(s->token);
	free(s->pos);
	free(s->lane);
	free(s->want);
	free(s->n_lanes);
	free(s->lane_ptr);
	free(s->row);
	free(s->forget);
	free(s->forget_from);
	free(s);
}

int32_t lmz_decode(struct lmz_session *s, int32_t forgets, int32_t tokens) {
	for (int32_t i = 0; i < forgets; i++)
		if (!llama_memory_seq_rm(s->memory, s->forget[i], s->forget_from[i], -1)) return LMZ_FORGET;
	struct llama_batch batch = {
		.n_tokens = tokens,
		.token = s->token,
		.pos = s->pos,
		.n_seq_id = s->n_lanes,
		.seq_id = s->lane_ptr,
		.logits = s->want,
	};
	int32_t rc = llama_decode(s->ctx, batch);
	if (rc != 0) return rc;
	for (int32_t i = 0, k = 0; i < tokens; i++) {
		if (!s->want[i]) continue;
		if (!(s->row[k++] = llama_get_logits_ith(s->ctx, i))) return LMZ_LOGITS;
	}
	return 0;
}

uint32_t lmz_quantize(const char *src, const char *dst, enum llama_ftype ftype) {
	struct llama_model_quantize_params p = llama_model_quantize_default_params();
	p.nthread = 1;
	p.ftype = ftype;
	return llama_model_quantize(src, dst, &p);
}
