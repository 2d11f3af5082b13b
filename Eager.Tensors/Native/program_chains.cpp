// Joins calls of elementwise kernels to chains (chain.h).
#include "adapt.h"
#include "chain_blocks.h"
#include "program_passes.h"
#include <algorithm>
#include <string_view>

namespace eager {
namespace {

// What a result may keep from run to run; larger ones come from the allocator's lists, which others share.
constexpr int64_t kMostRestingBytes = 64 << 10;

// One call that may join a chain.
struct Member {
  ChainCode code;
  std::vector<int32_t> inputs;
  int32_t result;
  double number = 0;
};

template <class T> class ChainInstruction final : public Instruction {
 public:
  std::vector<int32_t> operands;
  std::vector<int64_t> periods;
  std::vector<ChainStep> steps;  // their places are those that ChainBlocks says
  size_t own_values = 0;

  ChainInstruction(at::IntArrayRef sizes, int64_t count) : Instruction({"chain", Effect::pure}), sizes_(sizes), count_(count) {}

  std::unique_ptr<Instruction> copy() const override { return std::make_unique<ChainInstruction>(*this); }
  void list_inputs(std::vector<int32_t>& slots) const override { slots.insert(slots.end(), operands.begin(), operands.end()); }
  void rename(const std::vector<int32_t>& to) override { for (int32_t& slot : operands) slot = to[slot]; }

  void run(Slots& slots) override {
    const T* inputs[kMostChainOperands];
    T* made[kMostChainSteps];
    for (size_t i = 0; i < operands.size(); i++) inputs[i] = static_cast<const T*>(slots.values[operands[i]].data_ptr());
    for (size_t i = 0; i < results.size(); i++) made[i] = writable(slots.values[results[i]]);
    ChainBlocks{steps.data(), steps.size(), periods.data(), operands.size(), results.size(), own_values, count_}.run(inputs, made);
  }

 private:
  T* writable(at::Tensor& kept) const {
    // Nobody else may hold the tensor, a view of it, or a copy of either.
    if (!kept.defined() || kept.use_count() != 1 || kept.storage().use_count() != 1) kept = fresh(sizes_, c10::CppTypeToScalarType<T>::value);
    return static_cast<T*>(kept.data_ptr());
  }

  at::DimVector sizes_;
  int64_t count_;
};

// Members of one shape and dtype, in the order in which they were called.
struct Group {
  at::DimVector sizes;
  at::ScalarType type;
  int64_t row = 0;  // the period of the operands that are rows, of which there may be only one
  std::vector<int32_t> operands;
  std::vector<Member> members;

  bool takes(const at::Tensor& result) const { return sizes == result.sizes() && type == result.scalar_type(); }

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
        bool own = joins && groups_[i].takes(tensor(member.result));
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

  bool fits(int32_t slot, at::ScalarType type) const {
    const at::Tensor& x = tensor(slot);
    return facts_.steady(slot) && x.defined() && (type == at::kFloat ? fits_chain<float>(x) : fits_chain<double>(x));
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
    if (member.inputs.size() != kernel->second.inputs || !result.defined() || !fits(member.result, result.scalar_type()) || result.numel() == 0) return false;
    int64_t row = 0;
    for (int32_t slot : member.inputs) {
      if (!fits(slot, result.scalar_type())) return false;
      int64_t p = chain_period(tensor(slot), result.sizes());
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
    if (member.code == ChainCode::threshold_backward) member.number = to_scalar(numbers[0]).to<double>();
    return !scaled || to_scalar(numbers[0]).to<double>() == 1;
  }

  static bool is_row(int64_t period, const at::Tensor& result) { return period != 1 && period != result.numel(); }

  void join(Member&& member) {
    const at::Tensor& result = tensor(member.result);
    auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& open) { return open.takes(result); });
    if (group != groups_.end() && !has_room(*group, member)) {
      close(static_cast<size_t>(group - groups_.begin()));
      group = groups_.end();
    }
    if (group == groups_.end()) {
      groups_.emplace_back();
      group = groups_.end() - 1;
      group->sizes = at::DimVector(result.sizes());
      group->type = result.scalar_type();
    }
    for (int32_t slot : member.inputs) {
      if (group->makes(slot)) continue;
      int64_t p = chain_period(tensor(slot), group->sizes);
      if (is_row(p, result)) group->row = p;
      if (std::find(group->operands.begin(), group->operands.end(), slot) == group->operands.end()) group->operands.push_back(slot);
    }
    group->members.push_back(std::move(member));
  }

  bool has_room(const Group& group, const Member& member) const {
    for (int32_t slot : member.inputs) {
      if (group.makes(slot)) continue;
      int64_t p = chain_period(tensor(slot), group.sizes);
      if (is_row(p, tensor(member.result)) && group.row != 0 && group.row != p) return false;
    }
    return group.members.size() < kMostChainSteps && group.operands.size() + member.inputs.size() <= kMostChainOperands;
  }

  void close(size_t index) {
    Group group = std::move(groups_[index]);
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(index));
    made_.push_back(group.type == at::kFloat ? joined<float>(group) : joined<double>(group));
  }

  template <class T> std::unique_ptr<Instruction> joined(const Group& group) {
    int64_t count = tensor(group.members[0].result).numel();
    auto chain = std::make_unique<ChainInstruction<T>>(group.sizes, count);
    std::unordered_map<int32_t, int16_t> places;
    auto place = [&](int32_t slot) { places.emplace(slot, static_cast<int16_t>(places.size())); };
    for (int32_t slot : group.operands) {
      place(slot);
      chain->operands.push_back(slot);
      chain->periods.push_back(chain_period(tensor(slot), group.sizes));
    }
    for (const Member& member : group.members) if (is_read_elsewhere(group, member.result)) {
      place(member.result);
      chain->results.push_back(member.result);
      if (!facts_.is_output(member.result) && count * static_cast<int64_t>(sizeof(T)) <= kMostRestingBytes) plan_.kinds[member.result] = Plan::Slot::resting;
    }
    for (const Member& member : group.members) if (places.count(member.result) == 0) { place(member.result); chain->own_values++; }
    for (const Member& member : group.members) {
      int32_t a = member.inputs[0], b = member.inputs.back();
      auto is_number = [&](int32_t slot) { return count != 1 && tensor(slot).numel() == 1; };
      chain->steps.push_back({member.code, is_number(a), is_number(b), places[a], places[b], places[member.result], member.number});
    }
    return chain;
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
