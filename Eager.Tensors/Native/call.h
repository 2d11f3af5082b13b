// The one way from the C interface to a kernel. A generated export hands `call` what the kernel is, a function pointer and its arguments;
// `call` adapts them, runs the kernel and, while this thread records a program, logs what ran.
#pragma once
#include "adapt.h"
#include "fused.h"
#include "program.h"
#include <tuple>
#include <vector>

namespace eager {

template <class T> using Bare = std::remove_cv_t<std::remove_reference_t<T>>;

template <class Result, class... Parameters> struct Kernel {
  using Function = Result (*)(Parameters...);
  template <class... Arguments>
  static inline __attribute__((always_inline)) Result run(Function kernel, Arguments... arguments) {
    static_assert(sizeof...(Arguments) == sizeof...(Parameters), "this LibTorch declares another number of parameters");
    return kernel(Adapt<Bare<Parameters>>(arguments)...);
  }
};

// An instruction that calls one kernel with the arguments that it was recorded with.
template <class Result, class Function, class Run, class... Arguments>
struct CallInstruction final : Instruction {
  Function kernel;
  std::tuple<Held<Arguments>...> arguments;

  CallInstruction(ProgramRecorder& recorder, KernelInfo info, Function kernel, Arguments... values)
      : Instruction(info), kernel(kernel), arguments(Held<Arguments>(recorder, values)...) {}

  std::unique_ptr<Instruction> copy() const override { return std::make_unique<CallInstruction>(*this); }
  void list_inputs(std::vector<int32_t>& slots) const override {
    std::apply([&](const auto&... held) { (held.list(slots), ...); }, arguments);
  }
  void list_numbers(std::vector<EagerScalar>& numbers) const override {
    std::apply([&](const auto&... held) { (held.list_numbers(numbers), ...); }, arguments);
  }
  bool equals(const Instruction& other) const override {
    auto* same = dynamic_cast<const CallInstruction*>(&other);
    return same && kernel == same->kernel && equal_arguments(*same, std::index_sequence_for<Arguments...>());
  }
  void rename(const std::vector<int32_t>& to) override {
    std::apply([&](auto&... held) { (held.rename(to), ...); }, arguments);
  }

  bool needs_host() const override {
    if constexpr (std::is_same_v<Function, decltype(&call_host)>) return kernel == &call_host;
    else return (std::is_same_v<Arguments, double*> || ...) || (std::is_same_v<Arguments, GeneratorHandle> || ...);
  }

  void run(Slots& slots) override {
    std::apply([&](auto&... held) {
      if constexpr (std::is_reference_v<Result> || !IsResult<Bare<Result>>::value) Run::run(kernel, held.get(slots)...);
      else store(slots, Run::run(kernel, held.get(slots)...));
    }, arguments);
  }

 private:
  template <size_t... I> bool equal_arguments(const CallInstruction& other, std::index_sequence<I...>) const {
    return (std::get<I>(arguments).equals(std::get<I>(other.arguments)) && ...);
  }
};

template <class Result, class... Parameters, class... Arguments>
inline __attribute__((always_inline)) Result call(KernelInfo info, Result (*kernel)(Parameters...), Arguments... arguments) {
  using Run = Kernel<Result, Parameters...>;
  at::AutoDispatchBelowADInplaceOrView below_autograd;
  if (__builtin_expect(ProgramRecorder::current == nullptr, 1)) return Run::run(kernel, arguments...);

  using Recorded = CallInstruction<Result, Result (*)(Parameters...), Run, Arguments...>;
  ProgramRecorder& recorder = *ProgramRecorder::current;
  auto instruction = std::make_unique<Recorded>(recorder, info, kernel, arguments...);
  if constexpr (std::is_reference_v<Result> || !IsResult<Bare<Result>>::value) {
    recorder.add(std::move(instruction));
    return Run::run(kernel, arguments...);
  } else {
    Result result = Run::run(kernel, arguments...);
    recorder.add_with_results(std::move(instruction), result);
    return result;
  }
}

template <class Tuple, size_t... I> inline void give_each(Tuple& tuple, TensorHandle* out, std::index_sequence<I...>) {
  ((out[I] = give(std::move(std::get<I>(tuple)))), ...);
}
template <class... T> inline int32_t give_tuple(std::tuple<T...>&& tuple, TensorHandle* out) {
  give_each(tuple, out, std::index_sequence_for<T...>());
  return 0;
}

// The handles of a list stay valid until the next list is returned on this thread.
int64_t give_list(std::vector<at::Tensor>&& tensors, const TensorHandle** out);

inline int32_t give_scalar(const at::Scalar& s, EagerScalar* out) {
  if (s.isFloatingPoint()) {
    double d = s.toDouble();
    std::memcpy(&out->bits, &d, sizeof d);
    out->kind = 2;
  } else {
    out->bits = s.to<int64_t>();
    out->kind = s.isBoolean() ? 3 : 1;
  }
  return 0;
}

}  // namespace eager
