// A chain over whole tensors, block by block.
#pragma once
#include "chain.h"
#include "views.h"

namespace eager {

// The inputs that one chain may have.
constexpr size_t kMostChainOperands = 16;

// Whether a chain may read or make such a tensor.
template <class T> bool fits_chain(const at::Tensor& x) {
  return holds<T>(x) && x.is_contiguous() && x.numel() < kMostChainElements;
}

// How many elements of an operand go by before it starts anew: as many as the result has, one, or those of one row that all rows of the result
// meet; 0 when it meets the result in no such way.
int64_t chain_period(const at::Tensor& operand, at::IntArrayRef sizes);

// The places of the steps are first those of the operands, then of the results, then of what only the chain reads.
struct ChainBlocks {
  const ChainStep* steps;
  size_t step_count;
  const int64_t* periods;
  size_t operand_count;
  size_t result_count;
  size_t own_count;
  int64_t count;  // elements of a result, at least one

  template <class T> void run(const T* const* operands, T* const* results) const;
};

}  // namespace eager
