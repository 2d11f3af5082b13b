// Graphics processors: what is there, their memory and streams, and the switches of LibTorch's kernels.
// EAGER_CUDA is set where the LibTorch at hand has CUDA (CMakeLists.txt). Streams go through LibTorch's own registry, which needs no CUDA to compile.
#include "abi.h"
#include <ATen/Context.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <cstdlib>
#include <stdexcept>
#include <string>
#ifdef EAGER_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#endif

namespace {

// As Interop/CudaDevices.cs numbers them.
enum class CudaState : int32_t { works, not_in_libtorch, no_driver, driver_too_old, no_device, fails };

struct CudaFound {
  CudaState state;
  int32_t devices;
  std::string reason;  // CUDA's own words for `fails`
};

// Asks the CUDA runtime itself: LibTorch would print a warning where there is no driver.
CudaFound look_for_cuda() {
#ifdef EAGER_CUDA
  int driver = 0, devices = 0;
  cudaError_t driver_known = cudaDriverGetVersion(&driver), counted = cudaGetDeviceCount(&devices);
  cudaGetLastError();  // what was found here is no error of the kernels to come
  if (driver_known != cudaSuccess || driver == 0) return {CudaState::no_driver, 0, {}};
  if (counted == cudaErrorInsufficientDriver) return {CudaState::driver_too_old, 0, {}};
  if (counted == cudaErrorNoDevice || (counted == cudaSuccess && devices == 0)) return {CudaState::no_device, 0, {}};
  if (counted != cudaSuccess) return {CudaState::fails, 0, cudaGetErrorString(counted)};
  return {CudaState::works, devices, {}};
#else
  return {CudaState::not_in_libtorch, 0, {}};
#endif
}

const CudaFound& cuda() {
  static const CudaFound found = look_for_cuda();
  return found;
}

c10::Device device_of(int32_t type, int32_t index) {
  return c10::Device(static_cast<c10::DeviceType>(type), static_cast<c10::DeviceIndex>(index));
}
const c10::impl::DeviceGuardImplInterface& guard_of(c10::Device device) { return *c10::impl::getDeviceGuardImpl(device.type()); }
c10::Stream stream_of(int32_t index, int64_t id) { return c10::Stream(c10::Stream::UNSAFE, device_of(static_cast<int32_t>(c10::DeviceType::CUDA), index), id); }

#ifdef EAGER_CUDA
// LibTorch's allocator has no figures of a device before the first tensor is made.
void start() {
  at::AutoDispatchBelowADInplaceOrView below_autograd;
  at::empty({0}, at::TensorOptions(at::kCUDA));
}
#else
[[noreturn]] int32_t without_cuda() { throw std::runtime_error("this LibTorch was built without CUDA"); }
#endif

}  // namespace

EAGER_EXPORT int32_t eager_cuda_state(int32_t* devices, const char** reason, int64_t* reason_length) {
  *devices = cuda().devices;
  *reason = cuda().reason.data();
  *reason_length = static_cast<int64_t>(cuda().reason.size());
  return static_cast<int32_t>(cuda().state);
}

struct EagerCudaProperties { int64_t major, minor, memory, multiprocessors; };

// The name stays valid until the next call on this thread.
EAGER_EXPORT int32_t eager_cuda_properties(int32_t index, EagerCudaProperties* out, const char** name) {
  return eager::guarded(1, [&] {
#ifdef EAGER_CUDA
    static thread_local cudaDeviceProp found;
    C10_CUDA_CHECK(cudaGetDeviceProperties(&found, index));
    *out = {found.major, found.minor, static_cast<int64_t>(found.totalGlobalMem), found.multiProcessorCount};
    *name = found.name;
    return 0;
#else
    return without_cuda();
#endif
  });
}

// As Interop/CudaDevices.cs lays it out.
struct EagerCudaMemory { int64_t allocated, reserved, peak_allocated, peak_reserved, free; };

EAGER_EXPORT int32_t eager_cuda_memory(int32_t index, EagerCudaMemory* out) {
  return eager::guarded(1, [&] {
#ifdef EAGER_CUDA
    c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(index));
    start();
    size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    const auto found = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    const auto& allocated = found.allocated_bytes[0];  // 0: of blocks of all sizes
    const auto& reserved = found.reserved_bytes[0];
    *out = {allocated.current, reserved.current, allocated.peak, reserved.peak, static_cast<int64_t>(free)};
    return 0;
#else
    return without_cuda();
#endif
  });
}

// The bytes that tensors hold; -1 when that cannot be told.
EAGER_EXPORT int64_t eager_cuda_allocated(int32_t index) {
  return eager::guarded<int64_t>(-1, [&]() -> int64_t {
#ifdef EAGER_CUDA
    return c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index)).allocated_bytes[0].current;
#else
    return without_cuda();
#endif
  });
}

EAGER_EXPORT int32_t eager_cuda_reset_peaks(int32_t index) {
  return eager::guarded(1, [&] {
#ifdef EAGER_CUDA
    start();
    c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index));
    return 0;
#else
    return without_cuda();
#endif
  });
}

EAGER_EXPORT int32_t eager_cuda_empty_cache() {
  return eager::guarded(1, [&] {
#ifdef EAGER_CUDA
    start();
    c10::cuda::CUDACachingAllocator::emptyCache();
    return 0;
#else
    return without_cuda();
#endif
  });
}

