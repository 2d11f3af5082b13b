// The C interface: every value that crosses it is a register-sized scalar, a pointer or a struct of 16 bytes.
// Interop/NativeTypes.cs declares the same structs for C#.
#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>
#include <cstdint>
#include <exception>

using TensorHandle = c10::TensorImpl*;        // borrowed when passed, owned by the caller when returned
using GeneratorHandle = c10::GeneratorImpl*;  // likewise

extern "C" {
struct EagerInts { const int64_t* data; int64_t length; };          // length -1: none
struct EagerDoubles { const double* data; int64_t length; };        // length -1: none
struct EagerTensors { const TensorHandle* data; int64_t length; };  // an element may be null where the schema says Tensor?[]
struct EagerText { const char* data; int64_t length; };             // length -1: none
struct EagerScalar { int64_t bits; int64_t kind; };                 // kind 0: none, 1: integer, 2: double, 3: bool
struct EagerMaybeInt { int64_t value; int64_t present; };
struct EagerMaybeDouble { double value; int64_t present; };
}

#define EAGER_EXPORT extern "C" __attribute__((visibility("default")))

namespace eager {

// Remember an error for eager_last_error on this thread.
void remember_error(const std::exception& error) noexcept;
void remember_error(const char* message) noexcept;

// Runs the body; a C++ exception is remembered and turned into the value that stands for failure.
template <class Failure, class Body>
inline __attribute__((always_inline)) Failure guarded(Failure failure, Body&& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    remember_error(error);
  } catch (...) {
    remember_error("an exception that is no std::exception");
  }
  return failure;
}

template <class> struct OptionalOf;
template <template <class> class Template, class T> struct OptionalOf<Template<T>> { template <class U> using Type = Template<U>; };
// The optional in which this LibTorch passes its arguments: its own until 2.2, then the standard's.
template <class T> using Optional = OptionalOf<decltype(c10::TensorOptions().device_opt())>::template Type<T>;

using TensorPointer = c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;

// Hands a tensor over to the caller; an undefined one is null.
inline TensorHandle give(at::Tensor&& tensor) {
  return tensor.defined() ? tensor.unsafeReleaseTensorImpl() : nullptr;
}

// A counted reference of our own to a borrowed tensor.
inline at::Tensor share(TensorHandle handle) {
  return handle ? at::Tensor(TensorPointer::unsafe_reclaim_from_nonowning(handle)) : at::Tensor();
}

}  // namespace eager
