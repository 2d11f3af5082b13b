#include "capture.h"
#include <ATen/ATen.h>
#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>

namespace eager {
namespace {

std::atomic<bool> wanted{true};

// Tests rehearse captures on the CPU, with graphs that only pretend; in the last way a program's second graph cannot be recorded.
enum class Rehearsal : int32_t { none, whole, broken };
thread_local Rehearsal rehearsal = Rehearsal::none;

// LibTorch sets up its libraries and caches in the first runs, which a graph must not record.
constexpr int warm_ups = 2;
// A launch of a graph costs about as much as that of two kernels.
constexpr size_t fewest_calls = 3;

// Does what a graph does, call by call: the results come to lie where those of the first launch do.
class RehearsedGraph final : public DeviceGraph {
 public:
  RehearsedGraph(Slots& slots, const std::vector<int32_t>& kept, bool breaks) : slots_(slots), kept_(kept), breaks_(breaks) {}
  void capture(const std::function<void()>& work) override {
    if (breaks_) throw std::runtime_error("this rehearsal breaks here");
    work_ = work;
  }
  void launch() override {
    std::vector<at::Tensor> places;
    for (int32_t slot : kept_) places.push_back(slots_.values[slot]);
    work_();
    for (size_t i = 0; i < kept_.size(); i++) {
      if (!places[i].defined()) continue;
      places[i].copy_(slots_.values[kept_[i]]);
      slots_.values[kept_[i]] = places[i];
    }
  }

