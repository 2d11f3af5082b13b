// Reads the weights and data that the driver wrote for all contestants: raw little-endian numbers, shapes known here.
#pragma once

#include <ATen/ATen.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

class Problems {
 public:
  explicit Problems(std::string folder) : folder_(std::move(folder)) {}

  at::Tensor read(const std::string& name, at::IntArrayRef shape, at::ScalarType type = at::kFloat) const {
    at::Tensor tensor = at::empty(shape, type);
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    if (!file.read(static_cast<char*>(tensor.data_ptr()), tensor.nbytes()))
      throw std::runtime_error("cannot read " + folder_ + "/" + name);
    return tensor;
  }

  std::vector<at::Tensor> mlp_weights() const {
    return {read("mlp.w1", {256, 784}), read("mlp.b1", {256}), read("mlp.w2", {256, 256}),
            read("mlp.b2", {256}),      read("mlp.w3", {10, 256}), read("mlp.b3", {10})};
  }

  std::vector<at::Tensor> cnn_weights() const {
    return {read("cnn.k1", {32, 1, 3, 3}), read("cnn.c1", {32}), read("cnn.k2", {64, 32, 3, 3}),
            read("cnn.c2", {64}),          read("cnn.w", {10, 2304}), read("cnn.b", {10})};
  }

 private:
  std::string folder_;
};
