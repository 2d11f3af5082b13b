// Compiled with -mavx2 on x86-64 (CMakeLists.txt); used only where the processor has it.
#if defined(__AVX2__)
#define EAGER_CHAINS avx2_chains
#include "chain_loops.h"
#endif
