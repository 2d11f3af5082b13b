"""W6 in PyTorch: an epoch of Fashion-MNIST through its DataLoader."""

import os
import time

import torch
import torch.nn.functional as F
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

from fashion_torch import FOLDER, read_idx

BATCH = 128


class Pictures(Dataset):
    """One picture at a time, or a batch of them by a list of places."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, place):
        picture = self.images[place].flatten(-2).float().div_(255)
        return picture, self.labels[place]


def load(count):
    """The bytes of the pictures, not yet decoded, and their labels."""
    path = os.path.join(FOLDER, "train-{}-ubyte.gz")
    images = read_idx(path.format("images-idx3"), 0x803)[:count]
    labels = read_idx(path.format("labels-idx1"), 0x801)[:count]
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.copy()).long()


def loader(data, variant):
    """`variant` is who decodes what, as Roster.cs lists them."""
    if variant == "pictures":
        return DataLoader(data, BATCH, shuffle=True, num_workers=2)
    workers = 2 if variant == "batches" else 0
    batches = BatchSampler(RandomSampler(data), BATCH, drop_last=False)
    return DataLoader(data, batch_size=None, sampler=batches,
                      num_workers=workers)


def run(weights, request):
    weights = [torch.from_numpy(w).clone().requires_grad_() for w in weights]
    w1, b1, w2, b2, w3, b3 = weights
    adam = torch.optim.Adam(weights, lr=1e-3)
    begin = time.perf_counter()
    data = Pictures(*load(request["images"]))
    opening = time.perf_counter() - begin

    total = waiting = 0.0
    begin = time.perf_counter()
    batches = iter(loader(data, request["variant"]))
    waiting += time.perf_counter() - begin
    while True:
        asked = time.perf_counter()
        batch = next(batches, None)
        waiting += time.perf_counter() - asked
        if batch is None:
            break
        x, y = batch
        adam.zero_grad(set_to_none=True)
        hidden = F.relu(F.linear(x, w1, b1))
        hidden = F.relu(F.linear(hidden, w2, b2))
        loss = F.cross_entropy(F.linear(hidden, w3, b3), y)
        loss.backward()
        adam.step()
        total += loss.item() * len(x) / len(data)
    taken = time.perf_counter() - begin
    return {"images_per_s": len(data) / taken, "waiting": waiting / taken,
            "opening_s": opening, "loss": total}
