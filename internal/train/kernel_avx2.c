/* The kernel for machines with AVX2 and FMA: any x86-64 server since 2013/2017. */
#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define KERNEL lmz_kernel_avx2
#define NAME "avx2"
#define LANES 8
#define ROWS 4
#define VECTORS 2
#include "vector.h"

#include "float.h"
#include "pass.h"
#endif
