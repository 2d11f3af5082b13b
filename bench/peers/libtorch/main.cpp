// Bare LibTorch as a contestant of the benchmark; see bench/README.md for the protocol.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <iostream>

#include "limits.h"
#include "ops.h"
#include "protocol.h"
#include "training.h"

namespace {

struct Checked {
  std::unique_ptr<Training> training;
  double loss;
};

// Each workload is made once and kept.
Checked& training_of(const Problems& problems, const Request& request) {
  static std::map<std::string, Checked> made;
  std::string row = field(request, "run"), way = field(request, "variant");
  int64_t batch = request.count("batch") ? static_cast<int64_t>(number(request, "batch")) : 0;
  Checked& entry = made[row + way + std::to_string(batch)];
  if (!entry.training) {
    auto make = way == "autograd" ? make_autograd : make_below_autograd;
    entry.training = make(problems, row, batch);
    entry.loss = check_loss(*entry.training);
  }
  return entry;
}

Reply answer(const Problems& problems, const Request& request) {
  std::string row = field(request, "run");
  if (row == "hello") return Reply().add("version", TORCH_VERSION).add("threads", at::get_num_threads()).add_memory();
  double seconds = number(request, "seconds");
  if (row == "limits")
    return Reply().add("gemm_gflops", gemm_gflops(seconds)).add("copy_gb_per_s", copy_gigabytes_per_second(seconds));
  if (row == "W1") return Reply().add("ns", op_nanoseconds(field(request, "op"), field(request, "variant"), seconds));
  Checked& entry = training_of(problems, request);
  return Reply().add("steps_per_s", steps_per_second(*entry.training, seconds)).add("loss", entry.loss).add_memory();
}

void serve(const Problems& problems) {
  for (std::string line; std::getline(std::cin, line);) {
    Reply reply;
    try {
      reply = answer(problems, parse_request(line));
    } catch (const std::exception& error) {
      reply = Reply().add("error", error.what());
    }
    std::cout << reply.text() << std::endl;
  }
}

}  // namespace

// libtorch_peer DATA THREADS serves requests; libtorch_peer --once computes one sum and ends.
int main(int count, char** arguments) {
  if (count == 2 && std::string(arguments[1]) == "--once") {
    std::cout << at::ones({3}).sum().item<float>() << std::endl;
    return 0;
  }
  if (count != 3) {
    std::cerr << "libtorch_peer DATA THREADS | libtorch_peer --once" << std::endl;
    return 2;
  }
  at::set_num_threads(std::stoi(arguments[2]));
  serve(Problems(arguments[1]));
  return 0;
}
