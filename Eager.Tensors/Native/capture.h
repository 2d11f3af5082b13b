// Replays in few launches: stretches of a program's calls that run on a GPU alone become graphs, which the device records once and then does
// again on the same memory. What needs the host stays a call of its own between them: numbers that change from step to step, random draws and
// C# functions. A program that cannot be recorded so is replayed call by call, and says why.
#pragma once
#include "program.h"
#include <functional>
#include <unordered_set>

namespace eager {

// Work that a device records without doing it, and does whenever it is launched.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  virtual void capture(const std::function<void()>& work) = 0;
  virtual void launch() = 0;
};

// Makes the graphs of one program, which share their memory (capture_cuda.cpp). Throws where this LibTorch cannot record any.
std::function<std::unique_ptr<DeviceGraph>()> cuda_graphs(c10::Device device);

class Capture {
 public:
  // The program's parts, which outlive this; `held` says which slots keep their tensors from run to run.
  Capture(std::vector<std::unique_ptr<Instruction>>& instructions, const Slots& slots, const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs, std::vector<bool> held);

  // Says that the program is to be replayed call by call.
  void refuse(std::string reason);
  // Runs the program with graphs; false where it is to be replayed call by call.
  bool run(const TensorHandle* given, TensorHandle* out);
  // Looks at what a run call by call was given and gave.
  void note(const TensorHandle* given, const TensorHandle* out);

  size_t graphs() const;
  size_t calls_in_graphs() const;
  const std::string& reason() const { return reason_; }

 private:
  // Calls that one graph holds, or one call beside the graphs.
  struct Part {
    size_t first, last;
    bool is_graph;
    std::vector<int32_t> kept;  // the results of a graph that are read after it
    std::unique_ptr<DeviceGraph> graph;
  };

  void divide();
  bool begin(const TensorHandle* given);
  void run_parts();
  void run_calls(size_t first, size_t last);
  bool captured(Part& part);
  void fix(int32_t slot, const at::Tensor& value);
  void give_outputs(const TensorHandle* given, TensorHandle* out);
  void clear();

  std::vector<std::unique_ptr<Instruction>>& instructions_;
  const std::vector<int32_t>&inputs_, &outputs_;
  const std::vector<bool> held_;
  std::vector<bool> read_by_graph_, made_by_graph_, temporary_;  // a temporary is read in no other part than that which makes it
  std::unordered_set<const void*> memory_of_variables_;
  std::vector<Part> parts_;
  Slots slots_;                    // those of the program, with the memory of the graphs
  std::vector<at::Tensor> fixed_;  // per slot that a graph reads and none makes: the memory in which it is looked for
  std::function<std::unique_ptr<DeviceGraph>(const Part&)> make_graph_;
  int runs_ = 0;
  std::string reason_;
};

}  // namespace eager
