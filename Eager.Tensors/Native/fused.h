// Kernels of our own: where one pass over memory replaces several of LibTorch's, where LibTorch's way to a small result is long,
// and where LibTorch's would end the process.
// The signatures are those of the `eager::` lines in Interop/manifest.txt.
#pragma once
#include "abi.h"
#include <tuple>

namespace eager {

// ⌊a/b⌋ and a − b·⌊a/b⌋. An integer division by zero, or of the lowest integer by −1, is an error instead of a signal.
at::Tensor floor_divide(const at::Tensor& a, const at::Tensor& b);
at::Tensor floor_mod(const at::Tensor& a, const at::Tensor& b);
// a − b·trunc(a/b), with the same errors.
at::Tensor truncate_mod(const at::Tensor& a, const at::Tensor& b);
// The greatest common divisor and the least common multiple; the lowest integer is an error instead of a signal.
at::Tensor gcd(const at::Tensor& a, const at::Tensor& b);
at::Tensor lcm(const at::Tensor& a, const at::Tensor& b);

// Views: of another shape, which is a copy where strides cannot say it, and of the places start, start + step, … before end of one axis.
at::Tensor reshape(const at::Tensor& x, at::IntArrayRef shape);
at::Tensor slice(const at::Tensor& x, int64_t axis, int64_t start, int64_t end, int64_t step);
// Over all elements, to a scalar.
at::Tensor sum_all(const at::Tensor& x);
at::Tensor mean_all(const at::Tensor& x);

// logits [n, c], labels int64 [n] -> loss per row [n], softmax of the logits [n, c].
std::tuple<at::Tensor, at::Tensor> sparse_cross_entropy(const at::Tensor& logits, const at::Tensor& labels);
// g [n], probabilities [n, c], labels [n] -> g·(p − one-hot(label)) [n, c].
at::Tensor sparse_cross_entropy_backward(const at::Tensor& g, const at::Tensor& probabilities, const at::Tensor& labels);

// Draws with parameters that are looked at first: others would never end.
at::Tensor poisson(const at::Tensor& rate, Optional<at::Generator> generator);
at::Tensor binomial(const at::Tensor& count, const at::Tensor& probability, Optional<at::Generator> generator);
at::Tensor standard_gamma(const at::Tensor& concentration, Optional<at::Generator> generator);
at::Tensor sample_dirichlet(const at::Tensor& concentration, Optional<at::Generator> generator);

// The state of a generator as bytes of LibTorch's own layout: kernels, so that a program reads and sets it in its place.
at::Tensor generator_state(Optional<at::Generator> generator);
void set_generator_state(const at::Tensor& state, Optional<at::Generator> generator);

// Fills with 1/kept with probability `kept`, else 0. One draw from the generator seeds the whole mask.
void dropout_mask_(const at::Tensor& mask, double kept, Optional<at::Generator> generator);

// Moves variables along their gradients by a rule of updates.h. `slots` are the first slot of each variable, then the second, and so on;
// `groups` says for each variable which of the rows of `settings`, of `row` numbers each, is its own.
// Plain tensors of the CPU take one loop each; all others are updated together, in a number of calls that does not grow with theirs.
void update_(int64_t rule, at::TensorList variables, at::TensorList gradients, at::TensorList slots, at::IntArrayRef groups, int64_t row, double* settings);

// Calls C# code through `entry`, which is told which function is meant.
at::Tensor call_host(int64_t entry, int64_t function, at::TensorList inputs);

enum class Rule : int64_t;

// A matrix and how far apart its rows, and the numbers of a row, lie.
template <class T> struct MatrixOf {
  const T* numbers;
  int64_t rows, columns, row_step, step;
};

// The loops, compiled for each processor (fused_generic.cpp, fused_avx2.cpp). Returns the first row whose label is out of range, or -1.
struct FusedLoops {
  int64_t (*cross_entropy)(const float* logits, const int64_t* labels, float* loss, float* probabilities, int64_t rows, int64_t classes);
  void (*cross_entropy_backward)(const float* g, const float* probabilities, const int64_t* labels, float* out, int64_t rows, int64_t classes);
  void (*dropout_mask)(float* mask, int64_t n, double kept, uint64_t seed);
  void (*update)(Rule rule, float* x, const float* g, float* const* slots, int64_t n, const double* settings);
  void (*update_double)(Rule rule, double* x, const double* g, double* const* slots, int64_t n, const double* settings);
  void (*add_product)(float* y, const MatrixOf<float>& a, const MatrixOf<float>& b);
  void (*add_product_double)(double* y, const MatrixOf<double>& a, const MatrixOf<double>& b);
};
extern const FusedLoops generic_loops;
extern const FusedLoops avx2_loops;
// Those of this processor.
const FusedLoops& loops();
// Whether the loops take such a tensor.
bool plain(const at::Tensor& t, at::ScalarType type = at::kFloat);

}  // namespace eager
