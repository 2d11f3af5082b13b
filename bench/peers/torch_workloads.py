"""W2, W3, W10 and W12 in PyTorch."""

import torch
import torch.nn.functional as F

LARGE = 10_000_000


def make(name):
    """A function without arguments that computes the workload once."""
    kind, _, size = name.rpartition("_")
    if kind == "matmul":
        shape = (64, 64, 64) if size == "batched" else (int(size),) * 2
        a, b = torch.rand(shape), torch.rand(shape)
        return lambda: a @ b
    if kind == "chain":
        return chain(int(size))
    if kind == "batch":
        return gradient([784, 256, 256, 10], int(size))
    if kind == "layers":
        return gradient([64] * (int(size) + 1), 32)
    if name in ("conv", "conv_backward"):
        return convolution(name == "conv_backward")
    if name in ("forward", "forward_recorded"):
        return forward([784, 256, 256, 10], 32, name == "forward_recorded")
    if name in ("gradient", "second_order"):
        return gradient([784, 256, 256, 10], 32, name == "second_order")
    return on_large(name)


def on_large(name):
    x, y, z = (torch.rand(LARGE) for _ in range(3))
    rows = x.reshape(-1, 1000)
    scale, offset = torch.ones(1000), torch.zeros(1000)
    return {
        "multiply_add": lambda: x * y + z,
        "relu": lambda: torch.relu(x),
        "exp": lambda: torch.exp(x),
        "sum": lambda: torch.sum(x),
        "layer_norm": lambda: F.layer_norm(rows, (1000,), scale, offset),
    }[name]


def convolution(backward):
    """Channels last, which is the quicker layout."""
    images = torch.rand(64, 32, 28, 28)
    images = images.contiguous(memory_format=torch.channels_last)
    filters = torch.rand(64, 32, 3, 3)
    filters = filters.contiguous(memory_format=torch.channels_last)
    if not backward:
        return lambda: F.conv2d(images, filters)
    images.requires_grad_()
    filters.requires_grad_()
    ones = torch.ones_like(F.conv2d(images, filters))
    return lambda: torch.autograd.grad(F.conv2d(images, filters),
                                       [images, filters], ones)


def chain(length):
    x = torch.rand(10).requires_grad_()

    def run():
        y = x
        for _ in range(length):
            y = y * 1.0001
        return torch.autograd.grad(y.sum(), x)

    return run


def mlp(widths, batch, requires_grad=True):
    """The loss as a function, and the weights."""
    weights = []
    for inputs, outputs in zip(widths, widths[1:]):
        weight = (torch.rand(outputs, inputs) - 0.5) / inputs ** 0.5
        weights.append((weight.requires_grad_(requires_grad),
                        torch.zeros(outputs, requires_grad=requires_grad)))
    x = torch.rand(batch, widths[0])
    labels = torch.arange(batch) % 10

    def loss():
        y = x
        for w, b in weights[:-1]:
            y = F.relu(F.linear(y, w, b))
        return F.cross_entropy(F.linear(y, *weights[-1]), labels)

    return loss, [part for pair in weights for part in pair]


def forward(widths, batch, recorded):
    return mlp(widths, batch, recorded)[0]


def gradient(widths, batch, second=False):
    loss, weights = mlp(widths, batch)
    if not second:
        return lambda: torch.autograd.grad(loss(), weights)

    def run():
        gradients = torch.autograd.grad(loss(), weights, create_graph=True)
        squares = sum(g.square().sum() for g in gradients)
        return torch.autograd.grad(squares, weights)

    return run
