#include "fused.h"
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace eager {
namespace {

const FusedLoops& loops() {
#if defined(__x86_64__)
  static const FusedLoops& chosen = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2_loops : generic_loops;
  return chosen;
#else
  return generic_loops;
#endif
}

bool plain(const at::Tensor& t) { return t.device().is_cpu() && t.scalar_type() == at::kFloat && t.is_contiguous(); }

}  // namespace

std::tuple<at::Tensor, at::Tensor> sparse_cross_entropy(const at::Tensor& logits, const at::Tensor& labels) {
  int64_t rows = logits.size(0), classes = logits.size(1);
  if (plain(logits) && labels.is_contiguous()) {
    auto loss = at::empty({rows}, logits.options()), probabilities = at::empty({rows, classes}, logits.options());
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
  if (plain(g) && plain(probabilities) && labels.is_contiguous()) {
    auto out = at::empty_like(probabilities);
    loops().cross_entropy_backward(g.data_ptr<float>(), probabilities.data_ptr<float>(), labels.data_ptr<int64_t>(), out.data_ptr<float>(), probabilities.size(0), probabilities.size(1));
    return out;
  }
  auto column = g.unsqueeze(1);
  return (column * probabilities).scatter_add_(1, labels.unsqueeze(1), at::neg(column));
}

void dropout_mask_(const at::Tensor& mask, double kept, c10::optional<at::Generator> generator) {
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

void adam_(at::TensorList variables, at::TensorList gradients, at::TensorList first, at::TensorList second, double* settings) {
  for (size_t i = 0; i < variables.size(); i++) {
    at::Tensor x = variables[i], g = gradients[i].is_contiguous() ? gradients[i] : gradients[i].contiguous(), m = first[i], v = second[i];
    if (plain(x) && plain(g) && plain(m) && plain(v)) {
      loops().adam(x.data_ptr<float>(), g.data_ptr<float>(), m.data_ptr<float>(), v.data_ptr<float>(), x.numel(), settings);
      continue;
    }
    if (settings[6] != 0) x.mul_(1 - settings[0] * settings[6]);
    m.mul_(settings[1]).add_(g, 1 - settings[1]);
    v.mul_(settings[2]).addcmul_(g, g, 1 - settings[2]);
    x.addcdiv_(m, v.sqrt().div_(std::sqrt(settings[5])).add_(settings[3]), -settings[0] / settings[4]);
  }
}

void sgd_(at::TensorList variables, at::TensorList gradients, at::TensorList velocity, double* settings) {
  for (size_t i = 0; i < variables.size(); i++) {
    at::Tensor x = variables[i], g = gradients[i].is_contiguous() ? gradients[i] : gradients[i].contiguous();
    bool moving = velocity.size() > 0;
    if (plain(x) && plain(g) && (!moving || plain(velocity[i]))) {
      loops().sgd(x.data_ptr<float>(), g.data_ptr<float>(), moving ? velocity[i].data_ptr<float>() : nullptr, x.numel(), settings);
      continue;
    }
    at::Tensor slope = settings[3] != 0 ? g.add(x, settings[3]) : g;
    if (moving) {
      at::Tensor moved = velocity[i];
      moved.mul_(settings[1]).add_(slope);
      slope = settings[2] != 0 ? slope.add(moved, settings[1]) : moved;
    }
    x.add_(slope, -settings[0]);
  }
}

}  // namespace eager
