#include "fused.h"
#include "pool.h"
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace eager {

const FusedLoops& loops() {
#if defined(__x86_64__)
  static const FusedLoops& chosen = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2_loops : generic_loops;
  return chosen;
#else
  return generic_loops;
#endif
}

bool plain(const at::Tensor& t, at::ScalarType type) { return t.device().is_cpu() && t.scalar_type() == type && t.is_contiguous(); }

std::tuple<at::Tensor, at::Tensor> sparse_cross_entropy(const at::Tensor& logits, const at::Tensor& labels) {
  int64_t rows = logits.size(0), classes = logits.size(1);
  if (plain(logits) && plain(labels, at::kLong)) {
    auto loss = fresh({rows}, at::kFloat), probabilities = fresh({rows, classes}, at::kFloat);
    int64_t bad = loops().cross_entropy(logits.data_ptr<float>(), labels.data_ptr<int64_t>(), loss.data_ptr<float>(), probabilities.data_ptr<float>(), rows, classes);
    TORCH_CHECK_VALUE(bad < 0, "label ", labels.data_ptr<int64_t>()[bad], " of row ", bad, " is not in [0, ", classes, ")");
    return {loss, probabilities};
  }
  if (labels.device().is_cpu() && rows > 0) {
    auto wrong = labels.lt(0).logical_or_(labels.ge(classes));
    if (wrong.any().item<bool>()) {
      int64_t row = wrong.nonzero()[0].item<int64_t>();
      TORCH_CHECK_VALUE(false, "label ", labels[row].item<int64_t>(), " of row ", row, " is not in [0, ", classes, ")");
    }
  }
  auto log_probabilities = at::log_softmax(logits, 1);
  auto loss = at::neg(log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1));
  return {loss, log_probabilities.exp()};
}

at::Tensor sparse_cross_entropy_backward(const at::Tensor& g, const at::Tensor& probabilities, const at::Tensor& labels) {
  if (plain(g) && plain(probabilities) && plain(labels, at::kLong)) {
    auto out = fresh(probabilities.sizes(), at::kFloat);
    loops().cross_entropy_backward(g.data_ptr<float>(), probabilities.data_ptr<float>(), labels.data_ptr<int64_t>(), out.data_ptr<float>(), probabilities.size(0), probabilities.size(1));
    return out;
  }
  auto column = g.unsqueeze(1);
  return (column * probabilities).scatter_add_(1, labels.unsqueeze(1), at::neg(column));
}

void dropout_mask_(const at::Tensor& mask, double kept, Optional<at::Generator> generator) {
  if (!plain(mask)) {
    mask.bernoulli_(kept, generator).mul_(1 / kept);
    return;
  }
  auto* source = at::get_generator_or_default<at::CPUGeneratorImpl>(generator, at::detail::getDefaultCPUGenerator());
  uint64_t seed;
  {
    std::lock_guard<std::mutex> lock(source->mutex_);
    seed = source->random64();
  }
  loops().dropout_mask(mask.data_ptr<float>(), mask.numel(), kept, seed);
}

}  // namespace eager
