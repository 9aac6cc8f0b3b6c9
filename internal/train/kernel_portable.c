/* The kernel for any machine. */
#define KERNEL lmz_kernel_portable
#define NAME "portable"
#define LANES 4
#define ROWS 4
#define VECTORS 2
#include "vector.h"

#include "float.h"
#include "pass.h"
