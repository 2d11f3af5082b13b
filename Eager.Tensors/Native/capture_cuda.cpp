// Graphs as CUDA records them. CUDA's own calls are used instead of LibTorch's CUDAGraph, which leaves its allocator and its default generator
// unusable when a recording fails.
#include "capture.h"
#include <stdexcept>
#ifdef EAGER_CUDA
#include <torch/version.h>
#define EAGER_CUDA_GRAPHS (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2))
#endif
#if defined(EAGER_CUDA) && EAGER_CUDA_GRAPHS
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#include <mutex>

namespace eager {
namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

// Later versions of the allocator are told apart from the pool that a stream is recorded.
template <class Allocator> auto mark_recording(Allocator* of, c10::DeviceIndex device, bool begins, int) -> decltype(of->markCaptureBegin(device)) {
  begins ? of->markCaptureBegin(device) : of->markCaptureEnd(device);
}
template <class Allocator> void mark_recording(Allocator*, c10::DeviceIndex, bool, long) {}

// The allocator keeps one account of recordings for each device.
std::mutex recording;

// The memory that all graphs of a program share, since they are launched in the order in which they were recorded.
struct Pool {
  const c10::DeviceIndex device;
  const decltype(at::cuda::graph_pool_handle()) id = at::cuda::graph_pool_handle();
  // CUDA does not record on a device's default stream.
  const c10::cuda::CUDAStream stream;
  explicit Pool(c10::Device on) : device(on.index()), stream(c10::cuda::getStreamFromPool(false, on.index())) {}
};

class CudaGraph final : public DeviceGraph {
 public:
  explicit CudaGraph(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}

  ~CudaGraph() override {
    if (!graph_) return;
    c10::cuda::CUDAGuard on(pool_->device);
    cudaGraphExecDestroy(graph_);
    allocator::releasePool(pool_->device, pool_->id);
  }

  void capture(const std::function<void()>& work) override {
    std::lock_guard<std::mutex> alone(recording);
    c10::cuda::CUDAStreamGuard on(pool_->stream);
    cudaStream_t stream = pool_->stream.stream();
    allocator::beginAllocateToPool(pool_->device, pool_->id, [stream](cudaStream_t asking) { return asking == stream; });
    try {
      // Of this thread only: others may go on allocating and copying.
      C10_CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
      mark_recording(allocator::get(), pool_->device, true, 0);
      std::exception_ptr failed;
      try {
        work();
      } catch (...) {
        failed = std::current_exception();
      }
      cudaGraph_t recorded = nullptr;
      cudaError_t ended = cudaStreamEndCapture(stream, &recorded);
      mark_recording(allocator::get(), pool_->device, false, 0);
      cudaError_t made = ended == cudaSuccess && !failed ? cudaGraphInstantiateWithFlags(&graph_, recorded, cudaGraphInstantiateFlagAutoFreeOnLaunch) : cudaSuccess;
      if (recorded) cudaGraphDestroy(recorded);
      if (failed) std::rethrow_exception(failed);
      C10_CUDA_CHECK(ended);
      C10_CUDA_CHECK(made);
    } catch (...) {
      cudaGetLastError();  // what failed here is no error of the kernels to come
      graph_ = nullptr;
      allocator::endAllocateToPool(pool_->device, pool_->id);
      allocator::releasePool(pool_->device, pool_->id);
      throw;
    }
    allocator::endAllocateToPool(pool_->device, pool_->id);
  }

  void launch() override {
    c10::cuda::CUDAGuard on(pool_->device);
    C10_CUDA_CHECK(cudaGraphLaunch(graph_, c10::cuda::getCurrentCUDAStream(pool_->device).stream()));
  }

 private:
  const std::shared_ptr<Pool> pool_;
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace

std::function<std::unique_ptr<DeviceGraph>()> cuda_graphs(c10::Device device) {
  return [pool = std::make_shared<Pool>(device)] { return std::make_unique<CudaGraph>(pool); };
}

}  // namespace eager
#else
std::function<std::unique_ptr<eager::DeviceGraph>()> eager::cuda_graphs(c10::Device) { throw std::runtime_error("graphs need a LibTorch of 2.2 or later with CUDA"); }
#endif
