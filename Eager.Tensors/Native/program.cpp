#include "program.h"
#include "capture.h"
#include "program_passes.h"
#include <stdexcept>
#include <utility>

namespace eager {

thread_local ProgramRecorder* ProgramRecorder::current = nullptr;

ProgramRecorder::ProgramRecorder(EagerTensors inputs) {
  for (int64_t i = 0; i < inputs.length; i++) plan_.inputs.push_back(new_slot(share(inputs.data[i]), Plan::Slot::made));
}

int32_t ProgramRecorder::new_slot(const at::Tensor& tensor, Plan::Slot kind) {
  auto slot = static_cast<int32_t>(plan_.slots.values.size());
  plan_.slots.values.push_back(tensor);
  plan_.kinds.push_back(kind);
  if (tensor.defined()) slot_of_[tensor.unsafeGetTensorImpl()] = slot;
  return slot;
}

int32_t ProgramRecorder::slot_of(TensorHandle handle) {
  auto found = slot_of_.find(handle);
  return found != slot_of_.end() ? found->second : new_slot(share(handle), Plan::Slot::captured);
}

std::unique_ptr<Program> ProgramRecorder::finish(EagerTensors outputs) {
  for (int64_t i = 0; i < outputs.length; i++) plan_.outputs.push_back(slot_of(outputs.data[i]));
  return std::make_unique<Program>(std::move(plan_));
}

Plan Plan::copy() const {
  Plan made;
  for (const auto& instruction : instructions) made.instructions.push_back(instruction->copy());
  made.inputs = inputs, made.outputs = outputs, made.kinds = kinds, made.slots = slots;
  return made;
}

void Plan::seal() {
  // A slot is released by the last instruction that touches it, unless it outlives the run or is asked for.
  std::vector<bool> kept(kinds.size());
  for (size_t slot = 0; slot < kinds.size(); slot++) kept[slot] = kinds[slot] != Slot::made;
  for (int32_t slot : outputs) kept[slot] = true;
  std::vector<int32_t> touched;
  for (auto i = instructions.rbegin(); i != instructions.rend(); ++i) {
    (*i)->releases.clear();
    touched = (*i)->results;
    (*i)->list_inputs(touched);
    for (int32_t slot : touched)
      if (!kept[slot]) { kept[slot] = true; (*i)->releases.push_back(slot); }
  }
  for (size_t slot = 0; slot < kinds.size(); slot++)
    if (!holds(static_cast<int32_t>(slot))) slots.values[slot].reset();
}

void Plan::clear() {
  for (size_t slot = 0; slot < kinds.size(); slot++) if (kinds[slot] == Slot::made) slots.values[slot].reset();
}

void Plan::run(const TensorHandle* given, TensorHandle* out) {
  try {
    for (size_t i = 0; i < inputs.size(); i++) slots.values[inputs[i]] = share(given[i]);
    for (auto& instruction : instructions) {
      instruction->run(slots);
      for (int32_t slot : instruction->releases) slots.values[slot].reset();
    }
    for (size_t i = 0; i < outputs.size(); i++) out[i] = give(at::Tensor(slots.values[outputs[i]]));
  } catch (...) {
    clear();
    throw;
  }
  clear();
}

Program::Program(Plan&& plan) : recorded_(std::move(plan)) {
  for (int32_t slot : recorded_.inputs) {
    const at::Tensor& input = recorded_.slots.values[slot];
    layouts_.push_back({input.layout() == at::kStrided ? input.strides().vec() : std::vector<int64_t>(), input.key_set()});
  }
  quick_ = recorded_.copy();
  simplify(quick_);
  remake_views(quick_);
  form_chains(quick_);
  quick_.seal();
  recorded_.seal();
  std::vector<bool> held(recorded_.kinds.size());
  for (size_t slot = 0; slot < held.size(); slot++) held[slot] = recorded_.holds(static_cast<int32_t>(slot));
  capture_ = std::make_unique<Capture>(recorded_.instructions, recorded_.slots, recorded_.inputs, recorded_.outputs, std::move(held));
}

Program::~Program() = default;

bool Program::Layout::fits(TensorHandle tensor) const {
  return tensor->key_set() == keys && (tensor->layout() != at::kStrided || tensor->strides() == at::IntArrayRef(strides));
}

bool Program::fits(const TensorHandle* given) const {
  for (size_t i = 0; i < layouts_.size(); i++) if (!layouts_[i].fits(given[i])) return false;
  return true;
}

void Program::run(const TensorHandle* given, TensorHandle* out) {
  std::unique_lock<std::mutex> lock(running_, std::try_to_lock);
  if (!lock) throw std::runtime_error("a traced function is already running on another thread; trace one for each thread");
  if (capture_->run(given, out)) return;
  // The passes take for granted that memory lies as it did in the recorded run; when it does not, the calls run as they were recorded.
  (fits(given) ? quick_ : recorded_).run(given, out);
  capture_->note(given, out);
}

}  // namespace eager

