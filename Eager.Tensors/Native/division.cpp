#include "fused.h"
#include <ATen/ATen.h>
#include <limits>

namespace eager {
namespace {

// x86 answers an impossible integer division with a signal that ends the process, so it is refused here.
void require_divisible(const at::Tensor& a, const at::Tensor& b) {
  if (!at::isIntegralType(b.scalar_type(), /*includeBool=*/true) || !b.device().is_cpu()) return;
  TORCH_CHECK_VALUE(!b.eq(0).any().item<bool>(), "an integer is divided by zero; divide as a floating-point tensor to get an infinity");
  bool wide = a.scalar_type() == at::kInt || a.scalar_type() == at::kLong;
  if (!wide || !b.eq(-1).any().item<bool>()) return;
  int64_t lowest = a.scalar_type() == at::kInt ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int64_t>::min();
  TORCH_CHECK_VALUE(!a.eq(lowest).logical_and(b.eq(-1)).any().item<bool>(), lowest, " divided by -1 does not fit its dtype");
}

// LibTorch's greatest common divisor negates the lowest integer, which has no negative, and then divides by what came of it.
void require_negatable(const at::Tensor& x) {
  bool wide = x.scalar_type() == at::kInt || x.scalar_type() == at::kLong;
  if (!wide || !x.device().is_cpu()) return;
  int64_t lowest = x.scalar_type() == at::kInt ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int64_t>::min();
  TORCH_CHECK_VALUE(!x.eq(lowest).any().item<bool>(), "the absolute value of ", lowest, " does not fit its dtype");
}

}  // namespace

at::Tensor floor_divide(const at::Tensor& a, const at::Tensor& b) {
  require_divisible(a, b);
  return at::div(a, b, "floor");
}

at::Tensor floor_mod(const at::Tensor& a, const at::Tensor& b) {
  require_divisible(a, b);
  return at::remainder(a, b);
}

at::Tensor truncate_mod(const at::Tensor& a, const at::Tensor& b) {
  require_divisible(a, b);
  return at::fmod(a, b);
}

at::Tensor gcd(const at::Tensor& a, const at::Tensor& b) {
  require_negatable(a);
  require_negatable(b);
  return at::gcd(a, b);
}

at::Tensor lcm(const at::Tensor& a, const at::Tensor& b) {
  require_negatable(a);
  require_negatable(b);
  return at::lcm(a, b);
}

}  // namespace eager
