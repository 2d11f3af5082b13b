// Thread counts of LibTorch's own pool and of the BLAS that it links.
#include "abi.h"
#include "libraries.h"
#include <ATen/Parallel.h>

EAGER_EXPORT int32_t eager_set_threads(int32_t kernels, int32_t blas_threads) {
  return eager::guarded(1, [&] {
    at::set_num_threads(kernels);
    if (auto set = eager::linked<void (*)(int)>("openblas_set_num_threads")) set(blas_threads);
    return 0;
  });
}
EAGER_EXPORT int32_t eager_get_threads() { return at::get_num_threads(); }
EAGER_EXPORT int32_t eager_get_blas_threads() {
  auto get = eager::linked<int (*)()>("openblas_get_num_threads");
  return get ? get() : 0;
}
