// A program is the log of the kernel calls of one real run, replayed in one call.
// Values live in numbered slots: inputs are set anew at each run, captures are held by the program, results are made as it runs.
// A program has two plans: the calls as they were recorded, and what the passes (program_passes.h) made of them, which gives the same bits.
#pragma once
#include "abi.h"
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace eager {

class ProgramRecorder;

struct Slots {
  std::vector<at::Tensor> values;
};

// What a kernel does beside computing its results. It decides what the passes may do with a call; the generator reads it from the schema.
enum class Effect : uint8_t {
  pure,      // nothing: its results are new memory, and its arguments alone decide what is in it
  refusing,  // nothing, but it may refuse the values of its inputs
  view,      // nothing, but its results may share the memory of an input
  other,     // it may write to its inputs, draw random numbers or call C#
};

struct KernelInfo {
  const char* name;  // with its overload, as in the manifest
  Effect effect;
};

struct Instruction {
  KernelInfo info;
  std::vector<int32_t> results;   // slots that it fills
  std::vector<int32_t> releases;  // slots not needed after it
  explicit Instruction(KernelInfo info) : info(info) {}
  virtual ~Instruction() = default;
  virtual void run(Slots& slots) = 0;
  virtual std::unique_ptr<Instruction> copy() const = 0;
  virtual void list_inputs(std::vector<int32_t>& slots) const = 0;
  // Whether it reads numbers of the host, draws from a generator or calls C#: a device cannot repeat it alone (capture.h).
  virtual bool needs_host() const { return false; }
  virtual void list_numbers(std::vector<EagerScalar>& numbers) const {}
  // Whether the other one runs the same kernel with the same arguments.
  virtual bool equals(const Instruction& other) const { return false; }
  // Reads slot to[i] where it read slot i.
  virtual void rename(const std::vector<int32_t>& to) = 0;

 protected:
  void store(Slots& slots, at::Tensor&& tensor) { slots.values[results[0]] = std::move(tensor); }
  void store(Slots& slots, std::vector<at::Tensor>&& tensors) {
    for (size_t i = 0; i < tensors.size(); i++) slots.values[results[i]] = std::move(tensors[i]);
  }
  template <class... T> void store(Slots& slots, std::tuple<T...>&& tuple) {
    size_t i = 0;
    std::apply([&](auto&... t) { ((slots.values[results[i++]] = std::move(t)), ...); }, tuple);
  }
};

// The result types that carry tensors; the others (nothing, a number) fill no slot.
template <class T> struct IsResult : std::false_type {};
template <> struct IsResult<at::Tensor> : std::true_type {};
template <> struct IsResult<std::vector<at::Tensor>> : std::true_type {};
template <class... T> struct IsResult<std::tuple<T...>> : std::conjunction<std::is_same<std::decay_t<T>, at::Tensor>...> {};

class Capture;

// Instructions in their order and the slots that they work on.
struct Plan {
  enum class Slot : uint8_t {
    made,      // filled during a run and empty between runs
    resting,   // keeps its tensor, for the next run to write into when nobody else holds it by then
    captured,  // held from run to run
    constant,  // captured, and of the same value in every run
  };
  std::vector<std::unique_ptr<Instruction>> instructions;
  std::vector<int32_t> inputs, outputs;
  std::vector<Slot> kinds;
  Slots slots;

  Plan() = default;
  Plan(Plan&&) = default;
  Plan& operator=(Plan&&) = default;
  Plan copy() const;
  bool holds(int32_t slot) const { return kinds[slot] == Slot::captured || kinds[slot] == Slot::constant; }
  // Says for each slot which instruction is its last, and empties those that hold nothing between runs.
  void seal();
  void run(const TensorHandle* given, TensorHandle* out);

 private:
  void clear();
};

class Program {
 public:
  explicit Program(Plan&& plan);
  ~Program();
  void run(const TensorHandle* given, TensorHandle* out);
  // Nobody runs the program while it is held.
  std::unique_lock<std::mutex> hold() { return std::unique_lock<std::mutex>(running_); }
  Capture& capture() { return *capture_; }
  size_t recorded_length() const { return recorded_.instructions.size(); }
  size_t quick_length() const { return quick_.instructions.size(); }

 private:
  // What an input was like in the recorded run, beside its dtype and sizes, which C# compares.
  struct Layout {
    std::vector<int64_t> strides;
    c10::DispatchKeySet keys;
    bool fits(TensorHandle tensor) const;
  };
  bool fits(const TensorHandle* given) const;

  std::vector<Layout> layouts_;
  Plan recorded_, quick_;
  std::unique_ptr<Capture> capture_;  // of the recorded calls
  std::mutex running_;
};

class ProgramRecorder {
 public:
  static thread_local ProgramRecorder* current;

  explicit ProgramRecorder(EagerTensors inputs);
  int32_t slot_of(TensorHandle handle);
  // Says that a tensor never changes.
  void add_constant(TensorHandle handle) { plan_.kinds[slot_of(handle)] = Plan::Slot::constant; }
  void add(std::unique_ptr<Instruction> instruction) { plan_.instructions.push_back(std::move(instruction)); }
  template <class Result> void add_with_results(std::unique_ptr<Instruction> instruction, const Result& result) {
    list_results(*instruction, result);
    add(std::move(instruction));
  }
  std::unique_ptr<Program> finish(EagerTensors outputs);

 private:
  void list_results(Instruction& instruction, const at::Tensor& tensor) { instruction.results.push_back(new_slot(tensor, Plan::Slot::made)); }
  void list_results(Instruction& instruction, const std::vector<at::Tensor>& tensors) {
    for (const auto& t : tensors) list_results(instruction, t);
  }
  template <class... T> void list_results(Instruction& instruction, const std::tuple<T...>& tuple) {
    std::apply([&](const auto&... t) { (list_results(instruction, t), ...); }, tuple);
  }
  int32_t new_slot(const at::Tensor& tensor, Plan::Slot kind);

  Plan plan_;
  // Every tensor seen is held until the end of the recording, so an address stands for one tensor throughout.
  std::unordered_map<TensorHandle, int32_t> slot_of_;
};

// An argument as a program keeps it: values are copied, tensors become slots.
template <class T> struct Held {
  T value;
  Held(ProgramRecorder&, T v) : value(v) {}
  T get(Slots&) const { return value; }
  void list(std::vector<int32_t>&) const {}
  void list_numbers(std::vector<EagerScalar>& out) const { if constexpr (std::is_same_v<T, EagerScalar>) out.push_back(value); }
  bool equals(const Held& other) const { return std::memcmp(&value, &other.value, sizeof value) == 0; }
  void rename(const std::vector<int32_t>&) {}
};
template <> struct Held<TensorHandle> {
  int32_t slot;
  Held(ProgramRecorder& recorder, TensorHandle h) : slot(h ? recorder.slot_of(h) : -1) {}
  TensorHandle get(Slots& slots) const { return slot < 0 ? nullptr : slots.values[slot].unsafeGetTensorImpl(); }
  void list(std::vector<int32_t>& out) const { if (slot >= 0) out.push_back(slot); }
  void list_numbers(std::vector<EagerScalar>&) const {}
  bool equals(const Held& other) const { return slot == other.slot; }
  void rename(const std::vector<int32_t>& to) { if (slot >= 0) slot = to[slot]; }
};
template <> struct Held<EagerTensors> {
  std::vector<int32_t> list_of_slots;
  std::vector<TensorHandle> handles;
  Held(ProgramRecorder& recorder, EagerTensors tensors) : handles(tensors.length) {
    for (int64_t i = 0; i < tensors.length; i++) list_of_slots.push_back(tensors.data[i] ? recorder.slot_of(tensors.data[i]) : -1);
  }
  EagerTensors get(Slots& slots) {
    for (size_t i = 0; i < handles.size(); i++) handles[i] = list_of_slots[i] < 0 ? nullptr : slots.values[list_of_slots[i]].unsafeGetTensorImpl();
    return {handles.data(), static_cast<int64_t>(handles.size())};
  }
  void list(std::vector<int32_t>& out) const {
    for (int32_t slot : list_of_slots) if (slot >= 0) out.push_back(slot);
  }
  void list_numbers(std::vector<EagerScalar>&) const {}
  bool equals(const Held& other) const { return list_of_slots == other.list_of_slots; }
  void rename(const std::vector<int32_t>& to) {
    for (int32_t& slot : list_of_slots) if (slot >= 0) slot = to[slot];
  }
};
template <class Span, class Element> struct HeldSpan {
  std::vector<Element> copy;
  bool none;
  HeldSpan(ProgramRecorder&, Span span) : none(span.length < 0) { if (!none) copy.assign(span.data, span.data + span.length); }
  Span get(Slots&) const { return {copy.data(), none ? -1 : static_cast<int64_t>(copy.size())}; }
  void list(std::vector<int32_t>&) const {}
  void list_numbers(std::vector<EagerScalar>&) const {}
  // Bit by bit: 0 and −0 differ, a NaN is itself.
  bool equals(const HeldSpan& other) const {
    return none == other.none && copy.size() == other.copy.size() && (copy.empty() || std::memcmp(copy.data(), other.copy.data(), copy.size() * sizeof(Element)) == 0);
  }
  void rename(const std::vector<int32_t>&) {}
};
template <> struct Held<EagerInts> : HeldSpan<EagerInts, int64_t> { using HeldSpan::HeldSpan; };
template <> struct Held<EagerDoubles> : HeldSpan<EagerDoubles, double> { using HeldSpan::HeldSpan; };
template <> struct Held<EagerText> : HeldSpan<EagerText, char> { using HeldSpan::HeldSpan; };
template <> struct Held<GeneratorHandle> {
  at::Generator generator;  // the generator itself, not its numbers: a replay draws on from where it stands
  Held(ProgramRecorder&, GeneratorHandle h) {
    if (h) generator = at::Generator(c10::intrusive_ptr<c10::GeneratorImpl>::unsafe_reclaim_from_nonowning(h));
  }
  GeneratorHandle get(Slots&) const { return generator.defined() ? generator.unsafeGetGeneratorImpl() : nullptr; }
  void list(std::vector<int32_t>&) const {}
  void list_numbers(std::vector<EagerScalar>&) const {}
  bool equals(const Held& other) const { return generator == other.generator; }
  void rename(const std::vector<int32_t>&) {}
};

}  // namespace eager
