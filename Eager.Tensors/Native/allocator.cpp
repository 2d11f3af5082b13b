// A caching allocator for CPU tensors.
//
// glibc gives the memory of every large tensor back to the kernel and faults it in anew; keeping it doubles convolutions.
// Blocks come in four sizes per power of two. Each thread keeps short lists of small blocks; the rest is shared under a lock.
// What is cached beyond the cap goes back to the system. The counters tell the C# side how many bytes tensors hold.
#include "abi.h"
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <mutex>
#include <sys/mman.h>
#include <vector>

namespace {

struct alignas(64) Header { size_t bytes; int32_t size_class; };
static_assert(sizeof(Header) == 64, "tensor data starts 64 bytes into a block, aligned to 64");

constexpr size_t kSmallest = 64;
constexpr size_t kThreadLimit = 64 << 10;       // blocks up to this size may wait on a thread's own list
constexpr size_t kThreadListLength = 4096;
constexpr size_t kHugePage = 2 << 20;
constexpr int kClasses = 4 * 64;

// The class whose blocks hold `bytes`, rounded up to a quarter of a power of two.
int class_of(size_t bytes, size_t& rounded) {
  if (bytes < kSmallest) bytes = kSmallest;
  int log = 63 - __builtin_clzll(bytes);
  size_t quarter = (size_t{1} << log) / 4;
  size_t steps = (bytes - (size_t{1} << log) + quarter - 1) / quarter;
  rounded = (size_t{1} << log) + steps * quarter;
  return log * 4 + static_cast<int>(steps);  // four steps are the next power of two
}

// Shared with C#, which reads the fields directly (MemoryCounters in Interop/Native.cs).
struct Counters {
  std::atomic<int64_t> live{0};    // bytes held by tensors
  std::atomic<int64_t> cached{0};  // bytes kept for the next tensors
  std::atomic<int64_t> peak{0};    // the most that was live
  std::atomic<int64_t> cap{int64_t{1} << 30};
  std::atomic<int64_t> peak_held{0};  // the most that was live or cached
};
Counters counters;

std::mutex shared_lock;
std::array<std::vector<Header*>, kClasses> shared_lists;

void give_back(Header* block) {
  counters.cached.fetch_sub(static_cast<int64_t>(block->bytes), std::memory_order_relaxed);
  std::free(block);
}

struct ThreadLists {
  std::array<std::vector<Header*>, kClasses> lists;
  ~ThreadLists();
};
// Null before a thread's first tensor and again after its lists are gone, since tensors may outlive them.
thread_local ThreadLists* own_lists = nullptr;
thread_local bool own_lists_gone = false;
ThreadLists::~ThreadLists() {
  own_lists = nullptr;
  own_lists_gone = true;
  for (auto& list : lists) for (Header* block : list) give_back(block);
}
ThreadLists* thread_lists() {
  if (own_lists == nullptr && !own_lists_gone) {
    static thread_local ThreadLists lists;
    own_lists = &lists;
  }
  return own_lists;
}

Header* take_cached(int size_class, size_t bytes) {
  if (bytes <= kThreadLimit)
    if (ThreadLists* own = thread_lists()) {
      auto& list = own->lists[size_class];
      if (!list.empty()) { Header* block = list.back(); list.pop_back(); return block; }
    }
  std::lock_guard<std::mutex> lock(shared_lock);
  auto& list = shared_lists[size_class];
  if (list.empty()) return nullptr;
  Header* block = list.back();
  list.pop_back();
  return block;
}

Header* take_new(int size_class, size_t bytes) {
  void* memory = nullptr;
  size_t total = bytes + sizeof(Header);
  bool huge = total >= kHugePage;
  TORCH_CHECK_WITH(OutOfMemoryError, posix_memalign(&memory, huge ? kHugePage : 64, total) == 0, "Tried to allocate ", bytes, " bytes");
  if (huge) madvise(memory, total, MADV_HUGEPAGE);
  auto* block = static_cast<Header*>(memory);
  block->bytes = bytes;
  block->size_class = size_class;
  return block;
}

void release(void* data) {
  if (data == nullptr) return;
  Header* block = static_cast<Header*>(data) - 1;
  auto bytes = static_cast<int64_t>(block->bytes);
  counters.live.fetch_sub(bytes, std::memory_order_relaxed);
  int64_t cached = counters.cached.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (cached > counters.cap.load(std::memory_order_relaxed)) return give_back(block);
  if (block->bytes <= kThreadLimit)
    if (ThreadLists* own = thread_lists()) {
      auto& list = own->lists[block->size_class];
      if (list.size() < kThreadListLength) { list.push_back(block); return; }
    }
  std::lock_guard<std::mutex> lock(shared_lock);
  shared_lists[block->size_class].push_back(block);
}

void lift(std::atomic<int64_t>& peak, int64_t value) {
  int64_t known = peak.load(std::memory_order_relaxed);
  while (value > known && !peak.compare_exchange_weak(known, value, std::memory_order_relaxed)) {}
}

struct CachingAllocator final : c10::Allocator {
  static void* take(size_t wanted) {
    if (wanted == 0) return nullptr;
    size_t bytes;
    int size_class = class_of(wanted, bytes);
    Header* block = take_cached(size_class, bytes);
    bool cached = block != nullptr;
    if (cached) counters.cached.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
    else block = take_new(size_class, bytes);
    int64_t live = counters.live.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed) + static_cast<int64_t>(bytes);
    lift(counters.peak, live);
    if (!cached) lift(counters.peak_held, live + counters.cached.load(std::memory_order_relaxed));
    return block + 1;
  }
  static c10::DataPtr make(size_t wanted) {
    void* data = take(wanted);
    return {data, data, &release, c10::Device(c10::kCPU)};
  }
  // What is virtual differs between LibTorchs, hence no `override`: up to 2.2 the first, later the second and copy_data.
  c10::DataPtr allocate(size_t wanted) const { return make(wanted); }
  c10::DataPtr allocate(size_t wanted) { return make(wanted); }
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }
  c10::DeleterFnPtr raw_deleter() const { return &release; }
};

}  // namespace

// Installs the allocator, before any tensor is made. `cached` bounds the bytes that wait for reuse.
EAGER_EXPORT Counters* eager_install_allocator(int64_t cached) {
  counters.cap = cached;
  static CachingAllocator allocator;
  c10::SetAllocator(c10::kCPU, &allocator, 1);
  // LibTorch's scratch memory comes from malloc: keep it from being unmapped after every call.
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  return &counters;
}

EAGER_EXPORT void eager_reset_peaks() {
  int64_t live = counters.live.load(std::memory_order_relaxed);
  counters.peak.store(live, std::memory_order_relaxed);
  counters.peak_held.store(live + counters.cached.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

// Gives what is cached, on the shared lists and this thread's, back to the system.
EAGER_EXPORT void eager_empty_cache() {
  if (ThreadLists* own = thread_lists())
    for (auto& list : own->lists) { for (Header* block : list) give_back(block); list.clear(); }
  std::lock_guard<std::mutex> lock(shared_lock);
  for (auto& list : shared_lists) { for (Header* block : list) give_back(block); list.clear(); }
  malloc_trim(0);
}
