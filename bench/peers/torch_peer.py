"""PyTorch as a contestant of the benchmark."""

import argparse

import torch
import torch.nn.functional as F

import protocol
import torch_epochs
import torch_files
import torch_workloads
from problems import Problems

OPS = {
    "add": "a + b",
    "mul": "a * b",
    "relu": "relu(a)",
    "sum": "a.sum()",
    "mm": "mm(m, n)",
    "reshape": "a.reshape(2, 5)",
    "slice": "a[2:7]",
    "add_scalar": "a + 2.5",
}


device = "cpu"


def tensor(values):
    return torch.from_numpy(values).to(device)


class Training:
    """One step is forward pass, loss, backward pass and Adam."""

    def __init__(self, weights, rate, adam):
        self.start = [tensor(w) for w in weights]
        self.weights = [w.clone().requires_grad_() for w in self.start]
        quickest = {"foreach": True} if adam == "foreach" else {}
        self.optimizer = torch.optim.Adam(self.weights, lr=rate, **quickest)
        self.set_to_none = adam != "plain"

    def step(self, dropout=True):
        self.optimizer.zero_grad(set_to_none=self.set_to_none)
        loss = self.loss(dropout)
        loss.backward()
        self.optimizer.step()
        return loss

    def rewind(self):
        with torch.no_grad():
            for weight, start in zip(self.weights, self.start):
                weight.copy_(start)


class Mlp(Training):
    def __init__(self, problems, batch, adam):
        weights, images, labels = problems.mlp()
        super().__init__(weights, 1e-3, adam)
        self.images = tensor(images[:batch])
        self.labels = tensor(labels[:batch])

    def loss(self, dropout):
        w1, b1, w2, b2, w3, b3 = self.weights
        hidden = F.relu(F.linear(self.images, w1, b1))
        hidden = F.relu(F.linear(hidden, w2, b2))
        return F.cross_entropy(F.linear(hidden, w3, b3), self.labels)


class Cnn(Training):
    def __init__(self, problems, adam):
        weights, images, labels = problems.cnn()
        super().__init__(weights, 1e-3, adam)
        self.images = tensor(images)
        self.labels = tensor(labels)

    def loss(self, dropout):
        k1, c1, k2, c2, w, b = self.weights
        maps = F.relu(F.conv2d(self.images, k1, c1, stride=2))
        maps = F.relu(F.conv2d(maps, k2, c2, stride=2))
        flat = F.dropout(maps.flatten(1), 0.5, training=dropout)
        return F.cross_entropy(F.linear(flat, w, b), self.labels)


class Polynomial(Training):
    def __init__(self, problems, adam):
        weights, x, y = problems.polynomial()
        super().__init__([weights], 0.1, adam)
        self.x, self.y = tensor(x), tensor(y)

    def loss(self, dropout):
        w, = self.weights
        powers = [torch.square(self.x), self.x, torch.ones_like(self.x)]
        fit = torch.squeeze(torch.matmul(torch.stack(powers, 1), w), 1)
        error = torch.sum(torch.square(fit - self.y)) / 2
        return error + 0.1 * (torch.sum(torch.square(w)) / 2)


def training(problems, row, batch, variant):
    """`variant` is the way of Adam: plain, loop or foreach."""
    if row in ("W4", "W8"):
        return Mlp(problems, batch, variant)
    if row == "W5":
        return Cnn(problems, variant)
    return Polynomial(problems, variant)


def time_op(request):
    recording = request["variant"] == "recorded"
    vector = torch.arange(10, dtype=torch.float32, device=device)
    square = torch.ones(4, 4, device=device)
    variables = {
        "a": vector.clone().requires_grad_(recording), "b": vector.clone(),
        "m": square.clone().requires_grad_(recording), "n": square.clone(),
        "relu": torch.relu, "mm": torch.mm,
    }
    statement = OPS[request["op"]]
    return {"ns": protocol.nanoseconds(statement, variables,
                                       request["seconds"])}


def describe(_):
    return {"version": torch.__version__,
            "threads": torch.get_num_threads(), **protocol.memory()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    problems = Problems(options.data)
    rows = protocol.Trainings(lambda *key: training(problems, *key))
    workloads = protocol.Workloads(torch_workloads.make)
    protocol.serve({
        "hello": describe, "W1": time_op, "W4": rows, "W5": rows, "W7": rows,
        "W8": rows, "workload": workloads,
        "W6": lambda request: torch_epochs.run(problems.mlp()[0], request),
        "W11 checkpoint": lambda request: torch_files.checkpoint(
            options.data, request),
        "W11 events": lambda request: torch_files.events(
            options.data, Mlp(problems, 128, "loop"), request),
    })


if __name__ == "__main__":
    main()
