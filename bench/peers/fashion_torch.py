"""Fashion-MNIST trained by PyTorch, for the run of Eager beside it.

The quickest sensible loop: the decoded images are one tensor, an epoch's
order is one permutation, a batch is one gather; no DataLoader, no workers.
Prints the test accuracy after each epoch and the wall time of the training
loop, in which evaluation is not counted.
"""

import argparse
import gzip
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

FOLDER = "/usr/share/datasets/fashion-mnist"


def read_idx(path, magic):
    """The unsigned bytes of an IDX file, in the shape its header states."""
    with gzip.open(path, "rb") as file:
        content = file.read()
    if int.from_bytes(content[:4], "big") != magic:
        raise ValueError(f"{path} does not start with {magic:#010x}")
    rank = magic & 0xFF
    shape = np.frombuffer(content, ">u4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(folder, split):
    """Images in [0, 1] as [n, 1, 28, 28], labels as int64."""
    images = read_idx(os.path.join(folder, f"{split}-images-idx3-ubyte.gz"),
                      0x803)
    labels = read_idx(os.path.join(folder, f"{split}-labels-idx1-ubyte.gz"),
                      0x801)
    scaled = torch.from_numpy(images.copy()).unsqueeze(1).float().div_(255)
    return scaled, torch.from_numpy(labels.astype(np.int64))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(),
                         nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def cnn():
    return nn.Sequential(nn.Conv2d(1, 32, 3, stride=2), nn.ReLU(),
                         nn.Conv2d(32, 64, 3, stride=2), nn.ReLU(),
                         nn.Flatten(), nn.Dropout(0.5), nn.Linear(2304, 10))


def train_epoch(model, optimizer, images, labels, batch):
    """Seconds that one epoch over shuffled data took."""
    model.train()
    start = time.perf_counter()
    for chosen in torch.randperm(len(images)).split(batch):
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(images[chosen]), labels[chosen])
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start


@torch.no_grad()
def accuracy(model, images, labels):
    model.eval()
    right = sum((model(x).argmax(1) == y).sum().item()
                for x, y in zip(images.split(1000), labels.split(1000)))
    return right / len(images)


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=("mlp", "cnn"), default="mlp")
    parser.add_argument("--data", default=FOLDER)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--foreach", action="store_true",
                        help="Adam by horizontally fused kernels")
    return parser.parse_args()


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train, test = load(options.data, "train"), load(options.data, "t10k")
    model = mlp() if options.model == "mlp" else cnn()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3,
                                 foreach=options.foreach)
    seconds = 0.0
    for epoch in range(1, options.epochs + 1):
        seconds += train_epoch(model, optimizer, *train, options.batch)
        print(f"epoch {epoch}: test accuracy {accuracy(model, *test):.4f}, "
              f"training {seconds:.2f} s", flush=True)
    images = options.epochs * len(train[0])
    print(f"{options.epochs} epochs in {seconds:.2f} s, "
          f"{images / seconds:.0f} images/s")


if __name__ == "__main__":
    main()
