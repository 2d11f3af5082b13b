// Random generators: LibTorch's own Mersenne Twister on the CPU, Philox on CUDA.
#include "abi.h"
#include "fused.h"
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

EAGER_EXPORT GeneratorHandle eager_generator_new(int32_t device_type, int32_t device_index, uint64_t seed) {
  return eager::guarded(static_cast<GeneratorHandle>(nullptr), [&]() -> GeneratorHandle {
    at::Generator generator;
    if (static_cast<c10::DeviceType>(device_type) == c10::DeviceType::CPU) {
      generator = at::detail::createCPUGenerator(seed);
    } else {
      generator = at::globalContext().defaultGenerator(c10::Device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index))).clone();
      generator.set_current_seed(seed);
    }
    return generator.unsafeReleaseGeneratorImpl();
  });
}

EAGER_EXPORT void eager_generator_free(GeneratorHandle h) { c10::intrusive_ptr<c10::GeneratorImpl>::reclaim(h); }

namespace {
at::Generator borrowed(GeneratorHandle h) { return at::Generator(c10::intrusive_ptr<c10::GeneratorImpl>::unsafe_reclaim_from_nonowning(h)); }
}  // namespace

EAGER_EXPORT int32_t eager_generator_seed(GeneratorHandle h, uint64_t seed) {
  return eager::guarded(1, [&] {
    auto generator = borrowed(h);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(seed);
    return 0;
  });
}

namespace eager {

at::Tensor generator_state(Optional<at::Generator> generator) {
  std::lock_guard<std::mutex> lock(generator->mutex());
  return generator->get_state();
}

void set_generator_state(const at::Tensor& state, Optional<at::Generator> generator) {
  std::lock_guard<std::mutex> lock(generator->mutex());
  generator->set_state(state);
}

}  // namespace eager
