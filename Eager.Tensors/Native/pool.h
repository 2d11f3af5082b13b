// Tensors and their memory's owners as objects whose own memory is used again.
//
// A tape keeps the tensors of a whole step. malloc has seven pieces of a size at hand and takes several times as long for those beyond,
// so the objects that are gone wait on lists of their thread, as the memory of the elements does in allocator.cpp.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <cstddef>
#include <new>

namespace eager {

// What waits on this thread for the next object of a size.
template <size_t Size> struct Waiting {
  struct Piece { Piece* next; };
  Piece* first;
  size_t count;
  bool gone;  // the thread is ending; objects may outlive its lists

  static inline thread_local Waiting own = {nullptr, 0, false};

  static constexpr size_t kMost = 1024;

  struct Ending {
    ~Ending() {
      own.gone = true;
      while (Piece* piece = own.first) {
        own.first = piece->next;
        ::operator delete(piece);
      }
    }
  };

  void* take() {
    Piece* piece = first;
    if (piece == nullptr) return ::operator new(Size);
    first = piece->next;
    count--;
    return piece;
  }

  void give(void* memory) noexcept {
    if (count == 0) static thread_local Ending at_the_end;
    if (gone || count == kMost) return ::operator delete(memory);
    first = new (memory) Piece{first};
    count++;
  }
};

template <class Base> struct Pooled final : Base {
  using Base::Base;
  static void* operator new(size_t) { return Waiting<sizeof(Base)>::own.take(); }
  static void operator delete(void* memory) noexcept { Waiting<sizeof(Base)>::own.give(memory); }
};

using PooledTensor = Pooled<at::TensorImpl>;
static_assert(sizeof(PooledTensor) == sizeof(at::TensorImpl), "the lists go by the size of the base");

// A new tensor on the CPU in C order, its elements not set.
inline at::Tensor fresh(at::IntArrayRef sizes, at::ScalarType type) {
  caffe2::TypeMeta meta = c10::scalarTypeToTypeMeta(type);
  int64_t bytes = static_cast<int64_t>(meta.itemsize());
  for (int64_t size : sizes)
    TORCH_CHECK_WITH(OutOfMemoryError, !__builtin_mul_overflow(bytes, size, &bytes), "Tried to allocate a tensor of sizes ", sizes, ", of more bytes than there are numbers for");
  c10::Allocator* allocator = c10::GetAllocator(c10::kCPU);
  auto storage = c10::make_intrusive<Pooled<c10::StorageImpl>>(c10::StorageImpl::use_byte_size_t(), bytes, allocator->allocate(static_cast<size_t>(bytes)), allocator, true);
  at::Tensor tensor = at::detail::make_tensor<PooledTensor>(at::Storage(std::move(storage)), c10::DispatchKeySet(c10::DispatchKey::CPU), meta);
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
  return tensor;
}

}  // namespace eager
