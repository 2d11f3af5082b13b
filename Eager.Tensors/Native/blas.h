// Functions of the BLAS that LibTorch links, by name; null where it has none of that name to give.
#pragma once
#include <dlfcn.h>

namespace eager {

template <class Function> Function blas(const char* name) {
  void* found = dlsym(RTLD_DEFAULT, name);
  if (!found) {
    static void* openblas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD);
    if (openblas) found = dlsym(openblas, name);
  }
  return reinterpret_cast<Function>(found);
}

}  // namespace eager
