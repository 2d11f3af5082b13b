#define EAGER_CHAINS generic_chains
#include "chain_loops.h"
