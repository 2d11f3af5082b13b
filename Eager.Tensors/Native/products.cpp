// Products of matrices on the CPU: by loops where they are few, else by the BLAS, called without LibTorch's way to it, which costs as much as a
// product of two 24 × 24 matrices. What is not plain takes LibTorch's way.
#include "fused.h"
#include "libraries.h"
#include "pool.h"
#include "shortcuts.h"
#include "views.h"
#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#include <climits>

namespace eager {
namespace {

// Beyond so many products of two numbers, or numbers in the result, a BLAS wins.
constexpr int64_t kFewProducts = 512, kFewSums = 128;
// Up to here OpenBLAS multiplies on the thread that calls it (interface/gemm.c).
constexpr int64_t kOneThread = 1 << 18;
// What is worth waking a thread for, which may take 200 µs: by the BLAS, by loops.
constexpr int64_t kPart = 1 << 22, kPartOfFew = 1 << 17;

template <class T> using Gemm = void (*)(const char* a_lies, const char* b_lies, const int* m, const int* n, const int* k, const T* alpha, const T* a, const int* lda,
                                         const T* b, const int* ldb, const T* beta, T* c, const int* ldc);

template <class T> Gemm<T> gemm() {
  static const auto found = linked<Gemm<T>>(std::is_same_v<T, float> ? "sgemm_" : "dgemm_");
  return found;
}

void add_product(float* y, const MatrixOf<float>& a, const MatrixOf<float>& b) { loops().add_product(y, a, b); }
void add_product(double* y, const MatrixOf<double>& a, const MatrixOf<double>& b) { loops().add_product_double(y, a, b); }

// A matrix as a BLAS is told of it. Its matrices lie column by column, so that one that lies row by row is its own transpose there.
struct Told {
  char lies;
  int leading;
};

template <class T> bool tell(const MatrixOf<T>& x, Told& told) {
  int64_t row = x.rows == 1 ? x.columns : x.row_step, column = x.columns == 1 ? x.rows : x.step;
  bool in_rows = (x.step == 1 || x.columns == 1) && row >= x.columns, in_columns = (x.row_step == 1 || x.rows == 1) && column >= x.rows;
  int64_t leading = in_rows ? row : column;
  if ((!in_rows && !in_columns) || std::max({leading, x.rows, x.columns}) > INT_MAX) return false;
  told = {in_rows ? 'n' : 't', static_cast<int>(leading)};
  return true;
}

// y = a·b, or y += a·b, where y lies in C order: known to be possible before y is there.
template <class T> struct Product {
  MatrixOf<T> a, b;
  Told a_told{}, b_told{};
  bool few, possible;

  Product(const MatrixOf<T>& a, const MatrixOf<T>& b) : a(a), b(b) {
    few = a.columns == 0 || (a.rows * b.columns <= kFewSums && size() <= kFewProducts);
    possible = few || (gemm<T>() && tell(a, a_told) && tell(b, b_told));
  }

  int64_t size() const { return a.rows * a.columns * b.columns; }

  void run(T* y, bool adds) const {
    if (few) {
      if (!adds) std::fill_n(y, a.rows * b.columns, T(0));
      return add_product(y, a, b);
    }
    const int m = static_cast<int>(b.columns), n = static_cast<int>(a.rows), k = static_cast<int>(a.columns);
    const T one = 1, kept = adds;
    gemm<T>()(&b_told.lies, &a_told.lies, &m, &n, &k, &one, b.numbers, &b_told.leading, a.numbers, &a_told.leading, &kept, y, &m);
  }

  Product at(int64_t a_offset, int64_t b_offset) const {
    Product other = *this;
    other.a.numbers += a_offset;
    other.b.numbers += b_offset;
    return other;
  }
};

// Calls f(begin, end) for pieces of [0, count), for which `least` are worth a thread, on the threads that LibTorch's kernels run on: a sleeping
// thread may wake late, so who is awake takes the next piece. OpenMP's pool is asked for by the name under which compilers call it, because
// linking OpenMP would bring a second pool beside that of a PyTorch wheel.
template <class F> void share_out(int64_t count, int64_t least, const F& f) {
  using Parallel = void (*)(void (*work)(void*), void* data, unsigned threads, unsigned flags);
  static const auto parallel = linked<Parallel>("GOMP_parallel");
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), count / least);
  if (threads <= 1 || !parallel || at::in_parallel_region()) return f(0, count);
  struct Work { const F& f; int64_t count, piece; std::atomic<int64_t> next{0}; } work{f, count, std::max<int64_t>(1, least / 16)};
  parallel([](void* data) {
    Work& work = *static_cast<Work*>(data);
    for (int64_t begin; (begin = work.next.fetch_add(work.piece)) < work.count;) work.f(begin, std::min(begin + work.piece, work.count));
  }, &work, static_cast<unsigned>(threads), 0);
}

