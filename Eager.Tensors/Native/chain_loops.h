// The loops of chains, included once per processor variant; EAGER_CHAIN names the result.
// Compiled so that every operation is rounded by itself: no contraction to fused multiply-adds (CMakeLists.txt).
#include "chain.h"
#include <cmath>

namespace eager {
namespace {

template <class F> void each(const ChainStep& step, float* const* places, int64_t n, F f) {
  float* y = places[step.to];
  const float* a = places[step.a];
  // A place may be its own result, element by element.
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) y[i] = f(a[i]);
}

template <class F> void each_pair(const ChainStep& step, float* const* places, int64_t n, F f) {
  float* y = places[step.to];
  const float *a = places[step.a], *b = places[step.b];
  if (step.a_is_number) {
    const float x = *a;
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = f(x, b[i]);
  } else if (step.b_is_number) {
    const float x = *b;
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = f(a[i], x);
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = f(a[i], b[i]);
  }
}

void run_chain(const ChainStep* steps, size_t count, float* const* places, int64_t n) {
  for (const ChainStep* step = steps; step != steps + count; step++) {
    switch (step->code) {
      case ChainCode::add: each_pair(*step, places, n, [](float a, float b) { return a + b; }); break;
      case ChainCode::subtract: each_pair(*step, places, n, [](float a, float b) { return a - b; }); break;
      case ChainCode::multiply: each_pair(*step, places, n, [](float a, float b) { return a * b; }); break;
      case ChainCode::divide: each_pair(*step, places, n, [](float a, float b) { return a / b; }); break;
      case ChainCode::negate: each(*step, places, n, [](float a) { return -a; }); break;
      case ChainCode::abs: each(*step, places, n, [](float a) { return std::fabs(a); }); break;
      case ChainCode::relu: each(*step, places, n, [](float a) { return a < 0 ? 0.0f : a; }); break;
      case ChainCode::sqrt: each(*step, places, n, [](float a) { return std::sqrt(a); }); break;
      case ChainCode::square: each(*step, places, n, [](float a) { return a * a; }); break;
      case ChainCode::reciprocal: each(*step, places, n, [](float a) { return 1.0f / a; }); break;
      case ChainCode::rsqrt: each(*step, places, n, [](float a) { return 1.0f / std::sqrt(a); }); break;
      case ChainCode::threshold_backward: {
        const float threshold = step->number;
        each_pair(*step, places, n, [threshold](float g, float x) { return x <= threshold ? 0.0f : g; });
        break;
      }
    }
  }
}

}  // namespace

const ChainLoop EAGER_CHAIN = run_chain;

}  // namespace eager
