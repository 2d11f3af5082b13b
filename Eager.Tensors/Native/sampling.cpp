// LibTorch's samplers try again until a number is accepted: with a parameter that is no number, or infinite, that is for ever.
// So parameters are looked at first.
#include "fused.h"
#include <ATen/ATen.h>

namespace eager {

at::Tensor poisson(const at::Tensor& rate, Optional<at::Generator> generator) {
  TORCH_CHECK_VALUE(rate.isfinite().logical_and(rate.ge(0)).all().item<bool>(), "a rate is not a finite number from 0 on");
  return at::poisson(rate, std::move(generator));
}

at::Tensor binomial(const at::Tensor& count, const at::Tensor& probability, Optional<at::Generator> generator) {
  TORCH_CHECK_VALUE(count.isfinite().logical_and(count.ge(0)).all().item<bool>(), "a count is not a finite number from 0 on");
  TORCH_CHECK_VALUE(probability.ge(0).logical_and(probability.le(1)).all().item<bool>(), "a probability is not from 0 to 1");
  return at::binomial(count, probability, std::move(generator));
}

at::Tensor standard_gamma(const at::Tensor& concentration, Optional<at::Generator> generator) {
  TORCH_CHECK_VALUE(concentration.isfinite().logical_and(concentration.gt(0)).all().item<bool>(), "a concentration is not a finite number above 0");
  return at::_standard_gamma(concentration, std::move(generator));
}

at::Tensor sample_dirichlet(const at::Tensor& concentration, Optional<at::Generator> generator) {
  TORCH_CHECK_VALUE(concentration.isfinite().logical_and(concentration.gt(0)).all().item<bool>(), "a concentration is not a finite number above 0");
  return at::_sample_dirichlet(concentration, std::move(generator));
}

}  // namespace eager
