// Which loops run, how operands broadcast, and the walk over the blocks.
#include "chain_blocks.h"
#include <algorithm>

namespace eager {

const ChainLoops& chain_loops() {
#if defined(__x86_64__)
  static const ChainLoops& chosen = __builtin_cpu_supports("avx2") ? avx2_chains : generic_chains;
  return chosen;
#else
  return generic_chains;
#endif
}

int64_t chain_period(const at::Tensor& operand, at::IntArrayRef sizes) {
  if (operand.numel() == 1) return 1;
  at::IntArrayRef own = operand.sizes();
  while (!own.empty() && own[0] == 1) own = own.slice(1);
  if (own.size() > sizes.size() || !own.equals(sizes.slice(sizes.size() - own.size()))) return 0;
  return operand.numel();
}

template <class T> void ChainBlocks::run(const T* const* operands, T* const* results) const {
  constexpr int64_t kBlock = kChainBlockBytes / sizeof(T);
  // The rows that are repeated stand before the chain's own values.
  alignas(64) T scratch[kMostChainOperands + kMostChainSteps][kBlock];
  T* places[kMostChainOperands + 2 * kMostChainSteps];
  const T* inputs[kMostChainOperands];
  std::copy_n(operands, operand_count, inputs);
  int64_t block = kBlock, boundary = count;
  size_t rows = 0;
  for (size_t i = 0; i < operand_count; i++) {
    const int64_t period = periods[i];
    if (period == 1 || period == count) continue;
    if (period > kBlock / 2) { boundary = period; continue; }  // a block lies within one row
    block = kBlock / period * period;                          // or is as many whole rows as fit
    T* repeated = scratch[rows++];
    for (int64_t at = 0; at < std::min(block, count); at += period) std::copy_n(inputs[i], period, repeated + at);
    inputs[i] = repeated;
  }
  const size_t first_own = operand_count + result_count;
  for (size_t i = 0; i < own_count; i++) places[first_own + i] = scratch[rows + i];

  for (int64_t begin = 0, length; begin < count; begin += length) {
    length = std::min({block, count - begin, boundary - begin % boundary});
    for (size_t i = 0; i < operand_count; i++) places[i] = const_cast<T*>(inputs[i]) + begin % periods[i];
    for (size_t i = 0; i < result_count; i++) places[operand_count + i] = results[i] + begin;
    chain_loop<T>()(steps, step_count, places, length);
  }
}

template void ChainBlocks::run<float>(const float* const*, float* const*) const;
template void ChainBlocks::run<double>(const double* const*, double* const*) const;

}  // namespace eager
