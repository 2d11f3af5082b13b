// The loops of the fused kernels, included once per processor variant; EAGER_LOOPS names the table.
#include "fused.h"
#include "updates.h"
#include <algorithm>
#include <cmath>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace eager {
namespace {

int64_t cross_entropy_rows(const float* logits, const int64_t* labels, float* loss, float* probabilities, int64_t rows, int64_t classes) {
  for (int64_t i = 0; i < rows; i++) {
    if (labels[i] < 0 || labels[i] >= classes) return i;
    const float* x = logits + i * classes;
    float* p = probabilities + i * classes;
    float largest = x[0];
    for (int64_t j = 1; j < classes; j++) largest = std::max(largest, x[j]);
    float sum = 0;
    for (int64_t j = 0; j < classes; j++) { p[j] = std::exp(x[j] - largest); sum += p[j]; }
    float inverse = 1.0f / sum;
    for (int64_t j = 0; j < classes; j++) p[j] *= inverse;
    loss[i] = std::log(sum) - (x[labels[i]] - largest);
  }
  return -1;
}

void cross_entropy_backward_rows(const float* g, const float* probabilities, const int64_t* labels, float* out, int64_t rows, int64_t classes) {
  for (int64_t i = 0; i < rows; i++) {
    const float* p = probabilities + i * classes;
    float* o = out + i * classes;
    for (int64_t j = 0; j < classes; j++) o[j] = g[i] * p[j];
    o[labels[i]] -= g[i];
  }
}

// Xoshiro128+ (Blackman & Vigna 2018), of which the upper 31 bits are taken, in lanes that SplitMix64 seeds apart:
// 32-bit shifts and sums are what AVX2 has for eight places at once.
void dropout_mask_loop(float* mask, int64_t n, double kept, uint64_t seed) {
  constexpr int lanes = 16;
  uint32_t s0[lanes], s1[lanes], s2[lanes], s3[lanes];
  auto split_mix = [&seed] {
    uint64_t z = seed += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  };
  for (int j = 0; j < lanes; j++) {
    uint64_t low = split_mix(), high = split_mix();
    s0[j] = static_cast<uint32_t>(low), s1[j] = static_cast<uint32_t>(low >> 32);
    s2[j] = static_cast<uint32_t>(high), s3[j] = static_cast<uint32_t>(high >> 32);
  }
  const auto below = static_cast<int32_t>(std::min(kept * 2147483648.0, 2147483647.0));
  const auto value = static_cast<float>(1 / kept);
  float block[lanes];
  for (int64_t i = 0; i < n; i += lanes) {
    for (int j = 0; j < lanes; j++) {
      block[j] = static_cast<int32_t>((s0[j] + s3[j]) >> 1) < below ? value : 0.0f;
      uint32_t t = s1[j] << 9;
      s2[j] ^= s0[j];
      s3[j] ^= s1[j];
      s1[j] ^= s2[j];
      s0[j] ^= s3[j];
      s2[j] ^= t;
      s3[j] = (s3[j] << 11) | (s3[j] >> 21);
    }
    std::copy_n(block, std::min<int64_t>(lanes, n - i), mask + i);
  }
}

// Means that no gradient feeds any longer shrink to numbers below the smallest with a leading one (1.2e-38 in float32), which take processors
// several times as long and never reach zero: 0.9 of the smallest rounds to itself. While this lives such numbers count as zero on this thread.
class TinyIsZero {
 public:
#if defined(__x86_64__)
  explicit TinyIsZero(bool wanted) : before_(_mm_getcsr()) { if (wanted) _mm_setcsr(before_ | 0x8040); }  // flush to zero, denormals are zero
  ~TinyIsZero() { _mm_setcsr(before_); }

 private:
  const unsigned before_;
#else
  explicit TinyIsZero(bool) {}
  ~TinyIsZero() {}
#endif
};

// A quotient of two means needs them, however small, where no ε keeps the divisor from zero.
template <class Step> auto bears_zeros(const Step& step, int) -> decltype(step.epsilon > 0) { return step.epsilon > 0; }
template <class Step> bool bears_zeros(const Step&, long) { return true; }

template <class Step, class N> void sweep(const Step& step, const Decay<N>& decay, N* x, const N* g, N* const* slots, int64_t n) {
  // The compiler must know that the slots are as many pointers that do not overlap.
  N* slot[4] = {};
  for (int j = 0; j < Step::slots; j++) slot[j] = slots[j];
  TinyIsZero tiny_is_zero(bears_zeros(step, 0));
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    N value = x[i], state[4] = {};
    for (int j = 0; j < Step::slots; j++) state[j] = slot[j][i];
    N slope = g[i] + decay.joined * value;
    value *= decay.kept;
    step(value, slope, state);
    x[i] = value;
    for (int j = 0; j < Step::slots; j++) slot[j][i] = state[j];
  }
}

template <class N> void update_loop(Rule rule, N* x, const N* g, N* const* slots, int64_t n, const double* settings) {
  with_rule<N>(rule, settings, [&](const auto& step) { sweep(step, Decay<N>(settings), x, g, slots, n); });
}

// Σ a[k·step_a]·b[k·step_b], in lanes that fill a vector.
template <class T> T dot(const T* a, int64_t step_a, const T* b, int64_t step_b, int64_t n) {
  constexpr int lanes = 32 / sizeof(T);
  T sums[lanes] = {}, sum = 0;
  int64_t k = 0;
  if (step_a == 1 && step_b == 1)
    for (; k + lanes <= n; k += lanes)
      for (int j = 0; j < lanes; j++) sums[j] += a[k + j] * b[k + j];
  for (; k < n; k++) sum += a[k * step_a] * b[k * step_b];
  for (int j = 0; j < lanes; j++) sum += sums[j];
  return sum;
}

// y += a·b, where y lies in C order: row by row of b, so that the places of y go side by side, or number by number where that would be no gain.
template <class T> void add_product(T* y, const MatrixOf<T>& a, const MatrixOf<T>& b) {
  bool in_rows = b.step == 1 && b.columns >= 4;
  for (int64_t i = 0; i < a.rows; i++) {
    T* row = y + i * b.columns;
    const T* left = a.numbers + i * a.row_step;
    for (int64_t k = 0; in_rows && k < a.columns; k++) {
      const T factor = left[k * a.step];
      const T* other = b.numbers + k * b.row_step;
#pragma GCC ivdep
      for (int64_t j = 0; j < b.columns; j++) row[j] += factor * other[j];
    }
    for (int64_t j = 0; !in_rows && j < b.columns; j++) row[j] += dot(left, a.step, b.numbers + j * b.step, b.row_step, a.columns);
  }
}

}  // namespace

const FusedLoops EAGER_LOOPS = {cross_entropy_rows, cross_entropy_backward_rows, dropout_mask_loop, update_loop<float>, update_loop<double>, add_product<float>, add_product<double>};

}  // namespace eager
