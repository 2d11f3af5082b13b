#define EAGER_LOOPS generic_loops
#include "fused_loops.h"
