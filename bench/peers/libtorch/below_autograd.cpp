// The floor that eager dispatch can reach: LibTorch's kernels called below autograd, each backward pass by hand.
#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include "training.h"

using at::Tensor;

namespace {

// Kingma and Ba, algorithm 1, in kernels that take all weights at once.
class Adam {
 public:
  Adam(std::vector<Tensor> weights, double rate) : weights_(std::move(weights)), rate_(rate) {
    for (const Tensor& weight : weights_) {
      means_.push_back(at::zeros_like(weight));
      squares_.push_back(at::zeros_like(weight));
    }
  }

  void step(const std::vector<Tensor>& gradients) {
    steps_++;
    at::_foreach_mul_(means_, 0.9);
    at::_foreach_add_(means_, gradients, 0.1);
    at::_foreach_mul_(squares_, 0.999);
    at::_foreach_addcmul_(squares_, gradients, gradients, 0.001);
    std::vector<Tensor> divisors = at::_foreach_sqrt(squares_);
    at::_foreach_div_(divisors, std::sqrt(1 - std::pow(0.999, steps_)));
    at::_foreach_add_(divisors, 1e-8);
    at::_foreach_addcdiv_(weights_, means_, divisors, -rate_ / (1 - std::pow(0.9, steps_)));
  }

 private:
  std::vector<Tensor> weights_, means_, squares_;
  double rate_;
  int steps_ = 0;
};

class BelowAutograd : public Training {
 public:
  BelowAutograd(std::vector<Tensor> weights, double rate) : Training(std::move(weights)), adam_(weights_, rate) {}

  Tensor step(bool dropout) final {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [loss, gradients] = loss_and_gradients(dropout);
    adam_.step(gradients);
    return loss;
  }

 protected:
  virtual std::pair<Tensor, std::vector<Tensor>> loss_and_gradients(bool dropout) = 0;

 private:
  Adam adam_;
};

// The mean loss and its gradient in the logits.
std::pair<Tensor, Tensor> cross_entropy(const Tensor& logits, const Tensor& labels) {
  static const Tensor one = at::ones({});
  Tensor logs = at::_log_softmax(logits, 1, false);
  auto [loss, weight] = at::nll_loss_forward(logs, labels, {}, at::Reduction::Mean, -100);
  Tensor gradient = at::nll_loss_backward(one, logs, labels, {}, at::Reduction::Mean, -100, weight);
  return {loss, at::_log_softmax_backward_data(gradient, logs, 1, at::kFloat)};
}

class Mlp final : public BelowAutograd {
 public:
  Mlp(const Problems& problems, int64_t batch)
      : BelowAutograd(problems.mlp_weights(), 1e-3),
        images_(problems.read("mlp.x", {1024, 784}).slice(0, 0, batch)),
        labels_(problems.read("mlp.y", {1024}, at::kLong).slice(0, 0, batch)) {}

 protected:
  std::pair<Tensor, std::vector<Tensor>> loss_and_gradients(bool) override {
    const auto& w = weights_;
    Tensor h1 = at::addmm(w[1], images_, w[0].t()).relu_();
    Tensor h2 = at::addmm(w[3], h1, w[2].t()).relu_();
    auto [loss, g3] = cross_entropy(at::addmm(w[5], h2, w[4].t()), labels_);
    Tensor g2 = at::threshold_backward(at::mm(g3, w[4]), h2, 0);
    Tensor g1 = at::threshold_backward(at::mm(g2, w[2]), h1, 0);
    return {loss,
            {at::mm(g1.t(), images_), g1.sum(0), at::mm(g2.t(), h1), g2.sum(0), at::mm(g3.t(), h2), g3.sum(0)}};
  }

 private:
  Tensor images_, labels_;
};

class Cnn final : public BelowAutograd {
 public:
  explicit Cnn(const Problems& problems)
      : BelowAutograd(problems.cnn_weights(), 1e-3),
        images_(problems.read("cnn.x", {128, 1, 28, 28})),
        labels_(problems.read("cnn.y", {128}, at::kLong)) {}

 protected:
  std::pair<Tensor, std::vector<Tensor>> loss_and_gradients(bool dropout) override {
    const auto& w = weights_;
    Tensor maps1 = convolve(images_, w[0], w[1]).relu_();
    Tensor maps2 = convolve(maps1, w[2], w[3]).relu_();
    Tensor flat = maps2.flatten(1), kept = flat, mask;
    if (dropout) std::tie(kept, mask) = at::native_dropout(flat, 0.5, true);
    auto [loss, g3] = cross_entropy(at::addmm(w[5], kept, w[4].t()), labels_);
    Tensor g = at::mm(g3, w[4]);
    if (dropout) g = at::native_dropout_backward(g, mask, 2);
    auto [g1, gk2, gc2] = convolve_backward(at::threshold_backward(g, flat, 0).view_as(maps2), maps1, w[2], true);
    auto [unused, gk1, gc1] = convolve_backward(at::threshold_backward(g1, maps1, 0), images_, w[0], false);
    return {loss, {gk1, gc1, gk2, gc2, at::mm(g3.t(), kept), g3.sum(0)}};
  }

 private:
  static Tensor convolve(const Tensor& x, const Tensor& kernel, const Tensor& bias) {
    return at::convolution(x, kernel, bias, {2, 2}, {0, 0}, {1, 1}, false, {0, 0}, 1);
  }

  static std::tuple<Tensor, Tensor, Tensor> convolve_backward(const Tensor& g, const Tensor& x, const Tensor& kernel,
                                                              bool input_needed) {
    return at::convolution_backward(g, x, kernel, at::IntArrayRef{kernel.size(0)}, {2, 2}, {0, 0}, {1, 1}, false,
                                    {0, 0}, 1, {input_needed, true, true});
  }

  Tensor images_, labels_;
};

class Polynomial final : public BelowAutograd {
 public:
  explicit Polynomial(const Problems& problems)
      : BelowAutograd({problems.read("poly.w", {3, 1})}, 0.1),
        x_(problems.read("poly.x", {100})),
        y_(problems.read("poly.y", {100})) {}

 protected:
  std::pair<Tensor, std::vector<Tensor>> loss_and_gradients(bool) override {
    const Tensor& w = weights_[0];
    Tensor powers = at::stack({at::square(x_), x_, at::ones_like(x_)}, 1);
    Tensor error = at::squeeze(at::mm(powers, w), 1) - y_;
    Tensor loss = at::dot(error, error) / 2 + at::square(w).sum() * 0.05;
    return {loss, {at::mm(powers.t(), error.unsqueeze(1)).add_(w, 0.1)}};
  }

 private:
  Tensor x_, y_;
};

}  // namespace

std::unique_ptr<Training> make_below_autograd(const Problems& problems, const std::string& row, int64_t batch) {
  if (row == "W5") return std::make_unique<Cnn>(problems);
  if (row == "W7") return std::make_unique<Polynomial>(problems);
  return std::make_unique<Mlp>(problems, batch);
}
