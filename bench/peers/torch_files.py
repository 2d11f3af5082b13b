"""W11 in PyTorch: a checkpoint, and scalars written while training."""

import os
import time

import torch

MEGABYTE = 1 << 20
VARIABLE = 16 * MEGABYTE
SCALARS_PER_STEP = 10


def checkpoint(folder, request):
    """`variant` synced brings what was written to the disk."""
    count = request["megabytes"] * MEGABYTE // VARIABLE
    variables = {f"v{i}": torch.rand(VARIABLE // 4) for i in range(count)}
    path = os.path.join(folder, "torch.pt")
    gigabytes = count * VARIABLE / 1e9
    try:
        begin = time.perf_counter()
        with open(path, "wb") as file:
            torch.save(variables, file)
            if request["variant"] == "synced":
                file.flush()
                os.fsync(file.fileno())
        save = time.perf_counter() - begin
        begin = time.perf_counter()
        for name, value in torch.load(path).items():
            variables[name].copy_(value)
        restore = time.perf_counter() - begin
    finally:
        if os.path.exists(path):
            os.remove(path)
    return {"save_gb_per_s": gigabytes / save,
            "restore_gb_per_s": gigabytes / restore}


def events(folder, training, request):
    """Nothing where the package that PyTorch writes events with is absent."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return {}
    steps = request["scalars"] // SCALARS_PER_STEP
    begin = time.perf_counter()
    for _ in range(steps):
        training.step()
    plain = time.perf_counter() - begin
    with SummaryWriter(os.path.join(folder, "torch_events")) as writer:
        begin = time.perf_counter()
        for step in range(steps):
            training.step()
            for i in range(SCALARS_PER_STEP):
                writer.add_scalar(f"scalar_{i}", step, step)
        writing = time.perf_counter() - begin
    return {"plain_s": plain, "writing_s": writing}
