// Views of a tensor's memory, made without LibTorch's dispatcher.
#pragma once
#include "pool.h"

namespace eager {

// All that such a tensor is, its memory, sizes and strides say.
inline bool is_plain(const at::Tensor& x) { return x.layout() == at::kStrided && !x.is_quantized(); }

// Whether the memory, read by sizes and strides, is numbers of the CPU of one type.
template <class T> bool holds(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == c10::CppTypeToScalarType<T>::value && is_plain(x) && !x.is_neg();
}

inline at::Tensor view_of(const at::Tensor& x, at::IntArrayRef sizes, at::IntArrayRef strides, int64_t offset) {
  at::Tensor view = at::detail::make_tensor<PooledTensor>(at::TensorImpl::VIEW, at::Storage(x.storage()), x.key_set(), x.dtype());
  view.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides, offset);
  return view;
}

}  // namespace eager