EAGER_EXPORT int32_t eager_cuda_synchronize(int32_t index) {
  return eager::guarded(1, [&] {
#ifdef EAGER_CUDA
    c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(index));
    c10::cuda::device_synchronize();
    return 0;
#else
    return without_cuda();
#endif
  });
}

// A stream of LibTorch's pool, or the device's default one.
EAGER_EXPORT int32_t eager_stream_get(int32_t index, int32_t is_new, int32_t is_urgent, int64_t* id) {
  return eager::guarded(1, [&] {
    auto device = device_of(static_cast<int32_t>(c10::DeviceType::CUDA), index);
    *id = (is_new ? guard_of(device).getStreamFromGlobalPool(device, is_urgent != 0) : guard_of(device).getDefaultStream(device)).id();
    return 0;
  });
}

// Makes it the one on which this thread's kernels for its device run, and tells which it was.
EAGER_EXPORT int32_t eager_stream_exchange(int32_t index, int64_t id, int64_t* before) {
  return eager::guarded(1, [&] {
    auto stream = stream_of(index, id);
    *before = guard_of(stream.device()).exchangeStream(stream).id();
    return 0;
  });
}

EAGER_EXPORT int32_t eager_stream_synchronize(int32_t index, int64_t id) {
  return eager::guarded(1, [&] {
    auto stream = stream_of(index, id);
    guard_of(stream.device()).synchronizeStream(stream);
    return 0;
  });
}

// 1 when all its work is done, 0 when not, -1 for an error.
EAGER_EXPORT int32_t eager_stream_is_idle(int32_t index, int64_t id) {
  return eager::guarded(-1, [&] {
    auto stream = stream_of(index, id);
    return guard_of(stream.device()).queryStream(stream) ? 1 : 0;
  });
}

// What is given to `id` from now on waits for what `first` was given until now.
EAGER_EXPORT int32_t eager_stream_wait(int32_t index, int64_t id, int32_t first_index, int64_t first) {
  return eager::guarded(1, [&] {
    auto waiting = stream_of(index, id), before = stream_of(first_index, first);
    const auto& guard = guard_of(waiting.device());
    void* event = nullptr;
    guard.record(&event, before, before.device_index(), c10::EventFlag::PYTORCH_DEFAULT);
    guard.block(event, waiting);
    guard.destroyEvent(event, before.device_index());
    return 0;
  });
}

// The stream on which this thread's kernels for the device run.
EAGER_EXPORT int32_t eager_stream_current(int32_t index, int64_t* id) {
  return eager::guarded(1, [&] {
    auto device = device_of(static_cast<int32_t>(c10::DeviceType::CUDA), index);
    *id = guard_of(device).getStream(device).id();
    return 0;
  });
}

// A mark behind what the stream was given until now; the caller frees it.
EAGER_EXPORT int32_t eager_event_record(int32_t index, int64_t id, void** event) {
  return eager::guarded(1, [&] {
    auto stream = stream_of(index, id);
    guard_of(stream.device()).record(event, stream, stream.device_index(), c10::EventFlag::PYTORCH_DEFAULT);
    return 0;
  });
}

// What is given to `id` from now on waits for what stands before the mark.
EAGER_EXPORT int32_t eager_event_wait(int32_t index, int64_t id, void* event) {
  return eager::guarded(1, [&] {
    auto waiting = stream_of(index, id);
    guard_of(waiting.device()).block(event, waiting);
    return 0;
  });
}

EAGER_EXPORT void eager_event_free(int32_t index, void* event) {
  auto device = device_of(static_cast<int32_t>(c10::DeviceType::CUDA), index);
  guard_of(device).destroyEvent(event, device.index());
}

// The tensor's memory is not given to others before what the stream was given until the tensor is freed is done.
EAGER_EXPORT int32_t eager_stream_uses(int32_t index, int64_t id, TensorHandle h) {
  return eager::guarded(1, [&] {
    auto stream = stream_of(index, id);
    guard_of(stream.device()).recordDataPtrOnStream(h->storage().data_ptr(), stream);
    return 0;
  });
}

EAGER_EXPORT int32_t eager_is_pinned(TensorHandle h) {
  return eager::guarded(-1, [&] { return cuda().state == CudaState::works && eager::share(h).is_pinned() ? 1 : 0; });
}

EAGER_EXPORT int32_t eager_get_tf32() { return at::globalContext().allowTF32CuBLAS(); }
EAGER_EXPORT int32_t eager_set_tf32(int32_t allowed) {
  return eager::guarded(1, [&] {
    at::globalContext().setAllowTF32CuBLAS(allowed != 0);
    at::globalContext().setAllowTF32CuDNN(allowed != 0);
    return 0;
  });
}

EAGER_EXPORT int32_t eager_get_deterministic() { return at::globalContext().deterministicAlgorithms(); }
EAGER_EXPORT int32_t eager_set_deterministic(int32_t wanted) {
  return eager::guarded(1, [&] {
    // cuBLAS is deterministic only with a fixed workspace, of which LibTorch insists on being told in the environment.
    if (wanted) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite*/ 0);
    at::globalContext().setDeterministicAlgorithms(wanted != 0, /*warn_only*/ false);
    at::globalContext().setDeterministicCuDNN(wanted != 0);
    return 0;
  });
}
