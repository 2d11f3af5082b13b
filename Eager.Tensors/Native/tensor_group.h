// Tensors of one dtype and device as one operand: each operation is one call of LibTorch for all of them, which a GPU runs as a few launches
// however many they are. With it the rules of updates.h, written for numbers, run on tensors.
#pragma once
#include <ATen/ATen.h>
#include <utility>
#include <vector>

namespace eager {

class TensorGroup {
 public:
  TensorGroup() = default;
  explicit TensorGroup(std::vector<at::Tensor> tensors) : tensors_(std::move(tensors)) {}
  TensorGroup(TensorGroup&&) = default;
  TensorGroup& operator=(TensorGroup&&) = default;
  // A copy would share memory, where a copied number is a number of its own.
  TensorGroup(const TensorGroup&) = delete;

  at::TensorList list() const { return tensors_; }
  size_t size() const { return tensors_.size(); }
  void push_back(const at::Tensor& tensor) { tensors_.push_back(tensor); }
  const at::Tensor& operator[](size_t i) const { return tensors_[i]; }

  void operator+=(double b) { at::_foreach_add_(list(), b); }
  void operator*=(double b) { at::_foreach_mul_(list(), b); }
  void operator+=(const TensorGroup& b) { at::_foreach_add_(list(), b.list()); }
  void operator*=(const TensorGroup& b) { at::_foreach_mul_(list(), b.list()); }
  void operator/=(const TensorGroup& b) { at::_foreach_div_(list(), b.list()); }

  friend TensorGroup operator+(const TensorGroup& a, double b) { return TensorGroup(at::_foreach_add(a.list(), b)); }
  friend TensorGroup operator*(const TensorGroup& a, double b) { return TensorGroup(at::_foreach_mul(a.list(), b)); }
  friend TensorGroup operator*(const TensorGroup& a, const TensorGroup& b) { return TensorGroup(at::_foreach_mul(a.list(), b.list())); }
  friend TensorGroup operator-(const TensorGroup& a, const TensorGroup& b) { return TensorGroup(at::_foreach_sub(a.list(), b.list())); }

  friend void add(TensorGroup& x, const TensorGroup& a, double scale) { at::_foreach_add_(x.list(), a.list(), scale); }
  friend void add_product(TensorGroup& x, const TensorGroup& a, const TensorGroup& b, double scale) { at::_foreach_addcmul_(x.list(), a.list(), b.list(), at::Scalar(scale)); }
  friend void add_quotient(TensorGroup& x, const TensorGroup& a, const TensorGroup& b, double scale) { at::_foreach_addcdiv_(x.list(), a.list(), b.list(), at::Scalar(scale)); }

  // Into the memory of x.
  friend void set(TensorGroup& x, const TensorGroup& value) {
#if __has_include(<ATen/ops/_foreach_copy.h>)
    at::_foreach_copy_(x.list(), value.list());
#else
    for (size_t i = 0; i < x.size(); i++) x[i].copy_(value[i]);
#endif
  }
  friend void raise_to(TensorGroup& x, const TensorGroup& least) { at::_foreach_maximum_(x.list(), least.list()); }

 private:
  std::vector<at::Tensor> tensors_;
};

}  // namespace eager
