// Errors, lifetime and the fields of a tensor.
#include "call.h"
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>
#include <algorithm>
#include <memory>
#include <new>
#include <sstream>
#if __has_include(<torch/version.h>)
#include <torch/version.h>
#endif

namespace eager {
namespace {
// What C# tells apart (Interop/Native.cs): a kernel refused the values of its inputs (TORCH_CHECK_VALUE), or there was not enough memory.
enum class ErrorKind : int32_t { other, refusal, memory };
thread_local std::string last_message;
thread_local ErrorKind last_kind = ErrorKind::other;
thread_local std::string text_result;
thread_local std::vector<TensorHandle> list_result;
}  // namespace

void remember_error(const std::exception& error) noexcept {
  auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  last_message = torch_error ? torch_error->what_without_backtrace() : error.what();
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) || dynamic_cast<const std::bad_alloc*>(&error)) last_kind = ErrorKind::memory;
  else last_kind = dynamic_cast<const c10::ValueError*>(&error) ? ErrorKind::refusal : ErrorKind::other;
}
void remember_error(const char* message) noexcept {
  last_message = message;
  last_kind = ErrorKind::other;
}

int64_t give_list(std::vector<at::Tensor>&& tensors, const TensorHandle** out) {
  list_result.clear();
  for (auto& tensor : tensors) list_result.push_back(give(std::move(tensor)));
  *out = list_result.data();
  return static_cast<int64_t>(list_result.size());
}

static int64_t give_text(std::string&& text, const char** out) {
  text_result = std::move(text);
  *out = text_result.data();
  return static_cast<int64_t>(text_result.size());
}
}  // namespace eager

EAGER_EXPORT int64_t eager_last_error(const char** text, int32_t* kind) {
  *kind = static_cast<int32_t>(eager::last_kind);
  *text = eager::last_message.data();
  return static_cast<int64_t>(eager::last_message.size());
}

// 1 when this LibTorch lays its types out as the adapters take for granted.
EAGER_EXPORT int32_t eager_abi_check() {
  c10::SymInt number(-7);
  int64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return sizeof(c10::SymInt) == sizeof(int64_t) && bits == -7;
}

// Errors without C++ stack traces: collecting one takes 2 ms and nobody reads it.
EAGER_EXPORT void eager_quiet_errors() {
  c10::SetStackTraceFetcher([] { return std::string(); });
}

EAGER_EXPORT int64_t eager_libtorch_version(const char** text) { return eager::give_text(TORCH_VERSION, text); }

EAGER_EXPORT void eager_retain(TensorHandle h) { c10::raw::intrusive_ptr::incref(h); }
EAGER_EXPORT void eager_free(TensorHandle h) { eager::TensorPointer::reclaim(h); }
EAGER_EXPORT void eager_free_many(const TensorHandle* handles, int64_t count) {
  for (int64_t i = 0; i < count; i++) eager::TensorPointer::reclaim(handles[i]);
}

// dtype in bits 0-7, device type in 8-15, device index in 16-23 (signed), rank in 24-31, the number of elements or the largest there is in 32-63.
EAGER_EXPORT int64_t eager_describe(TensorHandle h) {
  auto device = h->device();
  return static_cast<int64_t>(c10::typeMetaToScalarType(h->dtype())) | static_cast<int64_t>(device.type()) << 8 |
         static_cast<int64_t>(static_cast<uint8_t>(device.index())) << 16 | h->dim() << 24 |
         static_cast<int64_t>(std::min<uint64_t>(h->numel(), UINT32_MAX) << 32);
}
EAGER_EXPORT const int64_t* eager_sizes(TensorHandle h) { return h->sizes().data(); }
EAGER_EXPORT const int64_t* eager_strides(TensorHandle h) { return h->strides().data(); }
EAGER_EXPORT int64_t eager_count(TensorHandle h) { return h->numel(); }
EAGER_EXPORT int32_t eager_is_contiguous(TensorHandle h) { return h->is_contiguous(); }
// Whether the memory is the elements: no conjugation or change of sign is yet to be made.
EAGER_EXPORT int32_t eager_is_resolved(TensorHandle h) { return !h->is_conj() && !h->is_neg(); }
// Whether it is the elements in C order.
EAGER_EXPORT int32_t eager_is_plain(TensorHandle h) { return h->is_contiguous() && eager_is_resolved(h); }
// Cast: later LibTorchs give memory to read from only.
EAGER_EXPORT void* eager_data(TensorHandle h) { return h->numel() == 0 ? nullptr : const_cast<void*>(static_cast<const void*>(h->data())); }
// Where a tensor's memory begins, which tells what shares it, and how many bytes it is.
EAGER_EXPORT const void* eager_storage(TensorHandle h, int64_t* bytes) {
  if (!h->has_storage()) return nullptr;
  *bytes = static_cast<int64_t>(h->storage().nbytes());
  return h->storage().unsafeGetStorageImpl();
}
EAGER_EXPORT int32_t eager_same_storage(TensorHandle a, TensorHandle b) {
  return a->has_storage() && b->has_storage() && a->storage().unsafeGetStorageImpl() == b->storage().unsafeGetStorageImpl();
}

