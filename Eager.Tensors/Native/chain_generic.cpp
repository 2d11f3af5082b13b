#define EAGER_CHAIN generic_chain
#include "chain_loops.h"
