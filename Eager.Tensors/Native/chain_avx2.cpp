// Compiled with -mavx2 on x86-64 (CMakeLists.txt); used only where the processor has it.
#if defined(__AVX2__)
#define EAGER_CHAIN avx2_chain
#include "chain_loops.h"
#endif
