// Short ways to small results: LibTorch's general ones cost several times the work itself. Whatever is not plain takes LibTorch's way.
#include "shortcuts.h"
#include "chain_blocks.h"
#include "fused.h"
#include <ATen/ATen.h>
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
constexpr int64_t kFewInSum = 256;

bool is_short(const at::Tensor& x) {
  return x.numel() <= kFewInSum && (holds<float>(x) || holds<double>(x)) && x.is_contiguous();
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
  at::Tensor y = fresh({}, x.scalar_type());
  if (x.scalar_type() == at::kFloat) *static_cast<float*>(y.data_ptr()) = static_cast<float>(total<float>(x) / divisor);
  else *static_cast<double*>(y.data_ptr()) = total<double>(x) / divisor;
  return y;
}

// Beyond this LibTorch's vectors, twice as wide on some processors, win.
constexpr int64_t kFewInChain = 8192;

template <class T> bool is_few(const at::Tensor& x) { return x.numel() <= kFewInChain && fits_chain<T>(x); }

template <class T> at::Tensor step_over(ChainCode code, const at::Tensor& x) {
  at::Tensor y = fresh(x.sizes(), x.scalar_type());
  T* places[] = {static_cast<T*>(x.data_ptr()), static_cast<T*>(y.data_ptr())};
  ChainStep step{code, false, false, 0, 0, 1, 0};
  chain_loop<T>()(&step, 1, places, x.numel());
  return y;
}

// The operand whose sizes are those of the result comes first; `turned` says that the two have changed places.
template <class T> at::Tensor step_over(ChainStep step, const at::Tensor& whole, const at::Tensor& part, int64_t period, bool turned) {
  at::Tensor y = fresh(whole.sizes(), whole.scalar_type());
  int64_t count = whole.numel();
  if (count == 0) return y;
  const T* operands[] = {static_cast<const T*>(whole.data_ptr()), static_cast<const T*>(part.data_ptr())};
  T* result = static_cast<T*>(y.data_ptr());
  bool is_number = period == 1 && count != 1;
  step.a = turned, step.b = !turned, step.to = 2;
  (turned ? step.a_is_number : step.b_is_number) = is_number;
  if (is_number || period == count) {
    T* places[] = {const_cast<T*>(operands[0]), const_cast<T*>(operands[1]), result};
    chain_loop<T>()(&step, 1, places, count);
  } else {
    const int64_t periods[] = {count, period};
    ChainBlocks{&step, 1, periods, 2, 1, 0, count}.run(operands, &result);
  }
  return y;
}

template <class T> at::Tensor step_over(ChainCode code, const at::Tensor& a, const at::Tensor& b, double number) {
  ChainStep step{code, false, false, 0, 0, 0, number};
  if (b.dim() <= a.dim())
    if (int64_t period = chain_period(b, a.sizes())) return step_over<T>(step, a, b, period, false);
  if (a.dim() <= b.dim())
    if (int64_t period = chain_period(a, b.sizes())) return step_over<T>(step, b, a, period, true);
  return {};
}

}  // namespace

at::Tensor one_step(ChainCode code, const at::Tensor& x) {
  if (is_few<float>(x)) return step_over<float>(code, x);
  if (is_few<double>(x)) return step_over<double>(code, x);
  return {};
}

at::Tensor one_step(ChainCode code, const at::Tensor& a, const at::Tensor& b, double number) {
  if (is_few<float>(a) && is_few<float>(b)) return step_over<float>(code, a, b, number);
  if (is_few<double>(a) && is_few<double>(b)) return step_over<double>(code, a, b, number);
  return {};
}

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
