"""NumPy as a contestant: forward pass, backward pass and Adam by hand."""

import argparse

import numpy as np

import protocol
from problems import Problems

OPS = {
    "add": "a + b",
    "mul": "a * b",
    "relu": "maximum(a, zero)",
    "sum": "a.sum()",
    "mm": "m @ n",
    "reshape": "a.reshape(2, 5)",
    "slice": "a[2:7]",
    "add_scalar": "a + scalar",
}


class Adam:
    """Kingma and Ba, algorithm 1, one pass in place over each weight."""

    def __init__(self, weights, rate):
        self.weights, self.rate, self.steps = weights, rate, 0
        self.means = [np.zeros_like(w) for w in weights]
        self.squares = [np.zeros_like(w) for w in weights]

    def step(self, gradients):
        self.steps += 1
        rate = np.float32(self.rate / (1 - 0.9 ** self.steps))
        scale = np.float32(1 / np.sqrt(1 - 0.999 ** self.steps))
        for w, g, m, v in zip(self.weights, gradients,
                              self.means, self.squares):
            self.update(w, g, m, v, rate, scale)

    @staticmethod
    def update(w, g, m, v, rate, scale):
        m *= np.float32(0.9)
        m += np.float32(0.1) * g
        v *= np.float32(0.999)
        np.multiply(g, g, out=g)
        g *= np.float32(0.001)
        v += g
        np.sqrt(v, out=g)
        g *= scale
        g += np.float32(1e-8)
        np.divide(m, g, out=g)
        g *= rate
        w -= g


class Training:
    def __init__(self, weights, rate):
        self.start = weights
        self.weights = [w.copy() for w in weights]
        self.optimizer = Adam(self.weights, rate)

    def step(self, dropout=True):
        loss, gradients = self.loss_and_gradients(dropout)
        self.optimizer.step(gradients)
        return loss

    def rewind(self):
        for weight, start in zip(self.weights, self.start):
            weight[...] = start


def cross_entropy(logits, labels):
    """The mean loss and its gradient in the logits, softmax(z) - onehot."""
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    loss = (np.log(sums[:, 0]) - shifted[rows, labels]).mean()
    gradient = exponentials / sums
    gradient[rows, labels] -= 1
    gradient /= np.float32(len(labels))
    return loss, gradient


def linear(x, w, b):
    y = x @ w.T
    y += b
    return y


class Mlp(Training):
    def __init__(self, problems, batch):
        weights, images, labels = problems.mlp()
        super().__init__(weights, 1e-3)
        self.images, self.labels = images[:batch], labels[:batch]

    def loss_and_gradients(self, dropout):
        w1, b1, w2, b2, w3, b3 = self.weights
        h1 = linear(self.images, w1, b1)
        np.maximum(h1, 0, out=h1)
        h2 = linear(h1, w2, b2)
        np.maximum(h2, 0, out=h2)
        loss, g3 = cross_entropy(linear(h2, w3, b3), self.labels)
        g2 = g3 @ w3
        g2 *= h2 > 0
        g1 = g2 @ w2
        g1 *= h1 > 0
        return loss, [g1.T @ self.images, g1.sum(axis=0),
                      g2.T @ h1, g2.sum(axis=0), g3.T @ h2, g3.sum(axis=0)]


def patches(maps):
    """Every 3x3 window at stride 2: [n, c, h, w] to [n*h'*w', c*9]."""
    windows = np.lib.stride_tricks.sliding_window_view(maps, (3, 3), (2, 3))
    windows = windows[:, :, ::2, ::2]
    n, c, h, w = windows.shape[:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * 9)


def add_patches(columns, shape):
    """The transpose of `patches`: windows summed back into their maps."""
    n, c, height, width = shape
    h, w = (height - 1) // 2, (width - 1) // 2
    windows = columns.reshape(n, h, w, c, 3, 3).transpose(0, 3, 1, 2, 4, 5)
    maps = np.zeros(shape, np.float32)
    for i in range(3):
        for j in range(3):
            maps[:, :, i:i + 2 * h:2, j:j + 2 * w:2] += windows[..., i, j]
    return maps