using eager::Program;
using eager::ProgramRecorder;

EAGER_EXPORT int32_t eager_record_begin(EagerTensors inputs) {
  return eager::guarded(1, [&] {
    if (ProgramRecorder::current) throw std::runtime_error("a program is already being recorded on this thread");
    ProgramRecorder::current = new ProgramRecorder(inputs);
    return 0;
  });
}

EAGER_EXPORT Program* eager_record_end(EagerTensors outputs) {
  return eager::guarded(static_cast<Program*>(nullptr), [&] {
    std::unique_ptr<ProgramRecorder> recorder(ProgramRecorder::current);
    ProgramRecorder::current = nullptr;
    if (!recorder) throw std::runtime_error("no program is being recorded on this thread");
    return recorder->finish(outputs).release();
  });
}

EAGER_EXPORT void eager_record_cancel() {
  delete ProgramRecorder::current;
  ProgramRecorder::current = nullptr;
}

// What runs between these two is no part of the program; what it made is held by the program when it is used later.
EAGER_EXPORT ProgramRecorder* eager_record_suspend() { return std::exchange(ProgramRecorder::current, nullptr); }
EAGER_EXPORT void eager_record_resume(ProgramRecorder* recorder) { ProgramRecorder::current = recorder; }

EAGER_EXPORT int32_t eager_program_run(Program* program, const TensorHandle* inputs, TensorHandle* outputs) {
  return eager::guarded(1, [&] {
    program->run(inputs, outputs);
    return 0;
  });
}

// Has the program replayed call by call, for a reason that its description gives.
EAGER_EXPORT void eager_program_refuse_capture(Program* program, EagerText reason) {
  program->capture().refuse(std::string(reason.data, static_cast<size_t>(reason.length)));
}

// How many graphs a replay launches, how many calls are in them, and why there are none; the text stays valid as long as the program does not run.
EAGER_EXPORT void eager_program_capture(Program* program, int64_t* graphs, int64_t* calls, EagerText* reason) {
  auto lock = program->hold();
  *graphs = static_cast<int64_t>(program->capture().graphs());
  *calls = static_cast<int64_t>(program->capture().calls_in_graphs());
  const std::string& text = program->capture().reason();
  *reason = {text.data(), static_cast<int64_t>(text.size())};
}

// Says that a tensor never changes, so that what is computed from it alone need not be computed again.
EAGER_EXPORT void eager_record_constant(TensorHandle h) {
  if (ProgramRecorder::current) ProgramRecorder::current->add_constant(h);
}

EAGER_EXPORT int64_t eager_program_length(Program* program) { return static_cast<int64_t>(program->recorded_length()); }
// The number of instructions that the passes left.
EAGER_EXPORT int64_t eager_program_quick_length(Program* program) { return static_cast<int64_t>(program->quick_length()); }
EAGER_EXPORT void eager_program_free(Program* program) { delete program; }
