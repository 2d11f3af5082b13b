// Chains: elementwise float32 operations of one shape, computed block by block, so that what only the next operation reads never leaves the cache.
// Only operations whose result IEEE 754 fixes to the bit: whoever computes them, in whatever blocks, gets what LibTorch's own loops give.
// (The sign and payload of a NaN that is computed of two are left open, there as here.)
#pragma once
#include <cstddef>
#include <cstdint>

namespace eager {

enum class ChainCode : uint8_t { add, subtract, multiply, divide, negate, abs, relu, sqrt, square, reciprocal, rsqrt, threshold_backward };

struct ChainStep {
  ChainCode code;
  bool a_is_number, b_is_number;  // one number stands for a whole block
  int16_t a, b, to;               // places in the table of blocks
  float number;                   // the threshold
};

constexpr int64_t kChainBlock = 512;  // 2 KiB: some twenty blocks fit a first-level cache
constexpr size_t kMostChainSteps = 24;

// Runs all steps on one block of each place.
using ChainLoop = void (*)(const ChainStep* steps, size_t count, float* const* places, int64_t length);
extern const ChainLoop generic_chain, avx2_chain;

}  // namespace eager
