// Joins calls of elementwise kernels to chains (chain.h).
#include "adapt.h"
#include "chain.h"
#include "program_passes.h"
#include "views.h"
#include <ATen/EmptyTensor.h>
#include <algorithm>
#include <string_view>

namespace eager {
namespace {

// From here on LibTorch shares the work between threads.
constexpr int64_t kMostElements = 32768;
// What a result may keep from run to run; larger ones come from the allocator's lists, which others share.
constexpr int64_t kMostRestingBytes = 64 << 10;

ChainLoop loop() {
#if defined(__x86_64__)
  static const ChainLoop chosen = __builtin_cpu_supports("avx2") ? avx2_chain : generic_chain;
  return chosen;
#else
  return generic_chain;
#endif
}

// The inputs that one chain may have.
constexpr size_t kMostOperands = 16;

// One call that may join a chain.
struct Member {
  ChainCode code;
  std::vector<int32_t> inputs;
  int32_t result;
  float number = 0;
};

// An input of a chain: as many elements as the result, one, or one row that all rows of the result meet.
struct Operand {
  int32_t slot;
  int64_t period;
};

class ChainInstruction final : public Instruction {
 public:
  ChainInstruction(at::IntArrayRef sizes, int64_t count) : Instruction({"chain", Effect::pure}), sizes_(sizes), count_(count) {}

  std::vector<Operand> operands;
  std::vector<ChainStep> steps;  // their places are first those of the operands, then of the results, then of what only the chain reads
  size_t own_values = 0;

  std::unique_ptr<Instruction> copy() const override { return std::make_unique<ChainInstruction>(*this); }
  void list_inputs(std::vector<int32_t>& slots) const override { for (const Operand& operand : operands) slots.push_back(operand.slot); }
  void rename(const std::vector<int32_t>& to) override { for (Operand& operand : operands) operand.slot = to[operand.slot]; }

  void run(Slots& slots) override {
    const float* inputs[kMostOperands];
    float* made[kMostChainSteps];
    for (size_t i = 0; i < operands.size(); i++) inputs[i] = static_cast<const float*>(slots.values[operands[i].slot].data_ptr());
    for (size_t i = 0; i < results.size(); i++) made[i] = writable(slots.values[results[i]]);
    compute(inputs, made);
  }

 private:
  void compute(const float* const* given, float* const* made) const {
    // The rows that are repeated stand before the chain's own values.
    alignas(64) float scratch[kMostOperands + kMostChainSteps][kChainBlock];
    float* places[kMostOperands + 2 * kMostChainSteps];
    const float* inputs[kMostOperands];
    std::copy_n(given, operands.size(), inputs);
    int64_t block = kChainBlock, boundary = count_;
    size_t rows = 0;
    for (size_t i = 0; i < operands.size(); i++) {
      const int64_t period = operands[i].period;
      if (period == 1 || period == count_) continue;
      if (period > kChainBlock / 2) { boundary = period; continue; }  // a block lies within one row
      block = kChainBlock / period * period;                          // or is as many whole rows as fit
      float* repeated = scratch[rows++];
      for (int64_t at = 0; at < block; at += period) std::copy_n(inputs[i], period, repeated + at);
      inputs[i] = repeated;
    }
    const size_t first_result = operands.size(), first_own = first_result + results.size();
    for (size_t i = 0; i < own_values; i++) places[first_own + i] = scratch[rows + i];

    for (int64_t begin = 0, length; begin < count_; begin += length) {
      length = std::min({block, count_ - begin, boundary - begin % boundary});
      for (size_t i = 0; i < first_result; i++) places[i] = const_cast<float*>(inputs[i]) + begin % operands[i].period;
      for (size_t i = 0; i < results.size(); i++) places[first_result + i] = made[i] + begin;
      loop()(steps.data(), steps.size(), places, length);
    }
  }

  float* writable(at::Tensor& kept) const {
    // Nobody else may hold the tensor, a view of it, or a copy of either.
    if (!kept.defined() || kept.use_count() != 1 || kept.storage().use_count() != 1) kept = at::detail::empty_cpu(sizes_, at::kFloat);
    return static_cast<float*>(kept.data_ptr());
  }

