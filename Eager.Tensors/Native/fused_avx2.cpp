// Compiled with -mavx2 -mfma on x86-64 (CMakeLists.txt); used only where the processor has both.
#if defined(__AVX2__) && defined(__FMA__)
#define EAGER_LOOPS avx2_loops
#include "fused_loops.h"
#endif
