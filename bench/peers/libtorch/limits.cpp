#include "limits.h"

#include <ATen/ATen.h>

#include "training.h"

namespace {

// The quickest run within the time given.
template <class Work>
double quickest(double seconds, Work work) {
  work();
  double end = now() + seconds, best = seconds;
  do {
    double start = now();
    work();
    best = std::min(best, now() - start);
  } while (now() < end);
  return best;
}

}  // namespace

double gemm_gflops(double seconds) {
  at::Tensor a = at::ones({1024, 1024}), b = at::ones({1024, 1024}), c = at::empty({1024, 1024});
  return 2.0 * 1024 * 1024 * 1024 / quickest(seconds, [&] { at::mm_out(c, a, b); }) / 1e9;
}

double copy_gigabytes_per_second(double seconds) {
  at::Tensor from = at::ones({64 << 20}), to = at::empty({64 << 20});
  return 2.0 * static_cast<double>(from.nbytes()) / quickest(seconds, [&] { to.copy_(from); }) / 1e9;
}
