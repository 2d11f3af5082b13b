// Short ways to small results: LibTorch's general ones cost several times the work itself. Whatever is not plain takes LibTorch's way.
#include "fused.h"
#include "views.h"
#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/TensorUtils.h>

namespace eager {
namespace {

bool has_elements(at::IntArrayRef sizes, int64_t count) {
  int64_t product = 1;
  for (int64_t size : sizes)
    if (size < 0 || __builtin_mul_overflow(product, size, &product)) return false;
  return product == count;
}

// Beyond this LibTorch's vectors win.
constexpr int64_t kFew = 256;

bool is_short(const at::Tensor& x) {
  return x.is_cpu() && is_plain(x) && !x.is_neg() && x.numel() <= kFew && x.is_contiguous() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

// In double precision, so the order does not matter.
template <class T> double total(const at::Tensor& x) {
  const T* numbers = static_cast<const T*>(x.data_ptr());
  int64_t count = x.numel(), i = 0;
  double sums[4] = {};
  for (; i + 4 <= count; i += 4)
    for (int lane = 0; lane < 4; lane++) sums[lane] += numbers[i + lane];
  for (; i < count; i++) sums[0] += numbers[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

at::Tensor short_sum(const at::Tensor& x, int64_t divisor) {
  at::Tensor y = at::detail::empty_cpu({}, x.scalar_type());
  if (x.scalar_type() == at::kFloat) *static_cast<float*>(y.data_ptr()) = static_cast<float>(total<float>(x) / divisor);
  else *static_cast<double*>(y.data_ptr()) = total<double>(x) / divisor;
  return y;
}

}  // namespace

at::Tensor reshape(const at::Tensor& x, at::IntArrayRef shape) {
  if (is_plain(x) && has_elements(shape, x.numel()))
    if (auto strides = at::detail::computeStride(x.sizes(), x.strides(), at::DimVector(shape))) return view_of(x, shape, *strides, x.storage_offset());
  return at::reshape(x, shape);
}

at::Tensor slice(const at::Tensor& x, int64_t axis, int64_t start, int64_t end, int64_t step) {
  bool within = axis >= 0 && axis < x.dim() && start >= 0 && start <= end && end <= x.sizes()[axis] && step > 0;
  if (!within || !is_plain(x)) return at::slice(x, axis, start, end, step);
  at::DimVector sizes(x.sizes()), strides(x.strides());
  int64_t offset = x.storage_offset() + start * strides[axis];
  sizes[axis] = end > start ? (end - start - 1) / step + 1 : 0;
  strides[axis] *= step;
  return view_of(x, sizes, strides, offset);
}

at::Tensor sum_all(const at::Tensor& x) { return is_short(x) ? short_sum(x, 1) : at::sum(x); }

at::Tensor mean_all(const at::Tensor& x) { return is_short(x) ? short_sum(x, x.numel()) : at::mean(x); }

}  // namespace eager
