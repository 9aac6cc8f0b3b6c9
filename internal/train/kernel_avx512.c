/* The kernel for machines with AVX-512. */
#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#define KERNEL lmz_kernel_avx512
#define NAME "avx512"
#define LANES 16
#define ROWS 8
#define VECTORS 2
#include "vector.h"

#include "float.h"
#include "pass.h"
#endif
