"""Asks Eager and PyTorch in turns and prints how they compare."""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
OPS = ["add", "mul", "relu", "sum", "mm", "reshape", "slice", "add_scalar"]
LARGE = ["multiply_add", "relu", "exp", "sum", "layer_norm"]
HEAVY = ["matmul_1024", "matmul_2048", "matmul_batched", "conv",
         "conv_backward"]
STEPS = [("W4", 16), ("W4", 128), ("W4", 1024), ("W5", 128), ("W7", 100)]


ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Losses of the twentieth step that differ by more are not of one training.
LOSS_TOLERANCE = 1e-3
# A limit is measured once, and has to be the quickest that there is.
LIMIT_SECONDS = 0.3


class Failed(Exception):
    """What a row shows instead of its numbers."""


class Contestant:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **ONE_THREAD})

    def ask(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"{self.name} has ended")
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(f"{self.name}: {reply['error']}")
        return reply

    def stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it ended before, which its rows have said
        self.process.wait()


def ratio(rounds, eager, torch):
    """Medians of Eager's speed, PyTorch's, and of their ratio."""
    pairs = []
    for _ in range(rounds):
        ours, theirs = eager(), torch()
        check_losses(ours.get("loss"), theirs.get("loss"))
        check_captured(ours)
        pairs.append((rate(ours), rate(theirs)))
    return [statistics.median(column) for column in
            zip(*((a, b, a / b) for a, b in pairs))]


def check_losses(ours, theirs):
    # So written that a loss that is not a number differs.
    if ours is not None and not (
            abs(ours - theirs) <= LOSS_TOLERANCE * abs(theirs)):
        raise Failed(f"losses differ: Eager {ours:.6g}, PyTorch {theirs:.6g}")


def check_captured(reply):
    if reply.get("variant") == "captured" and "graph" not in reply["replay"]:
        raise Failed(f"not captured: {reply['replay']}")


def rate(reply):
    """In runs a second."""
    return reply["steps_per_s"] if "steps_per_s" in reply else 1e9 / reply["ns"]


def rows(eager, torch, seconds, graphs):
    """Each row's name, its workload if any, and the two requests."""
    def both(name, ours, theirs):
        return (name, ours.get("name"),
                lambda: {**ours, **eager.ask(seconds=seconds, **ours)},
                lambda: torch.ask(seconds=seconds, **theirs))
    for op in OPS:
        yield both(f"W1 {op}", {"run": "W1", "op": op, "variant": "disposed"},
                   {"run": "W1", "op": op, "variant": "plain"})
    for name, kind in [(n, "W2") for n in LARGE] + [(n, "W3") for n in HEAVY]:
        request = {"run": "workload", "name": name}
        yield both(f"{kind} {name}", request, request)
    for row, batch in STEPS:
        request = {"run": row, "batch": batch}
        traced = ("traced", "captured") if graphs else ("traced",)
        for ours in ("scoped", *traced):
            for theirs in ("foreach", "graph") if graphs else ("foreach",):
                yield both(f"{row} of {batch}, {ours} / {theirs}",
                           {**request, "variant": ours},
                           {**request, "variant": theirs})


class Roofline:
    """What share of the device's own pace a workload has."""

    def __init__(self, eager, torch, seconds):
        limits = torch.ask(run="limits", seconds=max(seconds, LIMIT_SECONDS))
        self.limits = {"W2": limits["copy_gb_per_s"],
                       "W3": limits["gemm_gflops"]}
        self.amounts = eager.ask(run="amounts")

    def describe(self):
        return (f"the device's limits: {self.limits['W3']:,.0f} GFLOP/s in "
                f"float32 products, {self.limits['W2']:,.0f} GB/s copying")

    def share(self, row, workload, runs_per_second):
        """Empty for what neither limit bounds."""
        if workload not in self.amounts:
            return ""
        paces = self.amounts[workload] * runs_per_second
        return f"{paces / self.limits[row]:>10.0%}"


def print_table(eager, torch, options):
    """Prints a line for each row; says how many failed."""
    roofline = Roofline(eager, torch, options.seconds)
    print(roofline.describe())
    print(f"{'runs a second':<36}{'Eager':>14}{'PyTorch':>14}{'ratio':>8}"
          f"{'of limit':>10}")
    failures = 0
    graphs = options.device != "cpu"
    for name, workload, ours, theirs in rows(
            eager, torch, options.seconds, graphs):
        try:
            a, b, quotient = ratio(options.rounds, ours, theirs)
            text = (f"{a:>14,.1f}{b:>14,.1f}{quotient:>8.2f}"
                    f"{roofline.share(name[:2], workload, a)}")
        except Failed as reason:
            failures += 1
            text = f"FAILED {reason}"
        print(f"{name:<36}{text}", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("device")
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.15)
    options = parser.parse_args()
    eager = Contestant("Eager", [
        options.program, "serve", options.device, options.data])
    torch = Contestant("PyTorch", [
        sys.executable, os.path.join(HERE, "torch_gpu.py"), options.device,
        options.data])
    try:
        for contestant in (eager, torch):
            version = contestant.ask(run="hello")["version"]
            print(f"{contestant.name} {version}")
        failures = print_table(eager, torch, options)
    except Failed as reason:
        print(reason)
        failures = 1
    eager.stop()
    torch.stop()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
