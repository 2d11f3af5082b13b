// Chains: elementwise operations of one shape, in float32 or float64, computed block by block, so that what only the next operation reads never leaves the cache.
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
  double number;                  // the threshold
};

constexpr int64_t kChainBlockBytes = 2048;  // some twenty blocks fit a first-level cache
constexpr size_t kMostChainSteps = 24;
// From here on LibTorch shares the work between threads.
constexpr int64_t kMostChainElements = 32768;

// Runs all steps on one block of each place.
template <class T> using ChainLoop = void (*)(const ChainStep* steps, size_t count, T* const* places, int64_t length);
struct ChainLoops {
  ChainLoop<float> floats;
  ChainLoop<double> doubles;
};
extern const ChainLoops generic_chains, avx2_chains;
// Those of this processor.
const ChainLoops& chain_loops();
template <class T> ChainLoop<T> chain_loop() {
  if constexpr (sizeof(T) == sizeof(float)) return chain_loops().floats;
  else return chain_loops().doubles;
}

}  // namespace eager
