"""Computes with PyTorch what Eager.AgainstPyTorch computed with Eager.

Reads FOLDER/cases.tsv (number, arguments, those to differentiate, expression)
and FOLDER/inputs.npz, writes values and gradients to FOLDER/outputs.npz.
"""

import os
import sys

import numpy as np
import torch
import torch.nn.functional as F


def run(number, names, differentiable, expression, inputs):
    """The arrays of one case by their keys."""
    tensors = {name: torch.from_numpy(inputs[f"{number}/{name}"])
               for name in names}
    for name in differentiable:
        tensors[name].requires_grad_()
    y = eval(expression, {"torch": torch, "F": F}, tensors)
    results = {f"{number}/y": y.detach().contiguous().numpy()}
    if differentiable:
        gradients = torch.autograd.grad(
            y, [tensors[name] for name in differentiable],
            torch.from_numpy(inputs[f"{number}/g"]))
        for name, gradient in zip(differentiable, gradients):
            results[f"{number}/d{name}"] = gradient.contiguous().numpy()
    return results


def main():
    folder = sys.argv[1]
    inputs = np.load(os.path.join(folder, "inputs.npz"))
    outputs = {}
    errors = {}
    with open(os.path.join(folder, "cases.tsv"), encoding="utf-8") as file:
        for line in file:
            number, names, differentiable, expression = \
                line.rstrip("\n").split("\t")
            try:
                outputs.update(run(number, names, differentiable, expression,
                                   inputs))
            except Exception as error:
                errors[expression] = error
    if errors:
        sys.exit("\n".join(f"PyTorch: {expression}: {error}"
                           for expression, error in errors.items()))
    np.savez(os.path.join(folder, "outputs.npz"), **outputs)


if __name__ == "__main__":
    main()
