// Functions of the libraries that LibTorch links, its BLAS and its threads, by name; null where there is none of that name.
#pragma once
#include <dlfcn.h>

namespace eager {

template <class Function> Function linked(const char* name) {
  void* found = dlsym(RTLD_DEFAULT, name);
  if (!found) {
    static void* openblas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD);
    if (openblas) found = dlsym(openblas, name);
  }
  return reinterpret_cast<Function>(found);
}

}  // namespace eager
