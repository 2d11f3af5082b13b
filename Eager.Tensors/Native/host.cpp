// C# code as a kernel, so that a program can call it between others.
#include "abi.h"
#include "fused.h"
#include <stdexcept>
#include <vector>

namespace eager {

at::Tensor call_host(int64_t entry, int64_t function, at::TensorList inputs) {
  using Entry = int32_t (*)(int64_t function, const TensorHandle* inputs, int64_t count, TensorHandle* output);
  std::vector<TensorHandle> handles;
  for (const auto& input : inputs) handles.push_back(input.unsafeGetTensorImpl());
  TensorHandle output = nullptr;
  if (reinterpret_cast<Entry>(entry)(function, handles.data(), static_cast<int64_t>(handles.size()), &output) != 0)
    throw std::runtime_error("a host function threw");  // C# keeps what it threw
  return at::Tensor(TensorPointer::reclaim(output));
}

}  // namespace eager
