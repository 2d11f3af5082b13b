"""PyTorch as a contestant on a device, eager and as a captured CUDA graph."""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "peers"))

import torch

import protocol
import torch_peer
import torch_workloads
from problems import Problems


class Captured:
    """A training whose step is recorded once and replayed."""

    def __init__(self, training):
        self.training = training
        self.optimizer = training.optimizer = torch.optim.Adam(
            training.weights, lr=training.optimizer.defaults["lr"],
            capturable=True)
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                training.step()
        torch.cuda.current_stream().wait_stream(aside)
        training.rewind()
        self.forget()
        self.steps = {dropout: self.capture(dropout)
                      for dropout in (False, True)}

    def forget(self):
        """Adam as it was before the steps that a capture needs ahead."""
        for state in self.optimizer.state.values():
            for value in state.values():
                value.zero_()

    def capture(self, dropout):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss = self.training.step(dropout)
        return graph, loss

    def step(self, dropout=True):
        graph, loss = self.steps[dropout]
        graph.replay()
        return loss

    def rewind(self):
        self.training.rewind()


def limits(request):
    """What the device does at most: float32 products and copying."""
    size = 1024 if torch_peer.device == "cpu" else 8192
    a, b = torch.rand(size, size), torch.rand(size, size)
    c = torch.empty(size, size)
    source = torch.ones(size * size)
    target = torch.empty_like(source)
    product = protocol.nanoseconds_of(
        lambda: torch.mm(a, b, out=c), request["seconds"])
    copy = protocol.nanoseconds_of(
        lambda: target.copy_(source), request["seconds"])
    return {"gemm_gflops": 2 * size ** 3 / product,
            "copy_gb_per_s": 2 * 4 * source.numel() / copy}


def training(problems, row, batch, variant):
    if variant != "graph":
        return torch_peer.training(problems, row, batch, variant)
    return Captured(torch_peer.training(problems, row, batch, "loop"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device")
    parser.add_argument("data")
    options = parser.parse_args()
    torch_peer.device = options.device
    if options.device != "cpu":
        torch.set_default_device(options.device)
        protocol.synchronize = torch.cuda.synchronize
    torch.set_num_threads(1)
    problems = Problems(options.data)
    rows = protocol.Trainings(lambda *key: training(problems, *key))
    protocol.serve({
        "hello": torch_peer.describe, "W1": torch_peer.time_op, "W4": rows,
        "W5": rows, "W7": rows, "limits": limits,
        "workload": protocol.Workloads(torch_workloads.make),
    })


if __name__ == "__main__":
    main()
