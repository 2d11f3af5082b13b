// The way to a kernel: LibTorch's dispatcher, unless a shorter one leads to the same (shortcuts.cpp, products.cpp).
#pragma once
#include "chain.h"
#include <ATen/core/Tensor.h>
#include <ATen/ops/abs_ops.h>
#include <ATen/ops/add_ops.h>
#include <ATen/ops/addmm_ops.h>
#include <ATen/ops/bmm_ops.h>
#include <ATen/ops/div_ops.h>
#include <ATen/ops/mm_ops.h>
#include <ATen/ops/mul_ops.h>
#include <ATen/ops/neg_ops.h>
#include <ATen/ops/reciprocal_ops.h>
#include <ATen/ops/relu_ops.h>
#include <ATen/ops/rsqrt_ops.h>
#include <ATen/ops/sqrt_ops.h>
#include <ATen/ops/square_ops.h>
#include <ATen/ops/sub_ops.h>
#include <ATen/ops/threshold_backward_ops.h>

namespace eager {

// Elementwise, a chain of one step; undefined where this is not the way.
at::Tensor one_step(ChainCode code, const at::Tensor& x);
at::Tensor one_step(ChainCode code, const at::Tensor& a, const at::Tensor& b, double number = 0);

template <class Kernel, ChainCode code> at::Tensor unary(const at::Tensor& x) {
  at::Tensor y = one_step(code, x);
  return y.defined() ? y : Kernel::call(x);
}

template <class Kernel, ChainCode code> at::Tensor binary(const at::Tensor& a, const at::Tensor& b) {
  at::Tensor y = one_step(code, a, b);
  return y.defined() ? y : Kernel::call(a, b);
}

// Sums and differences of multiples are LibTorch's: it joins product and sum in one rounding or in two, as its vectors go.
template <class Kernel, ChainCode code> at::Tensor scaled(const at::Tensor& a, const at::Tensor& b, const at::Scalar& alpha) {
  at::Tensor y = alpha.equal(1) ? one_step(code, a, b) : at::Tensor();
  return y.defined() ? y : Kernel::call(a, b, alpha);
}

template <class Kernel> at::Tensor threshold_backward(const at::Tensor& g, const at::Tensor& x, const at::Scalar& threshold) {
  at::Tensor y = one_step(ChainCode::threshold_backward, g, x, threshold.to<double>());
  return y.defined() ? y : Kernel::call(g, x, threshold);
}

at::Tensor mm(const at::Tensor& a, const at::Tensor& b);
at::Tensor addmm(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha);
at::Tensor bmm(const at::Tensor& a, const at::Tensor& b);

template <class Kernel> constexpr auto way = &Kernel::call;
template <> constexpr auto way<at::_ops::add_Tensor> = &scaled<at::_ops::add_Tensor, ChainCode::add>;
template <> constexpr auto way<at::_ops::sub_Tensor> = &scaled<at::_ops::sub_Tensor, ChainCode::subtract>;
template <> constexpr auto way<at::_ops::mul_Tensor> = &binary<at::_ops::mul_Tensor, ChainCode::multiply>;
template <> constexpr auto way<at::_ops::div_Tensor> = &binary<at::_ops::div_Tensor, ChainCode::divide>;
template <> constexpr auto way<at::_ops::neg> = &unary<at::_ops::neg, ChainCode::negate>;
template <> constexpr auto way<at::_ops::abs> = &unary<at::_ops::abs, ChainCode::abs>;
template <> constexpr auto way<at::_ops::relu> = &unary<at::_ops::relu, ChainCode::relu>;
template <> constexpr auto way<at::_ops::sqrt> = &unary<at::_ops::sqrt, ChainCode::sqrt>;
template <> constexpr auto way<at::_ops::square> = &unary<at::_ops::square, ChainCode::square>;
template <> constexpr auto way<at::_ops::reciprocal> = &unary<at::_ops::reciprocal, ChainCode::reciprocal>;
template <> constexpr auto way<at::_ops::rsqrt> = &unary<at::_ops::rsqrt, ChainCode::rsqrt>;
template <> constexpr auto way<at::_ops::threshold_backward> = &threshold_backward<at::_ops::threshold_backward>;
template <> constexpr auto way<at::_ops::mm> = &mm;
template <> constexpr auto way<at::_ops::addmm> = &addmm;
template <> constexpr auto way<at::_ops::bmm> = &bmm;

}  // namespace eager