// Another tensor over the same memory.
EAGER_EXPORT TensorHandle eager_shallow_copy(TensorHandle h) {
  return eager::guarded(static_cast<TensorHandle>(nullptr), [&] {
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    return eager::give(at::alias(eager::share(h)));
  });
}

// A new tensor on the CPU that holds a copy of host memory.
EAGER_EXPORT TensorHandle eager_from_host(const void* data, EagerInts shape, int32_t dtype) {
  return eager::guarded(static_cast<TensorHandle>(nullptr), [&] {
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    auto tensor = at::empty({shape.data, static_cast<size_t>(shape.length)}, at::TensorOptions(static_cast<at::ScalarType>(dtype)));
    if (tensor.numel() > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
    return eager::give(std::move(tensor));
  });
}

// A tensor over memory that is somebody else's. `release`, unless null, is called with `owner` once no tensor needs the memory any more;
// not when this function fails.
EAGER_EXPORT TensorHandle eager_from_memory(void* data, EagerInts sizes, EagerInts strides, int32_t dtype, int32_t device_type,
                                            int32_t device_index, void (*release)(void*), void* owner) {
  return eager::guarded(static_cast<TensorHandle>(nullptr), [&] {
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    at::Device device(static_cast<at::DeviceType>(device_type), static_cast<at::DeviceIndex>(device_index));
    // Held back until the tensor is there: LibTorch releases what it was given when it fails on the way.
    auto armed = std::make_shared<bool>(false);
    auto tensor = at::for_blob(data, {sizes.data, static_cast<size_t>(sizes.length)})
                      .strides(at::IntArrayRef{strides.data, static_cast<size_t>(strides.length)})
                      .deleter([=](void*) { if (*armed && release) release(owner); })
                      .options(at::TensorOptions(static_cast<at::ScalarType>(dtype)).device(device))
                      .target_device(device)
                      .make_tensor();
    *armed = true;
    return eager::give(std::move(tensor));
  });
}

// Copies the elements in C order; the caller's memory holds exactly `bytes`.
EAGER_EXPORT int32_t eager_to_host(TensorHandle h, void* data, int64_t bytes) {
  return eager::guarded(1, [&] {
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    auto plain = eager::share(h).resolve_conj().resolve_neg().to(at::kCPU).contiguous();
    TORCH_CHECK(static_cast<int64_t>(plain.nbytes()) == bytes, "the destination holds ", bytes, " bytes, the tensor ", plain.nbytes());
    if (bytes > 0) std::memcpy(data, plain.data_ptr(), bytes);
    return 0;
  });
}

// The dispatcher's schema of an operator, for the generator of the bindings; -1 when there is none.
EAGER_EXPORT int64_t eager_schema(const char* name, const char* overload, const char** text) {
  return eager::guarded<int64_t>(-1, [&]() -> int64_t {
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found) return -1;
    std::ostringstream out;
    out << found->schema();
    return eager::give_text(out.str(), text);
  });
}
