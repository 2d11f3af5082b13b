// Views that are made straight from their sizes and strides: LibTorch's way to one takes several times as long.
#include "program_passes.h"
#include "views.h"

namespace eager {
namespace {

class ViewInstruction final : public Instruction {
 public:
  ViewInstruction(const Instruction& made, int32_t base, const Plan& plan) : Instruction(made.info), base_(base) {
    results = made.results;
    const at::Tensor& from = plan.slots.values[base];
    for (int32_t slot : results) {
      const at::Tensor& view = plan.slots.values[slot];
      views_.push_back({at::DimVector(view.sizes()), at::DimVector(view.strides()), view.storage_offset() - from.storage_offset()});
    }
  }

  std::unique_ptr<Instruction> copy() const override { return std::make_unique<ViewInstruction>(*this); }
  void list_inputs(std::vector<int32_t>& slots) const override { slots.push_back(base_); }
  void rename(const std::vector<int32_t>& to) override { base_ = to[base_]; }

  void run(Slots& slots) override {
    const at::Tensor& base = slots.values[base_];
    for (size_t i = 0; i < views_.size(); i++)
      slots.values[results[i]] = view_of(base, views_[i].sizes, views_[i].strides, base.storage_offset() + views_[i].distance);
  }

 private:
  struct View {
    at::DimVector sizes, strides;
    int64_t distance;  // from the first element of the base, in elements
  };
  int32_t base_;
  std::vector<View> views_;
};

// The same elements in the same memory, so that sizes and strides say all.
bool differ_in_geometry_only(const at::Tensor& view, const at::Tensor& base) {
  return view.defined() && is_plain(view) && is_plain(base) && view.key_set() == base.key_set() && view.dtype() == base.dtype() && view.is_alias_of(base);
}

}  // namespace

void remake_views(Plan& plan) {
  Facts facts(plan);
  for (auto& instruction : plan.instructions) {
    if (instruction->info.effect != Effect::view) continue;
    std::vector<int32_t> inputs;
    instruction->list_inputs(inputs);
    if (inputs.size() != 1 || !facts.steady(inputs[0])) continue;
    const at::Tensor& base = plan.slots.values[inputs[0]];
    bool plain = true;
    for (int32_t slot : instruction->results) plain = plain && differ_in_geometry_only(plan.slots.values[slot], base);
    if (plain) instruction = std::make_unique<ViewInstruction>(*instruction, inputs[0], plan);
  }
}

}  // namespace eager
