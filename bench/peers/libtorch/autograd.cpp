// LibTorch as its C++ users have it: its own autograd and its own Adam.
#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include "training.h"

using at::Tensor;

namespace {

class Autograd : public Training {
 public:
  Autograd(std::vector<Tensor> weights, double rate)
      : Training(std::move(weights)), adam_(watched(), torch::optim::AdamOptions(rate)) {}

  Tensor step(bool dropout) final {
    for (Tensor& weight : weights_) weight.mutable_grad().reset();
    Tensor loss = this->loss(dropout);
    loss.backward();
    adam_.step();
    return loss.detach();
  }

 protected:
  virtual Tensor loss(bool dropout) = 0;

 private:
  const std::vector<Tensor>& watched() {
    for (Tensor& weight : weights_) weight.requires_grad_(true);
    return weights_;
  }

  torch::optim::Adam adam_;
};

class Mlp final : public Autograd {
 public:
  Mlp(const Problems& problems, int64_t batch)
      : Autograd(problems.mlp_weights(), 1e-3),
        images_(problems.read("mlp.x", {1024, 784}).slice(0, 0, batch)),
        labels_(problems.read("mlp.y", {1024}, at::kLong).slice(0, 0, batch)) {}

 protected:
  Tensor loss(bool) override {
    const auto& w = weights_;
    Tensor hidden = at::relu(at::linear(images_, w[0], w[1]));
    hidden = at::relu(at::linear(hidden, w[2], w[3]));
    return at::cross_entropy_loss(at::linear(hidden, w[4], w[5]), labels_);
  }

 private:
  Tensor images_, labels_;
};

class Cnn final : public Autograd {
 public:
  explicit Cnn(const Problems& problems)
      : Autograd(problems.cnn_weights(), 1e-3),
        images_(problems.read("cnn.x", {128, 1, 28, 28})),
        labels_(problems.read("cnn.y", {128}, at::kLong)) {}

 protected:
  Tensor loss(bool dropout) override {
    const auto& w = weights_;
    Tensor maps = at::relu(at::conv2d(images_, w[0], w[1], 2));
    maps = at::relu(at::conv2d(maps, w[2], w[3], 2));
    Tensor kept = at::dropout(maps.flatten(1), 0.5, dropout);
    return at::cross_entropy_loss(at::linear(kept, w[4], w[5]), labels_);
  }

 private:
  Tensor images_, labels_;
};

class Polynomial final : public Autograd {
 public:
  explicit Polynomial(const Problems& problems)
      : Autograd({problems.read("poly.w", {3, 1})}, 0.1),
        x_(problems.read("poly.x", {100})),
        y_(problems.read("poly.y", {100})) {}

 protected:
  Tensor loss(bool) override {
    const Tensor& w = weights_[0];
    Tensor powers = at::stack({at::square(x_), x_, at::ones_like(x_)}, 1);
    Tensor error = at::squeeze(at::matmul(powers, w), 1) - y_;
    return at::square(error).sum() / 2 + at::square(w).sum() * 0.05;
  }

 private:
  Tensor x_, y_;
};

}  // namespace

std::unique_ptr<Training> make_autograd(const Problems& problems, const std::string& row, int64_t batch) {
  if (row == "W5") return std::make_unique<Cnn>(problems);
  if (row == "W7") return std::make_unique<Polynomial>(problems);
  return std::make_unique<Mlp>(problems, batch);
}
