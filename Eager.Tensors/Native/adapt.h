// Argument adapters: how a value of the C interface becomes the parameter type that this LibTorch's header declares.
// int[] against SymInt[], and LibTorch's own optionals and string views against the standard's, are settled here, at compile time, so the
// generated calls fit every LibTorch.
#pragma once
#include "abi.h"
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/List.h>
#include <c10/core/Device.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <c10/core/Scalar.h>
#include <c10/core/ScalarType.h>
#include <c10/core/SymIntArrayRef.h>
#include <c10/util/OptionalArrayRef.h>
#include <cstring>
#include <string_view>
#include <type_traits>
#if __has_include(<ATen/core/IListRef.h>)
#include <ATen/core/IListRef.h>
#define EAGER_HAS_ILISTREF 1
#endif

namespace eager {

static_assert(sizeof(at::Tensor) == sizeof(void*), "a list of handles is read as a list of at::Tensor");

inline at::Scalar to_scalar(EagerScalar s) {
  switch (s.kind) {
    case 2: { double d; std::memcpy(&d, &s.bits, sizeof d); return at::Scalar(d); }
    case 3: return at::Scalar(s.bits != 0);
    default: return at::Scalar(s.bits);
  }
}

// Device type in the high bits, index in the low byte, as C# packs it.
inline c10::Device to_device(int32_t packed) {
  return c10::Device(static_cast<c10::DeviceType>(packed >> 8), static_cast<c10::DeviceIndex>(static_cast<int8_t>(packed & 0xff)));
}

template <class Parameter> struct Adapt;

// A borrowed tensor: wrapped without touching its count, and never destroyed.
template <> struct Adapt<at::Tensor> {
  union { at::Tensor tensor; };
  explicit Adapt(TensorHandle h) { new (&tensor) at::Tensor(TensorPointer::reclaim(h ? h : static_cast<TensorHandle>(c10::UndefinedTensorImpl::singleton()))); }
  ~Adapt() {}
  operator at::Tensor&() { return tensor; }
};

template <class Maybe> struct AdaptOptionalTensor {
  union { Maybe value; };
  explicit AdaptOptionalTensor(TensorHandle h) {
    if (h) new (&value) Maybe(at::Tensor(TensorPointer::reclaim(h)));
    else new (&value) Maybe();
  }
  ~AdaptOptionalTensor() {}
  operator const Maybe&() const { return value; }
};

template <class T> struct AdaptValue {
  T value;
  operator T() const { return value; }
};
template <> struct Adapt<int64_t> : AdaptValue<int64_t> { explicit Adapt(int64_t v) { value = v; } };
template <> struct Adapt<double> : AdaptValue<double> { explicit Adapt(double v) { value = v; } };
template <> struct Adapt<bool> : AdaptValue<bool> { explicit Adapt(uint8_t v) { value = v != 0; } };
template <> struct Adapt<double*> : AdaptValue<double*> { explicit Adapt(double* v) { value = v; } };
template <> struct Adapt<at::ScalarType> : AdaptValue<at::ScalarType> { explicit Adapt(int32_t v) { value = static_cast<at::ScalarType>(v); } };
template <> struct Adapt<c10::Layout> : AdaptValue<c10::Layout> { explicit Adapt(int32_t v) { value = static_cast<c10::Layout>(v); } };
template <> struct Adapt<c10::MemoryFormat> : AdaptValue<c10::MemoryFormat> { explicit Adapt(int32_t v) { value = static_cast<c10::MemoryFormat>(v); } };

template <> struct Adapt<c10::SymInt> {
  int64_t value;
  explicit Adapt(int64_t v) : value(v) {}
  operator c10::SymInt() const { return c10::SymInt(value); }
};
template <> struct Adapt<c10::Device> {
  int32_t packed;
  explicit Adapt(int32_t v) : packed(v) {}
  operator c10::Device() const { return to_device(packed); }
};
template <> struct Adapt<at::Scalar> {
  at::Scalar value;
  explicit Adapt(EagerScalar s) : value(to_scalar(s)) {}
  operator const at::Scalar&() const { return value; }
};
template <class View> struct AdaptText {
  EagerText text;
  explicit AdaptText(EagerText t) : text(t) {}
  operator View() const { return View(text.data, static_cast<size_t>(text.length)); }
};
template <> struct Adapt<std::string_view> : AdaptText<std::string_view> { using AdaptText::AdaptText; };
// LibTorch's own until 2.6, then another name of the standard's: a template, so that both may be written down.
template <template <class> class View> struct Adapt<View<char>> : AdaptText<View<char>> { using AdaptText<View<char>>::AdaptText; };

// A SymInt that holds a plain number has the bits of that int64_t (eager_abi_check verifies it when the library loads).
inline const c10::SymInt* as_symints(const int64_t* data) { return reinterpret_cast<const c10::SymInt*>(data); }

template <> struct Adapt<at::IntArrayRef> {
  EagerInts ints;
  explicit Adapt(EagerInts v) : ints(v) {}
  operator at::IntArrayRef() const { return {ints.data, static_cast<size_t>(ints.length)}; }
};
template <> struct Adapt<c10::SymIntArrayRef> {
  EagerInts ints;
  explicit Adapt(EagerInts v) : ints(v) {}
  operator c10::SymIntArrayRef() const { return {as_symints(ints.data), static_cast<size_t>(ints.length)}; }
};
template <> struct Adapt<at::OptionalIntArrayRef> {
  EagerInts ints;
  explicit Adapt(EagerInts v) : ints(v) {}
  operator at::OptionalIntArrayRef() const {
    if (ints.length < 0) return {};
    return at::OptionalIntArrayRef(at::IntArrayRef(ints.data, static_cast<size_t>(ints.length)));
  }
};
template <> struct Adapt<at::OptionalSymIntArrayRef> {
  EagerInts ints;
  explicit Adapt(EagerInts v) : ints(v) {}
  operator at::OptionalSymIntArrayRef() const {
    if (ints.length < 0) return {};
    return at::OptionalSymIntArrayRef(c10::SymIntArrayRef(as_symints(ints.data), static_cast<size_t>(ints.length)));
  }
};

// bool[N] crosses as a mask, lowest bit first.
template <size_t N> struct Adapt<std::array<bool, N>> {
  uint64_t mask;
  explicit Adapt(uint64_t v) : mask(v) {}
  operator std::array<bool, N>() const {
    std::array<bool, N> flags;
    for (size_t i = 0; i < N; i++) flags[i] = (mask >> i) & 1;
    return flags;
  }
};

inline at::TensorList as_tensors(EagerTensors list) {
  return {reinterpret_cast<const at::Tensor*>(list.data), static_cast<size_t>(list.length)};
}
template <> struct Adapt<at::TensorList> {
  EagerTensors list;
  explicit Adapt(EagerTensors v) : list(v) {}
  operator at::TensorList() const { return as_tensors(list); }
};
#ifdef EAGER_HAS_ILISTREF
template <> struct Adapt<at::ITensorListRef> {
  EagerTensors list;
  explicit Adapt(EagerTensors v) : list(v) {}
  operator at::ITensorListRef() const { return at::ITensorListRef(as_tensors(list)); }
};
#endif

template <class Maybe> struct AdaptOptionalTensors {
  c10::List<Maybe> value;
  explicit AdaptOptionalTensors(EagerTensors list) {
    value.reserve(list.length);
    for (int64_t i = 0; i < list.length; i++) value.push_back(list.data[i] ? Maybe(share(list.data[i])) : Maybe());
  }
  operator const c10::List<Maybe>&() const { return value; }
};

// Any optional of a scalar-like type; the constructor that is called fits the C type of the argument.
template <class Maybe> struct AdaptOptional {
  using Value = typename Maybe::value_type;
  Maybe optional;
  explicit AdaptOptional(EagerMaybeInt v) {
    if constexpr (std::is_constructible_v<Value, int64_t>) { if (v.present) optional = Value(v.value); }
  }
  explicit AdaptOptional(EagerMaybeDouble v) {
    if constexpr (std::is_same_v<Value, double>) { if (v.present) optional = v.value; }
  }
  explicit AdaptOptional(EagerScalar v) {
    if constexpr (std::is_same_v<Value, at::Scalar>) { if (v.kind) optional = to_scalar(v); }
  }
  explicit AdaptOptional(GeneratorHandle v) {
    if constexpr (std::is_same_v<Value, at::Generator>) { if (v) optional = at::Generator(c10::intrusive_ptr<c10::GeneratorImpl>::unsafe_reclaim_from_nonowning(v)); }
  }
  explicit AdaptOptional(EagerText v) {
    if constexpr (std::is_constructible_v<Value, const char*, size_t>) { if (v.length >= 0) optional = Value(v.data, static_cast<size_t>(v.length)); }
  }
  explicit AdaptOptional(int32_t v) {
    if constexpr (std::is_enum_v<Value>) { if (v >= 0) optional = static_cast<Value>(v); }
    else if constexpr (std::is_same_v<Value, c10::Device>) { if (v >= 0) optional = to_device(v); }
  }
  operator const Maybe&() const { return optional; }
};

template <class T> struct Adapt<Optional<T>> : AdaptOptional<Optional<T>> { using AdaptOptional<Optional<T>>::AdaptOptional; };
template <> struct Adapt<Optional<at::Tensor>> : AdaptOptionalTensor<Optional<at::Tensor>> { using AdaptOptionalTensor::AdaptOptionalTensor; };
template <> struct Adapt<c10::List<Optional<at::Tensor>>> : AdaptOptionalTensors<Optional<at::Tensor>> { using AdaptOptionalTensors::AdaptOptionalTensors; };

}  // namespace eager
