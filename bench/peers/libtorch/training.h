// A training of which steps are timed, and how they are.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include "problems.h"

class Training {
 public:
  virtual ~Training() = default;
  // Forward pass, loss, backward pass, Adam; returns the loss.
  virtual at::Tensor step(bool dropout) = 0;

  // Puts the weights back to where they started.
  void rewind() {
    at::NoGradGuard no_grad;
    for (size_t i = 0; i < weights_.size(); i++) weights_[i].copy_(start_[i]);
  }

 protected:
  explicit Training(std::vector<at::Tensor> weights) : start_(std::move(weights)) {
    for (const at::Tensor& weight : start_) weights_.push_back(weight.clone());
  }
  std::vector<at::Tensor> weights_;

 private:
  std::vector<at::Tensor> start_;
};

// One for each row, with kernels called below autograd and a backward pass by hand.
std::unique_ptr<Training> make_below_autograd(const Problems& problems, const std::string& row, int64_t batch);
// The same with LibTorch's own autograd and its own Adam.
std::unique_ptr<Training> make_autograd(const Problems& problems, const std::string& row, int64_t batch);

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The loss that the last of the first 20 steps saw, dropout switched off.
inline double check_loss(Training& training) {
  at::Tensor loss;
  for (int i = 0; i < 20; i++) loss = training.step(false);
  return loss.item<double>();
}

inline double timed_steps(Training& training, int count) {
  double start = now();
  for (int i = 0; i < count; i++) training.step(true);
  return now() - start;
}

// The weights are put back now and then outside the clock, so that every turn trains the same stretch of the problem.
inline double steps_per_second(Training& training, double seconds) {
  double warm_up = timed_steps(training, 3) / 3;
  int chunk = static_cast<int>(std::clamp(std::ceil(seconds / 4 / warm_up), 1.0, 200.0));
  int steps = 0;
  double elapsed = 0;
  for (; elapsed < seconds; steps += chunk) {
    training.rewind();
    elapsed += timed_steps(training, chunk);
  }
  return steps / elapsed;
}
