#include "program.h"
#include "capture.h"
#include <stdexcept>
#include <utility>

namespace eager {

thread_local ProgramRecorder* ProgramRecorder::current = nullptr;

Program::Program() = default;
Program::~Program() = default;

ProgramRecorder::ProgramRecorder(EagerTensors inputs) {
  for (int64_t i = 0; i < inputs.length; i++) program_->inputs.push_back(new_slot(share(inputs.data[i]), false));
}

int32_t ProgramRecorder::new_slot(const at::Tensor& tensor, bool captured) {
  auto slot = static_cast<int32_t>(program_->slots.values.size());
  program_->slots.values.push_back(tensor);
  program_->captured.push_back(captured);
  if (tensor.defined()) slot_of_[tensor.unsafeGetTensorImpl()] = slot;
  return slot;
}

int32_t ProgramRecorder::slot_of(TensorHandle handle) {
  auto found = slot_of_.find(handle);
  return found != slot_of_.end() ? found->second : new_slot(share(handle), true);
}

std::unique_ptr<Program> ProgramRecorder::finish(EagerTensors outputs) {
  Program& program = *program_;
  for (int64_t i = 0; i < outputs.length; i++) program.outputs.push_back(slot_of(outputs.data[i]));

  // A slot is released by the last instruction that touches it, unless it is held from run to run or asked for.
  std::vector<bool> kept = program.captured;
  for (int32_t slot : program.outputs) kept[slot] = true;
  std::vector<int32_t> touched;
  for (auto i = program.instructions.rbegin(); i != program.instructions.rend(); ++i) {
    touched = (*i)->results;
    (*i)->list_inputs(touched);
    for (int32_t slot : touched)
      if (!kept[slot]) { kept[slot] = true; (*i)->releases.push_back(slot); }
  }
  for (size_t slot = 0; slot < program.captured.size(); slot++)
    if (!program.captured[slot]) program.slots.values[slot].reset();
  program.capture = std::make_unique<Capture>(program.instructions, program.slots, program.inputs, program.outputs, program.captured);
  return std::move(program_);
}

void Program::run(const TensorHandle* given, TensorHandle* out) {
  std::unique_lock<std::mutex> lock(running, std::try_to_lock);
  if (!lock) throw std::runtime_error("a traced function is already running on another thread; trace one for each thread");
  if (capture->run(given, out)) return;
  try {
    for (size_t i = 0; i < inputs.size(); i++) slots.values[inputs[i]] = share(given[i]);
    for (auto& instruction : instructions) {
      instruction->run(slots);
      for (int32_t slot : instruction->releases) slots.values[slot].reset();
    }
    for (size_t i = 0; i < outputs.size(); i++) out[i] = give(at::Tensor(slots.values[outputs[i]]));
  } catch (...) {
    for (size_t slot = 0; slot < captured.size(); slot++) if (!captured[slot]) slots.values[slot].reset();
    throw;
  }
  for (size_t slot = 0; slot < captured.size(); slot++) if (!captured[slot]) slots.values[slot].reset();
  capture->note(given, out);
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
  program->capture->refuse(std::string(reason.data, static_cast<size_t>(reason.length)));
}

// How many graphs a replay launches, how many calls are in them, and why there are none; the text stays valid as long as the program does not run.
EAGER_EXPORT void eager_program_capture(Program* program, int64_t* graphs, int64_t* calls, EagerText* reason) {
  std::lock_guard<std::mutex> lock(program->running);
  *graphs = static_cast<int64_t>(program->capture->graphs());
  *calls = static_cast<int64_t>(program->capture->calls_in_graphs());
  const std::string& text = program->capture->reason();
  *reason = {text.data(), static_cast<int64_t>(text.size())};
}

EAGER_EXPORT int64_t eager_program_length(Program* program) { return static_cast<int64_t>(program->instructions.size()); }
EAGER_EXPORT void eager_program_free(Program* program) { delete program; }