template <class T> T* numbers(const at::Tensor& x) { return static_cast<T*>(x.data_ptr()); }

template <class T> MatrixOf<T> matrix(const at::Tensor& x) {
  int64_t row = x.dim() - 2, column = x.dim() - 1;
  return {numbers<T>(x), x.size(row), x.size(column), x.stride(row), x.stride(column)};
}

// Undefined where this is not the way. Each row of the result begins as c, or as zeros.
template <class T> at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor* c = nullptr) {
  if (!holds<T>(a) || !holds<T>(b) || a.dim() != 2 || b.dim() != 2 || a.size(1) != b.size(0)) return {};
  if (c && !(holds<T>(*c) && c->dim() == 1 && c->size(0) == b.size(1) && c->is_contiguous())) return {};
  const Product<T> product(matrix<T>(a), matrix<T>(b));
  if (!product.possible) return {};
  at::Tensor y = fresh({a.size(0), b.size(1)}, a.scalar_type());
  if (y.numel() == 0) return y;
  if (c) for (int64_t i = 0; i < y.numel(); i += c->numel()) std::copy_n(numbers<T>(*c), c->numel(), numbers<T>(y) + i);
  product.run(numbers<T>(y), c != nullptr);
  return y;
}

// Undefined where this is not the way. Small products are shared out between the threads, large ones the BLAS shares out itself.
template <class T> at::Tensor products(const at::Tensor& a, const at::Tensor& b) {
  if (!holds<T>(a) || !holds<T>(b) || a.dim() != 3 || b.dim() != 3 || a.size(2) != b.size(1) || a.size(0) != b.size(0)) return {};
  const Product<T> first(matrix<T>(a), matrix<T>(b));
  if (!first.possible) return {};
  const int64_t batch = a.size(0), sums = a.size(1) * b.size(2);
  at::Tensor y = fresh({batch, a.size(1), b.size(2)}, a.scalar_type());
  if (y.numel() == 0) return y;
  auto run = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) first.at(i * a.stride(0), i * b.stride(0)).run(numbers<T>(y) + i * sums, false);
  };
  const int64_t part = (first.few ? kPartOfFew : kPart) / std::max<int64_t>(1, first.size());
  if (first.size() <= kOneThread) share_out(batch, std::max<int64_t>(1, part), run);
  else run(0, batch);
  return y;
}

}  // namespace

at::Tensor mm(const at::Tensor& a, const at::Tensor& b) {
  if (at::Tensor y = product<float>(a, b); y.defined()) return y;
  if (at::Tensor y = product<double>(a, b); y.defined()) return y;
  return at::_ops::mm::call(a, b);
}

at::Tensor addmm(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha) {
  if (beta.equal(1) && alpha.equal(1)) {
    if (at::Tensor y = product<float>(a, b, &c); y.defined()) return y;
    if (at::Tensor y = product<double>(a, b, &c); y.defined()) return y;
  }
  return at::_ops::addmm::call(c, a, b, beta, alpha);
}

at::Tensor bmm(const at::Tensor& a, const at::Tensor& b) {
  if (at::Tensor y = products<float>(a, b); y.defined()) return y;
  if (at::Tensor y = products<double>(a, b); y.defined()) return y;
  return at::_ops::bmm::call(a, b);
}

}  // namespace eager