def convolution(columns, kernel, bias, shape):
    """Patches times kernel plus bias, relu, as [n, filters, h, w]."""
    n, h, w = shape
    y = linear(columns, kernel.reshape(len(kernel), -1), bias)
    np.maximum(y, 0, out=y)
    return y.reshape(n, h, w, -1).transpose(0, 3, 1, 2)


class Cnn(Training):
    def __init__(self, problems):
        weights, self.images, self.labels = problems.cnn()
        super().__init__(weights, 1e-3)
        self.random = np.random.default_rng(1)

    def loss_and_gradients(self, dropout):
        k1, c1, k2, c2, w, b = self.weights
        n = len(self.images)
        columns1 = patches(self.images)
        maps1 = convolution(columns1, k1, c1, (n, 13, 13))
        columns2 = patches(maps1)
        maps2 = convolution(columns2, k2, c2, (n, 6, 6))
        flat = maps2.reshape(n, -1)
        mask = self.mask(flat.shape) if dropout else np.float32(1)
        dropped = flat * mask
        loss, g3 = cross_entropy(linear(dropped, w, b), self.labels)
        g2 = ((g3 @ w) * mask * (flat > 0)).reshape(n, 64, 36)
        g2 = g2.transpose(0, 2, 1).reshape(n * 36, 64)
        g1 = add_patches(g2 @ k2.reshape(64, -1), maps1.shape) * (maps1 > 0)
        g1 = g1.transpose(0, 2, 3, 1).reshape(n * 169, 32)
        return loss, [(g1.T @ columns1).reshape(k1.shape), g1.sum(axis=0),
                      (g2.T @ columns2).reshape(k2.shape), g2.sum(axis=0),
                      g3.T @ dropped, g3.sum(axis=0)]

    def mask(self, shape):
        """Half of the values are dropped, the others doubled."""
        kept = self.random.random(shape, np.float32) < 0.5
        return kept * np.float32(2)


class Polynomial(Training):
    def __init__(self, problems):
        weights, self.x, self.y = problems.polynomial()
        super().__init__([weights], 0.1)

    def loss_and_gradients(self, dropout):
        w, = self.weights
        powers = np.stack([np.square(self.x), self.x, np.ones_like(self.x)], 1)
        error = np.squeeze(powers @ w, 1) - self.y
        loss = error @ error / 2 + 0.1 * float(w[:, 0] @ w[:, 0]) / 2
        return loss, [(powers.T @ error)[:, None] + np.float32(0.1) * w]


def training(problems, row, batch, variant):
    if row in ("W4", "W8"):
        return Mlp(problems, batch)
    return Cnn(problems) if row == "W5" else Polynomial(problems)


def workload(name):
    """W2 and the products of W3."""
    random = np.random.default_rng(0)
    if name.startswith("matmul"):
        size = name.rpartition("_")[2]
        shape = (64, 64, 64) if size == "batched" else (int(size),) * 2
        a, b = random.random(shape, "f4"), random.random(shape, "f4")
        return lambda: a @ b
    x, y, z = (random.random(10_000_000, "f4") for _ in range(3))
    return {
        "multiply_add": lambda: x * y + z,
        "relu": lambda: np.maximum(x, np.float32(0)),
        "exp": lambda: np.exp(x),
        "sum": lambda: np.sum(x),
    }[name]


def time_op(request):
    vector, square = np.arange(10, dtype="f4"), np.ones((4, 4), "f4")
    variables = {"a": vector, "b": vector.copy(), "m": square,
                 "n": square.copy(), "scalar": np.float32(2.5),
                 "zero": np.float32(0), "maximum": np.maximum}
    statement = OPS[request["op"]]
    return {"ns": protocol.nanoseconds(statement, variables,
                                       request["seconds"])}


def describe(_):
    return {"version": np.__version__, **protocol.memory()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    options = parser.parse_args()
    problems = Problems(options.data)
    rows = protocol.Trainings(lambda *key: training(problems, *key))
    protocol.serve({"hello": describe, "W1": time_op, "W4": rows, "W5": rows,
                    "W7": rows, "W8": rows,
                    "workload": protocol.Workloads(workload)})


if __name__ == "__main__":
    main()
