// The loops of chains, included once per processor variant; EAGER_CHAINS names the result.
// Compiled so that every operation is rounded by itself: no contraction to fused multiply-adds (CMakeLists.txt).
#include "chain.h"
#include <cmath>

namespace eager {
namespace {

template <class T, class F> void each(const ChainStep& step, T* const* places, int64_t n, F f) {
  T* y = places[step.to];
  const T* a = places[step.a];
  // A place may be its own result, element by element.
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) y[i] = f(a[i]);
}

template <class T, class F> void each_pair(const ChainStep& step, T* const* places, int64_t n, F f) {
  T* y = places[step.to];
  const T *a = places[step.a], *b = places[step.b];
  if (step.a_is_number) {
    const T x = *a;
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = f(x, b[i]);
  } else if (step.b_is_number) {
    const T x = *b;
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = f(a[i], x);
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = f(a[i], b[i]);
  }
}

template <class T> void run_chain(const ChainStep* steps, size_t count, T* const* places, int64_t n) {
  for (const ChainStep* step = steps; step != steps + count; step++) {
    switch (step->code) {
      case ChainCode::add: each_pair(*step, places, n, [](T a, T b) { return a + b; }); break;
      case ChainCode::subtract: each_pair(*step, places, n, [](T a, T b) { return a - b; }); break;
      case ChainCode::multiply: each_pair(*step, places, n, [](T a, T b) { return a * b; }); break;
      case ChainCode::divide: each_pair(*step, places, n, [](T a, T b) { return a / b; }); break;
      case ChainCode::negate: each(*step, places, n, [](T a) { return -a; }); break;
      case ChainCode::abs: each(*step, places, n, [](T a) { return std::fabs(a); }); break;
      case ChainCode::relu: each(*step, places, n, [](T a) { return a < 0 ? T(0) : a; }); break;
      case ChainCode::sqrt: each(*step, places, n, [](T a) { return std::sqrt(a); }); break;
      case ChainCode::square: each(*step, places, n, [](T a) { return a * a; }); break;
      case ChainCode::reciprocal: each(*step, places, n, [](T a) { return T(1) / a; }); break;
      case ChainCode::rsqrt: each(*step, places, n, [](T a) { return T(1) / std::sqrt(a); }); break;
      case ChainCode::threshold_backward: {
        const T threshold = static_cast<T>(step->number);
        each_pair(*step, places, n, [threshold](T g, T x) { return x <= threshold ? T(0) : g; });
        break;
      }
    }
  }
}

}  // namespace

const ChainLoops EAGER_CHAINS = {run_chain<float>, run_chain<double>};

}  // namespace eager