 private:
  Slots& slots_;
  const std::vector<int32_t> kept_;
  const bool breaks_;
  std::function<void()> work_;
};

const void* storage_of(const at::Tensor& tensor) { return tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl() : nullptr; }

std::string first_line(const char* text) { return std::string(text, std::find(text, text + std::strlen(text), '\n')); }

std::string described(const at::Tensor& tensor) {
  std::string text = "a tensor of shape [";
  for (int64_t i = 0; i < tensor.dim(); i++) text += (i > 0 ? ", " : "") + std::to_string(tensor.size(i));
  return text + "] on " + tensor.device().str();
}

}  // namespace

Capture::Capture(std::vector<std::unique_ptr<Instruction>>& instructions, const Slots& slots, const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs, std::vector<bool> held)
    : instructions_(instructions), inputs_(inputs), outputs_(outputs), held_(std::move(held)), read_by_graph_(held_.size()), made_by_graph_(held_.size()), temporary_(held_.size()), fixed_(held_.size()) {
  slots_.values.resize(held_.size());
  for (size_t slot = 0; slot < held_.size(); slot++) {
    if (!held_[slot] || !slots.values[slot].defined()) continue;
    slots_.values[slot] = slots.values[slot];
    memory_of_variables_.insert(storage_of(slots.values[slot]));
  }
  divide();
}

void Capture::divide() {
  for (size_t i = 0; i < instructions_.size(); i++) {
    bool inside = !instructions_[i]->needs_host();
    if (inside && !parts_.empty() && parts_.back().is_graph) parts_.back().last = i + 1;
    else parts_.push_back({i, i + 1, inside, {}, nullptr});
  }
  bool any = false;
  for (Part& part : parts_) {
    part.is_graph = part.is_graph && part.last - part.first >= fewest_calls;
    if (!part.is_graph) continue;
    any = true;
    std::vector<int32_t> read;
    for (size_t i = part.first; i < part.last; i++) {
      instructions_[i]->list_inputs(read);
      const auto& results = instructions_[i]->results;
      part.kept.insert(part.kept.end(), results.begin(), results.end());
    }
    for (int32_t slot : read) read_by_graph_[slot] = true;
    for (int32_t slot : part.kept) made_by_graph_[slot] = true;
    for (size_t i = part.first; i < part.last; i++)
      for (int32_t slot : instructions_[i]->releases) {
        const auto own = std::find(part.kept.begin(), part.kept.end(), slot);
        if (own == part.kept.end()) continue;
        temporary_[slot] = true;
        part.kept.erase(own);
      }
  }
  if (!any) refuse("no " + std::to_string(fewest_calls) + " calls in a row run without the host");
}

void Capture::refuse(std::string reason) {
  if (reason_.empty()) reason_ = std::move(reason);
  parts_.clear();
  clear();
}

size_t Capture::graphs() const {
  return static_cast<size_t>(std::count_if(parts_.begin(), parts_.end(), [](const Part& part) { return part.graph != nullptr; }));
}

size_t Capture::calls_in_graphs() const {
  size_t calls = 0;
  for (const Part& part : parts_) if (part.graph) calls += part.last - part.first;
  return calls;
}

void Capture::note(const TensorHandle* given, const TensorHandle* out) {
  if (!reason_.empty() || runs_ > warm_ups) return;
  for (size_t i = 0; i < outputs_.size(); i++) {
    if (std::find(inputs_.begin(), inputs_.end(), outputs_[i]) != inputs_.end() || !out[i]) continue;
    for (size_t j = 0; j < inputs_.size(); j++)
      if (storage_of(share(out[i])) == storage_of(share(given[j]))) return refuse("result " + std::to_string(i) + " is a view of input " + std::to_string(j));
  }
}

// All that graphs read must be on one GPU; numbers of the CPU, which never change, become part of what is recorded.
bool Capture::begin(const TensorHandle* given) {
  if (make_graph_) return true;
  const bool rehearsed = rehearsal != Rehearsal::none;
  std::vector<at::Tensor> seen;
  for (size_t i = 0; i < inputs_.size(); i++) if (read_by_graph_[inputs_[i]]) seen.push_back(share(given[i]));
  for (size_t slot = 0; slot < held_.size(); slot++)
    if (held_[slot] && read_by_graph_[slot] && slots_.values[slot].defined() && (rehearsed || slots_.values[slot].dim() > 0 || !slots_.values[slot].is_cpu())) seen.push_back(slots_.values[slot]);
  if (seen.empty()) return refuse("it reads nothing that is on a GPU"), false;
  const c10::Device device = seen[0].device();
  for (const at::Tensor& tensor : seen) {
    if (!rehearsed && !tensor.is_cuda()) return refuse("it reads " + described(tensor)), false;
    if (tensor.device() != device) return refuse("it reads " + described(tensor) + " beside others on " + device.str()), false;
  }
  if (rehearsed) {
    make_graph_ = [this](const Part& part) { return std::make_unique<RehearsedGraph>(slots_, part.kept, rehearsal == Rehearsal::broken && graphs() > 0); };
    return true;
  }
  try {
    make_graph_ = [make = cuda_graphs(device)](const Part&) { return make(); };
    return true;
  } catch (const std::exception& error) {
    return refuse(first_line(error.what())), false;
  }
}

bool Capture::run(const TensorHandle* given, TensorHandle* out) {
  if (!reason_.empty() || !wanted) return false;
  if (runs_ <= warm_ups && runs_++ < warm_ups) return false;
  if (!begin(given)) return false;
  try {
    for (size_t i = 0; i < inputs_.size(); i++) {
      if (read_by_graph_[inputs_[i]]) fix(inputs_[i], share(given[i]));
      else slots_.values[inputs_[i]] = share(given[i]);
    }
    run_parts();
    give_outputs(given, out);
  } catch (...) {
    clear();
    throw;
  }
  clear();
  return true;
}

void Capture::run_parts() {
  for (Part& part : parts_) {
    if (part.is_graph) {
      if (!part.graph && !captured(part)) {
        // Nothing of the part was done yet: the rest of this run goes on call by call.
        run_calls(part.first, instructions_.size());
        return;
      }
      part.graph->launch();
    } else {
      run_calls(part.first, part.last);
      for (size_t i = part.first; i < part.last; i++)
        for (int32_t slot : instructions_[i]->results)
          if (read_by_graph_[slot] && slots_.values[slot].defined()) fix(slot, slots_.values[slot]);
    }
  }
}

// Temporaries are freed after their last use, so that a graph uses their memory again.
void Capture::run_calls(size_t first, size_t last) {
  for (size_t i = first; i < last; i++) {
    instructions_[i]->run(slots_);
    for (int32_t slot : instructions_[i]->releases) if (temporary_[slot]) slots_.values[slot].reset();
  }
}

bool Capture::captured(Part& part) {
  try {
    auto graph = make_graph_(part);
    graph->capture([this, &part] { run_calls(part.first, part.last); });
    part.graph = std::move(graph);
    return true;
  } catch (const std::exception& error) {
    reason_ = "the GPU refused to record it: " + first_line(error.what());
    for (int32_t slot : part.kept) slots_.values[slot].reset();
    return false;
  }
}

// A graph finds its operands where they were when it was recorded.
void Capture::fix(int32_t slot, const at::Tensor& value) {
  at::Tensor& place = fixed_[slot];
  if (place.defined()) place.copy_(value);
  else place = value.clone();
  slots_.values[slot] = place;
}

// What a graph makes is made again in the same memory: results leave as copies, but for those that are variables.
void Capture::give_outputs(const TensorHandle* given, TensorHandle* out) {
  for (size_t i = 0; i < outputs_.size(); i++) {
    const int32_t slot = outputs_[i];
    const auto input = std::find(inputs_.begin(), inputs_.end(), slot);
    at::Tensor value = input != inputs_.end() ? share(given[input - inputs_.begin()]) : slots_.values[slot];
    if (made_by_graph_[slot] && value.defined()) value = memory_of_variables_.count(storage_of(value)) ? value.alias() : value.clone();
    out[i] = give(std::move(value));
  }
}

// Keeps the memory of graphs and of variables, but nothing once the program is refused.
void Capture::clear() {
  const bool refused = !reason_.empty();
  for (size_t slot = 0; slot < held_.size(); slot++)
    if (refused || (!held_[slot] && !made_by_graph_[slot])) slots_.values[slot].reset();
  if (!refused) return;
  parts_.clear();
  for (at::Tensor& place : fixed_) place.reset();
}

}  // namespace eager

// Whether programs are captured at all.
EAGER_EXPORT int32_t eager_get_capture() { return eager::wanted; }
EAGER_EXPORT void eager_set_capture(int32_t wanted) { eager::wanted = wanted != 0; }

// How this thread rehearses.
EAGER_EXPORT void eager_rehearse_capture(int32_t how) { eager::rehearsal = static_cast<eager::Rehearsal>(how); }
