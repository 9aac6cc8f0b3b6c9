// What Go cannot say well: one crossing per decode step, structs by value, callbacks. No opinions
// here.
#pragma once

#include <ggml-backend.h>
#include <ggml.h>
#include <llama.h>
#include <stdbool.h>
#include <stdint.h>

// Log lines below this ggml_log_level do not reach Go.
void lmz_log_init(void);
void lmz_log_level(int level);

// The file that libggml was loaded from.
const char *lmz_ggml_path(void);

// The libggml CPU backend's registry entry, or NULL.
ggml_backend_reg_t lmz_cpu_reg(void);

// Whether the CPU backend was compiled for a feature, by ggml's name for it ("AVX2").
bool lmz_cpu_feature(ggml_backend_reg_t reg, const char *name);

// llama_model_load_from_file_ptr on a duplicate of fd: mmap, all layers on the device, or on the CPU
// where it is NULL. NULL, too, when *abort becomes non-zero meanwhile.
struct llama_model *lmz_model_load(int fd, ggml_backend_dev_t device, bool repack, int32_t *abort);

struct lmz_params {
	int32_t lanes, window, batch, outputs, threads;
	bool flash_attention, unified, offload;
};

// A context and the arrays of its llama_batch.
struct lmz_session {
	struct llama_context *ctx;
	llama_memory_t memory;
	int32_t lanes, batch;

	// One entry per token of the batch.
	llama_token *token;
	llama_pos *pos;
	llama_seq_id *lane;
	int8_t *want; // whether its logits are wanted
	int32_t *n_lanes;
	llama_seq_id **lane_ptr;

	// One entry per lane that forgets its tokens from a position on before the batch is decoded.
	llama_seq_id *forget;
	llama_pos *forget_from;

	float **row; // of the wanted tokens, in batch order
};

// A decode stops when *abort becomes non-zero; it lives as long as the session.
struct lmz_session *lmz_session_new(struct llama_model *model, const struct lmz_params *params, int32_t *abort);
void lmz_session_free(struct lmz_session *s);

#define LMZ_FORGET (-1000) // llama_memory_seq_rm refused
#define LMZ_LOGITS (-1001) // a wanted row is missing

// Forgets, then llama_decode, then the addresses of the wanted rows; 0 or what llama_decode
// returned.
int32_t lmz_decode(struct lmz_session *s, int32_t forgets, int32_t tokens);

// llama_model_quantize with one thread; 0 on success.
uint32_t lmz_quantize(const char *src, const char *dst, enum llama_ftype ftype);
