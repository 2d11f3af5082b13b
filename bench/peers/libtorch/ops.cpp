#include "ops.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <optional>

#include "training.h"

using at::Tensor;

namespace {

// The quickest of ten batches.
template <class Op>
double quickest(double seconds, Op op) {
  auto batch = [&](int count) {
    double start = now();
    for (int i = 0; i < count; i++) op();
    return (now() - start) / count;
  };
  batch(1000);
  int count = std::max(1, static_cast<int>(seconds / 10 / batch(2000)));
  double best = batch(count);
  for (int i = 1; i < 10; i++) best = std::min(best, batch(count));
  return best * 1e9;
}

}  // namespace

double op_nanoseconds(const std::string& op, const std::string& way, double seconds) {
  std::optional<at::AutoDispatchBelowADInplaceOrView> below;
  if (way == "below_autograd") below.emplace();
  Tensor a = at::arange(10, at::kFloat), b = at::arange(10, at::kFloat);
  Tensor m = at::ones({4, 4}), n = at::ones({4, 4});
  if (way == "recorded") {
    a.requires_grad_(true);
    m.requires_grad_(true);
  }
  if (op == "add") return quickest(seconds, [&] { return at::add(a, b); });
  if (op == "mul") return quickest(seconds, [&] { return at::mul(a, b); });
  if (op == "relu") return quickest(seconds, [&] { return at::relu(a); });
  if (op == "sum") return quickest(seconds, [&] { return at::sum(a); });
  if (op == "mm") return quickest(seconds, [&] { return at::mm(m, n); });
  if (op == "reshape") return quickest(seconds, [&] { return at::reshape(a, {2, 5}); });
  if (op == "slice") return quickest(seconds, [&] { return at::slice(a, 0, 2, 7); });
  if (op == "add_scalar") return quickest(seconds, [&] { return at::add(a, 2.5); });
  throw std::runtime_error("unknown operation " + op);
}
