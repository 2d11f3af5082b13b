// The loops of the fused kernels, included once per processor variant; EAGER_LOOPS names the table.
#include "fused.h"
#include <algorithm>
#include <cmath>

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

// Kingma & Ba 2015, with the bias corrections where PyTorch puts them: x −= lr/c₁ · m / (√v/√c₂ + ε).
void adam_loop(float* __restrict x, const float* __restrict g, float* __restrict m, float* __restrict v, int64_t n, const double* settings) {
  const auto beta1 = static_cast<float>(settings[1]), beta2 = static_cast<float>(settings[2]), epsilon = static_cast<float>(settings[3]);
  const auto rest1 = static_cast<float>(1 - settings[1]), rest2 = static_cast<float>(1 - settings[2]);
  const auto step = static_cast<float>(settings[0] / settings[4]), root = static_cast<float>(1 / std::sqrt(settings[5]));
  const auto kept = static_cast<float>(1 - settings[0] * settings[6]);
  for (int64_t i = 0; i < n; i++) {
    float first = beta1 * m[i] + rest1 * g[i];
    float second = beta2 * v[i] + rest2 * g[i] * g[i];
    m[i] = first;
    v[i] = second;
    x[i] = kept * x[i] - step * first / (std::sqrt(second) * root + epsilon);
  }
}

void sgd_loop(float* __restrict x, const float* __restrict g, float* __restrict velocity, int64_t n, const double* settings) {
  const auto rate = static_cast<float>(settings[0]), momentum = static_cast<float>(settings[1]), decay = static_cast<float>(settings[3]);
  const bool nesterov = settings[2] != 0;
  if (velocity == nullptr) {
    for (int64_t i = 0; i < n; i++) x[i] -= rate * (g[i] + decay * x[i]);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    float slope = g[i] + decay * x[i];
    float moved = momentum * velocity[i] + slope;
    velocity[i] = moved;
    x[i] -= rate * (nesterov ? slope + momentum * moved : moved);
  }
}

}  // namespace

const FusedLoops EAGER_LOOPS = {cross_entropy_rows, cross_entropy_backward_rows, dropout_mask_loop, adam_loop, sgd_loop};

}  // namespace eager
