/* The kernel for machines with AMX for bfloat16. */
#if defined(__x86_64__) && defined(__linux__)
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,amx-tile,amx-bf16,prefer-vector-width=512")
#define KERNEL lmz_kernel_amx
#define NAME "amx"
#define LANES 16
#include "vector.h"

#include "tiles.h"
#include "pass.h"
#endif