  at::DimVector sizes_;
  int64_t count_;
};

// Members of one shape, in the order in which they were called.
struct Group {
  at::DimVector sizes;
  int64_t row = 0;  // the period of the operands that are rows, of which there may be only one
  std::vector<int32_t> operands;
  std::vector<Member> members;

  bool makes(int32_t slot) const {
    return std::any_of(members.begin(), members.end(), [&](const Member& member) { return member.result == slot; });
  }
};

class Chaining {
 public:
  explicit Chaining(Plan& plan) : plan_(plan), facts_(plan), readers_(plan.kinds.size()) {
    std::vector<int32_t> read = plan.outputs;
    for (const auto& instruction : plan.instructions) instruction->list_inputs(read);
    for (int32_t slot : read) readers_[slot]++;
  }

  // A group runs where its last member did, or where the first call comes that reads from it: nothing between may write to what it reads.
  void run() {
    for (auto& instruction : plan_.instructions) {
      Member member;
      bool joins = describe(*instruction, member);
      std::vector<int32_t> inputs;
      instruction->list_inputs(inputs);
      for (size_t i = groups_.size(); i-- > 0;) {
        bool own = joins && groups_[i].sizes == tensor(member.result).sizes();
        bool reads = std::any_of(inputs.begin(), inputs.end(), [&](int32_t slot) { return groups_[i].makes(slot); });
        if (instruction->info.effect == Effect::other || (reads && !own)) close(i);
      }
      if (joins) join(std::move(member));
      else made_.push_back(std::move(instruction));
    }
    while (!groups_.empty()) close(0);
    plan_.instructions = std::move(made_);
  }

 private:
  const at::Tensor& tensor(int32_t slot) const { return plan_.slots.values[slot]; }

  bool is_float(int32_t slot) const {
    const at::Tensor& x = tensor(slot);
    return facts_.steady(slot) && x.defined() && is_plain(x) && x.is_cpu() && x.scalar_type() == at::kFloat && !x.is_neg() && x.is_contiguous();
  }

  // How many elements of an operand go by before it starts anew, or 0 when it meets the result in no such way.
  static int64_t period(const at::Tensor& operand, at::IntArrayRef sizes) {
    if (operand.numel() == 1) return 1;
    at::IntArrayRef own = operand.sizes();
    while (!own.empty() && own[0] == 1) own = own.slice(1);
    if (own.size() > sizes.size() || !own.equals(sizes.slice(sizes.size() - own.size()))) return 0;
    return operand.numel();
  }

  bool describe(const Instruction& instruction, Member& member) const {
    struct Known { ChainCode code; size_t inputs; };
    static const std::unordered_map<std::string_view, Known> kernels = {
        {"add.Tensor", {ChainCode::add, 2}}, {"sub.Tensor", {ChainCode::subtract, 2}}, {"mul.Tensor", {ChainCode::multiply, 2}},
        {"div.Tensor", {ChainCode::divide, 2}}, {"neg", {ChainCode::negate, 1}}, {"abs", {ChainCode::abs, 1}}, {"relu", {ChainCode::relu, 1}},
        {"sqrt", {ChainCode::sqrt, 1}}, {"square", {ChainCode::square, 1}}, {"reciprocal", {ChainCode::reciprocal, 1}}, {"rsqrt", {ChainCode::rsqrt, 1}},
        {"threshold_backward", {ChainCode::threshold_backward, 2}}};
    auto kernel = kernels.find(instruction.info.name);
    if (kernel == kernels.end() || instruction.results.size() != 1) return false;
    member.code = kernel->second.code;
    member.result = instruction.results[0];
    instruction.list_inputs(member.inputs);
    const at::Tensor& result = tensor(member.result);
    if (member.inputs.size() != kernel->second.inputs || !is_float(member.result) || result.numel() == 0 || result.numel() >= kMostElements) return false;
    int64_t row = 0;
    for (int32_t slot : member.inputs) {
      if (!is_float(slot)) return false;
      int64_t p = period(tensor(slot), result.sizes());
      if (p == 0 || (is_row(p, result) && row != 0 && row != p)) return false;
      if (is_row(p, result)) row = p;
    }
    return describe_numbers(instruction, member);
  }

