// The way to a kernel: LibTorch's dispatcher, unless a shorter one leads to the same (shortcuts.cpp, products.cpp).
#pragma once
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

at::Tensor add(const at::Tensor& a, const at::Tensor& b, const at::Scalar& alpha);
at::Tensor subtract(const at::Tensor& a, const at::Tensor& b, const at::Scalar& alpha);
at::Tensor multiply(const at::Tensor& a, const at::Tensor& b);
at::Tensor divide(const at::Tensor& a, const at::Tensor& b);
at::Tensor negate(const at::Tensor& x);
at::Tensor abs(const at::Tensor& x);
at::Tensor relu(const at::Tensor& x);
at::Tensor sqrt(const at::Tensor& x);
at::Tensor square(const at::Tensor& x);
at::Tensor reciprocal(const at::Tensor& x);
at::Tensor rsqrt(const at::Tensor& x);
at::Tensor threshold_backward(const at::Tensor& g, const at::Tensor& x, const at::Scalar& threshold);
at::Tensor mm(const at::Tensor& a, const at::Tensor& b);
at::Tensor addmm(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha);
at::Tensor bmm(const at::Tensor& a, const at::Tensor& b);

template <class Kernel> constexpr auto way = &Kernel::call;
template <> constexpr auto way<at::_ops::add_Tensor> = &add;
template <> constexpr auto way<at::_ops::sub_Tensor> = &subtract;
template <> constexpr auto way<at::_ops::mul_Tensor> = &multiply;
template <> constexpr auto way<at::_ops::div_Tensor> = &divide;
template <> constexpr auto way<at::_ops::neg> = &negate;
template <> constexpr auto way<at::_ops::abs> = &abs;
template <> constexpr auto way<at::_ops::relu> = &relu;
template <> constexpr auto way<at::_ops::sqrt> = &sqrt;
template <> constexpr auto way<at::_ops::square> = &square;
template <> constexpr auto way<at::_ops::reciprocal> = &reciprocal;
template <> constexpr auto way<at::_ops::rsqrt> = &rsqrt;
template <> constexpr auto way<at::_ops::threshold_backward> = &threshold_backward;
template <> constexpr auto way<at::_ops::mm> = &mm;
template <> constexpr auto way<at::_ops::addmm> = &addmm;
template <> constexpr auto way<at::_ops::bmm> = &bmm;

}  // namespace eager
