#include "fused.h"
#include "updates.h"
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

bool plain(const at::Tensor& t, at::ScalarType type = at::kFloat) { return t.device().is_cpu() && t.scalar_type() == type && t.is_contiguous(); }

}  // namespace

std::tuple<at::Tensor, at::Tensor> sparse_cross_entropy(const at::Tensor& logits, const at::Tensor& labels) {
  int64_t rows = logits.size(0), classes = logits.size(1);
  if (plain(logits) && plain(labels, at::kLong)) {
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
  if (plain(g) && plain(probabilities) && plain(labels, at::kLong)) {
    auto out = at::empty_like(probabilities);
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

namespace {

template <> struct Math<at::Tensor> {
  static at::Tensor sqrt(const at::Tensor& x) { return at::sqrt(x); }
  static at::Tensor power(const at::Tensor& x, double exponent) { return at::pow(x, exponent); }
  static at::Tensor abs(const at::Tensor& x) { return at::abs(x); }
  static at::Tensor sign(const at::Tensor& x) { return at::sign(x); }
  static at::Tensor larger(const at::Tensor& a, const at::Tensor& b) { return at::maximum(a, b); }
  static at::Tensor where_positive(const at::Tensor& test, const at::Tensor& value) { return value.masked_fill(test <= 0, 0); }
};

constexpr int most_slots = 4;

template <class N> N* const* pointers(const at::Tensor* slots, size_t count, N** out) {
  for (size_t j = 0; j < count; j++) out[j] = slots[j].data_ptr<N>();
  return out;
}

// For what the loops do not cover: other dtypes, layouts and devices.
void update_tensor(Rule rule, const at::Tensor& x, const at::Tensor& g, const at::Tensor* slots, const double* settings) {
  with_rule<double>(rule, settings, [&](const auto& step) {
    Decay<double> decay(settings);
    at::Tensor slope = decay.joined != 0 ? g + x * decay.joined : g;
    at::Tensor value = decay.kept != 1 ? x * decay.kept : x;
    at::Tensor state[most_slots];
    constexpr int count = std::decay_t<decltype(step)>::slots;
    for (int j = 0; j < count; j++) state[j] = slots[j];
    step(value, slope, state);
    x.copy_(value);
    for (int j = 0; j < count; j++) slots[j].copy_(state[j]);
  });
}

}  // namespace

void update_(int64_t rule_number, at::TensorList variables, at::TensorList gradients, at::TensorList slots, at::IntArrayRef groups, int64_t row, double* settings) {
  const auto rule = static_cast<Rule>(rule_number);
  const size_t count = variables.size(), slot_count = count == 0 ? 0 : slots.size() / count;
  TORCH_CHECK(slot_count <= most_slots, "an update keeps at most ", most_slots, " tensors for each variable");
  for (size_t i = 0; i < count; i++) {
    at::Tensor x = variables[i], g = gradients[i].is_contiguous() ? gradients[i] : gradients[i].contiguous(), own[most_slots];
    const double* numbers = settings + groups[i] * row;
    bool looped = plain(x, x.scalar_type()) && plain(g, x.scalar_type());
    for (size_t j = 0; j < slot_count; j++) {
      own[j] = slots[j * count + i];
      looped = looped && plain(own[j], x.scalar_type());
    }
    if (looped && x.scalar_type() == at::kFloat) {
      float* places[most_slots];
      loops().update(rule, x.data_ptr<float>(), g.data_ptr<float>(), pointers(own, slot_count, places), x.numel(), numbers);
    } else if (looped && x.scalar_type() == at::kDouble) {
      double* places[most_slots];
      loops().update_double(rule, x.data_ptr<double>(), g.data_ptr<double>(), pointers(own, slot_count, places), x.numel(), numbers);
    } else {
      update_tensor(rule, x, g, own, numbers);
    }
  }
}

}  // namespace eager
