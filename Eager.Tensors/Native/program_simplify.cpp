// Constants, duplicates and dead code.
#include "program_passes.h"
#include <algorithm>
#include <functional>
#include <string_view>

namespace eager {
namespace {

// What a program may keep of a constant from run to run.
constexpr size_t kLargestConstant = 1 << 20;

using Names = std::unordered_set<std::string_view>;

// The sizes of what these make depend on the elements of their inputs, or on C# code.
bool follows_elements(const Instruction& instruction) {
  static const Names names = {"nonzero", "_unique2", "unique_dim", "unique_consecutive", "index.Tensor", "call_host"};
  return names.count(instruction.info.name) != 0;
}

// These read only the sizes and the dtype of their inputs.
bool ignores_elements(const Instruction& instruction) {
  static const Names names = {"full_like"};
  return names.count(instruction.info.name) != 0;
}

std::vector<int32_t> inputs_of(const Instruction& instruction) {
  std::vector<int32_t> slots;
  instruction.list_inputs(slots);
  return slots;
}

bool all_of(const std::vector<int32_t>& slots, const std::function<bool(int32_t)>& test) { return std::all_of(slots.begin(), slots.end(), test); }

// Whether the results are the same in every run.
bool is_constant(const Plan& plan, const Facts& facts, const Instruction& instruction) {
  if (instruction.info.effect == Effect::other || std::string_view(instruction.info.name) == "empty.memory_format") return false;
  bool known = all_of(inputs_of(instruction), [&](int32_t slot) {
    return ignores_elements(instruction) ? facts.steady(slot) : plan.kinds[slot] == Plan::Slot::constant;
  });
  return known && all_of(instruction.results, [&](int32_t slot) {
    const at::Tensor& value = plan.slots.values[slot];
    return value.defined() && value.layout() == at::kStrided && value.nbytes() <= kLargestConstant && !facts.exposed(slot);
  });
}

// Whether the results are views of memory that is held from run to run, such as a variable's: they see what is in it.
bool is_held_view(const Plan& plan, const Facts& facts, const Instruction& instruction) {
  if (instruction.info.effect != Effect::view) return false;
  std::vector<int32_t> inputs = inputs_of(instruction);
  return inputs.size() == 1 && plan.holds(inputs[0]) &&
         all_of(instruction.results, [&](int32_t slot) { return facts.share_memory(slot, inputs[0]) && !facts.is_output(slot); });
}

template <class Remove> void remove_if(Plan& plan, Remove remove) {
  auto& all = plan.instructions;
  all.erase(std::remove_if(all.begin(), all.end(), remove), all.end());
}

void hold_constants(Plan& plan, const Facts& facts) {
  remove_if(plan, [&](const std::unique_ptr<Instruction>& instruction) {
    bool constant = is_constant(plan, facts, *instruction);
    if (!constant && !is_held_view(plan, facts, *instruction)) return false;
    for (int32_t slot : instruction->results) plan.kinds[slot] = constant ? Plan::Slot::constant : Plan::Slot::captured;
    return true;
  });
}

bool may_stand_for(const Facts& facts, const Instruction& first, const Instruction& second) {
  if (!second.equals(first) || first.results.size() != second.results.size()) return false;
  // Two views of one memory are one view; two copies that somebody may write to, or be given, are two.
  for (size_t i = 0; i < second.results.size(); i++) {
    int32_t a = first.results[i], b = second.results[i];
    if (facts.is_output(a) || facts.is_output(b)) return false;
    if (!facts.share_memory(a, b) && (facts.exposed(a) || facts.exposed(b))) return false;
  }
  return true;
}

void merge_duplicates(Plan& plan, const Facts& facts) {
  std::vector<int32_t> to(plan.kinds.size());
  for (size_t slot = 0; slot < to.size(); slot++) to[slot] = static_cast<int32_t>(slot);
  std::unordered_map<std::string_view, std::vector<const Instruction*>> seen;
  remove_if(plan, [&](const std::unique_ptr<Instruction>& instruction) {
    instruction->rename(to);
    if (instruction->info.effect == Effect::other) {  // what is read after it may not be what was read before
      seen.clear();
      return false;
    }
    auto& alike = seen[instruction->info.name];
    for (const Instruction* first : alike) {
      if (!may_stand_for(facts, *first, *instruction)) continue;
      for (size_t i = 0; i < first->results.size(); i++) to[instruction->results[i]] = first->results[i];
      return true;
    }
    alike.push_back(instruction.get());
    return false;
  });
}

void remove_dead(Plan& plan) {
  std::vector<bool> read(plan.kinds.size());
  for (int32_t slot : plan.outputs) read[slot] = true;
  std::unordered_set<const Instruction*> dead;
  for (auto i = plan.instructions.rbegin(); i != plan.instructions.rend(); ++i) {
    const Instruction& instruction = **i;
    // One that may refuse its inputs runs for the sake of the error.
    bool needed = instruction.info.effect == Effect::other || instruction.info.effect == Effect::refusing ||
                  !all_of(instruction.results, [&](int32_t slot) { return !read[slot]; });
    if (needed) for (int32_t slot : inputs_of(instruction)) read[slot] = true;
    else dead.insert(&instruction);
  }
  remove_if(plan, [&](const std::unique_ptr<Instruction>& instruction) { return dead.count(instruction.get()) != 0; });
}

}  // namespace

Facts::Facts(const Plan& plan) : plan_(plan), steady_(plan.kinds.size()), outputs_(plan.outputs.begin(), plan.outputs.end()) {
  for (int32_t slot : plan.inputs) steady_[slot] = true;
  for (size_t slot = 0; slot < plan.kinds.size(); slot++) if (plan.holds(static_cast<int32_t>(slot))) steady_[slot] = true;
  for (const auto& instruction : plan.instructions) {
    bool steady = !follows_elements(*instruction) && steady_inputs(*instruction);
    for (int32_t slot : instruction->results) steady_[slot] = steady;
    if (instruction->info.effect == Effect::other) for (int32_t slot : inputs_of(*instruction)) exposed_.insert(storage(slot));
  }
  for (int32_t slot : plan.outputs) exposed_.insert(storage(slot));
}

bool Facts::steady_inputs(const Instruction& instruction) const {
  return all_of(inputs_of(instruction), [&](int32_t slot) { return steady(slot); });
}

const void* Facts::storage(int32_t slot) const {
  const at::Tensor& tensor = plan_.slots.values[slot];
  return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl() : nullptr;
}

void simplify(Plan& plan) {
  Facts facts(plan);
  hold_constants(plan, facts);
  merge_duplicates(plan, facts);
  remove_dead(plan);
}

}  // namespace eager