  // Sums and differences of multiples are LibTorch's: it joins product and sum in one rounding or in two, as its vectors go.
  static bool describe_numbers(const Instruction& instruction, Member& member) {
    std::vector<EagerScalar> numbers;
    instruction.list_numbers(numbers);
    bool scaled = member.code == ChainCode::add || member.code == ChainCode::subtract;
    if (member.code == ChainCode::threshold_backward) member.number = to_scalar(numbers[0]).to<float>();
    return !scaled || to_scalar(numbers[0]).to<double>() == 1;
  }

  static bool is_row(int64_t period, const at::Tensor& result) { return period != 1 && period != result.numel(); }

  void join(Member&& member) {
    const at::Tensor& result = tensor(member.result);
    auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& open) { return open.sizes == result.sizes(); });
    if (group != groups_.end() && !has_room(*group, member)) {
      close(static_cast<size_t>(group - groups_.begin()));
      group = groups_.end();
    }
    if (group == groups_.end()) {
      groups_.emplace_back();
      group = groups_.end() - 1;
      group->sizes = at::DimVector(result.sizes());
    }
    for (int32_t slot : member.inputs) {
      if (group->makes(slot)) continue;
      int64_t p = period(tensor(slot), group->sizes);
      if (is_row(p, result)) group->row = p;
      if (std::find(group->operands.begin(), group->operands.end(), slot) == group->operands.end()) group->operands.push_back(slot);
    }
    group->members.push_back(std::move(member));
  }

  bool has_room(const Group& group, const Member& member) const {
    for (int32_t slot : member.inputs) {
      if (group.makes(slot)) continue;
      int64_t p = period(tensor(slot), group.sizes);
      if (is_row(p, tensor(member.result)) && group.row != 0 && group.row != p) return false;
    }
    return group.members.size() < kMostChainSteps && group.operands.size() + member.inputs.size() <= kMostOperands;
  }

  void close(size_t index) {
    Group group = std::move(groups_[index]);
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(index));
    int64_t count = tensor(group.members[0].result).numel();
    auto chain = std::make_unique<ChainInstruction>(group.sizes, count);
    std::unordered_map<int32_t, int16_t> places;
    auto place = [&](int32_t slot) { places.emplace(slot, static_cast<int16_t>(places.size())); };
    for (int32_t slot : group.operands) {
      place(slot);
      chain->operands.push_back({slot, period(tensor(slot), group.sizes)});
    }
    for (const Member& member : group.members) if (is_read_elsewhere(group, member.result)) {
      place(member.result);
      chain->results.push_back(member.result);
      if (!facts_.is_output(member.result) && count * static_cast<int64_t>(sizeof(float)) <= kMostRestingBytes) plan_.kinds[member.result] = Plan::Slot::resting;
    }
    for (const Member& member : group.members) if (places.count(member.result) == 0) { place(member.result); chain->own_values++; }
    for (const Member& member : group.members) {
      int32_t a = member.inputs[0], b = member.inputs.back();
      auto is_number = [&](int32_t slot) { return count != 1 && tensor(slot).numel() == 1; };
      chain->steps.push_back({member.code, is_number(a), is_number(b), places[a], places[b], places[member.result], member.number});
    }
    made_.push_back(std::move(chain));
  }

  bool is_read_elsewhere(const Group& group, int32_t slot) const {
    int within = 0;
    for (const Member& member : group.members) within += static_cast<int>(std::count(member.inputs.begin(), member.inputs.end(), slot));
    return readers_[slot] > within;
  }

  Plan& plan_;
  Facts facts_;
  std::vector<int> readers_;
  std::vector<Group> groups_;
  std::vector<std::unique_ptr<Instruction>> made_;
};

}  // namespace

void form_chains(Plan& plan) { Chaining(plan).run(); }

}  // namespace eager
