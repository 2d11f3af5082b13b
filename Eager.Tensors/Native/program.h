// A program is the log of the kernel calls of one real run, replayed in one call.
// Values live in numbered slots: inputs are set anew at each run, captures are held by the program, results are made as it runs.
#pragma once
#include "abi.h"
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

struct Instruction {
  std::vector<int32_t> results;   // slots that it fills
  std::vector<int32_t> releases;  // slots not needed after it
  virtual ~Instruction() = default;
  virtual void run(Slots& slots) = 0;
  virtual void list_inputs(std::vector<int32_t>& slots) const = 0;
  // Whether it reads numbers of the host, draws from a generator or calls C#: a device cannot repeat it alone (capture.h).
  virtual bool needs_host() const { return false; }

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

struct Program {
  Program();
  ~Program();
  std::vector<std::unique_ptr<Instruction>> instructions;
  std::vector<int32_t> inputs, outputs;
  std::vector<bool> captured;  // per slot: held from run to run
  Slots slots;
  std::mutex running;
  std::unique_ptr<Capture> capture;

  void run(const TensorHandle* given, TensorHandle* out);
};

class ProgramRecorder {
 public:
  static thread_local ProgramRecorder* current;

  explicit ProgramRecorder(EagerTensors inputs);
  int32_t slot_of(TensorHandle handle);
  void add(std::unique_ptr<Instruction> instruction) { program_->instructions.push_back(std::move(instruction)); }
  template <class Result> void add_with_results(std::unique_ptr<Instruction> instruction, const Result& result) {
    list_results(*instruction, result);
    add(std::move(instruction));
  }
  std::unique_ptr<Program> finish(EagerTensors outputs);

 private:
  void list_results(Instruction& instruction, const at::Tensor& tensor) { instruction.results.push_back(new_slot(tensor, false)); }
  void list_results(Instruction& instruction, const std::vector<at::Tensor>& tensors) {
    for (const auto& t : tensors) list_results(instruction, t);
  }
  template <class... T> void list_results(Instruction& instruction, const std::tuple<T...>& tuple) {
    std::apply([&](const auto&... t) { (list_results(instruction, t), ...); }, tuple);
  }
  int32_t new_slot(const at::Tensor& tensor, bool captured);

  std::unique_ptr<Program> program_ = std::make_unique<Program>();
  // Every tensor seen is held until the end of the recording, so an address stands for one tensor throughout.
  std::unordered_map<TensorHandle, int32_t> slot_of_;
};

// An argument as a program keeps it: values are copied, tensors become slots.
template <class T> struct Held {
  T value;
  Held(ProgramRecorder&, T v) : value(v) {}
  T get(Slots&) const { return value; }
  void list(std::vector<int32_t>&) const {}
};
template <> struct Held<TensorHandle> {
  int32_t slot;
  Held(ProgramRecorder& recorder, TensorHandle h) : slot(h ? recorder.slot_of(h) : -1) {}
  TensorHandle get(Slots& slots) const { return slot < 0 ? nullptr : slots.values[slot].unsafeGetTensorImpl(); }
  void list(std::vector<int32_t>& out) const { if (slot >= 0) out.push_back(slot); }
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
};
template <class Span, class Element> struct HeldSpan {
  std::vector<Element> copy;
  bool none;
  HeldSpan(ProgramRecorder&, Span span) : none(span.length < 0) { if (!none) copy.assign(span.data, span.data + span.length); }
  Span get(Slots&) const { return {copy.data(), none ? -1 : static_cast<int64_t>(copy.size())}; }
  void list(std::vector<int32_t>&) const {}
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
};

}  // namespace eager
