// What makes a recorded program quicker. Each pass works on a plan whose slots still hold the tensors of the recorded run, and keeps every bit of its results.
#pragma once
#include "program.h"
#include <unordered_set>

namespace eager {

// What the tensors of the recorded run tell about those of the next.
class Facts {
 public:
  explicit Facts(const Plan& plan);
  // Has the same sizes and strides in every run whose inputs lie in memory as those of the recorded run did.
  bool steady(int32_t slot) const { return steady_[slot]; }
  // Something may write to its memory, or hold it after the run: what was in it once does not tell what is in it later.
  bool exposed(int32_t slot) const { return exposed_.count(storage(slot)) != 0; }
  bool is_output(int32_t slot) const { return outputs_.count(slot) != 0; }
  bool share_memory(int32_t a, int32_t b) const { return storage(a) != nullptr && storage(a) == storage(b); }
  bool steady_inputs(const Instruction& instruction) const;

 private:
  const void* storage(int32_t slot) const;

  const Plan& plan_;
  std::vector<bool> steady_;
  std::unordered_set<int32_t> outputs_;
  std::unordered_set<const void*> exposed_;
};

// Leaves out what is the same in every run, what was computed before and what nobody reads (program_simplify.cpp).
void simplify(Plan& plan);

// Makes views without LibTorch's dispatcher (program_views.cpp).
void remake_views(Plan& plan);

// Computes elementwise calls of one shape together, block by block (program_chains.cpp).
void form_chains(Plan& plan);

}  // namespace eager
