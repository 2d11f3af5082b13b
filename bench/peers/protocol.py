"""How a Python contestant talks with the benchmark driver.

One request a line on standard input, one reply a line on standard output,
both JSON. See bench/README.md for the fields.
"""

import json
import math
import sys
import time
import timeit

CHECK_STEPS = 20
REWIND_EVERY = 200
WARM_UP_STEPS = 3


def synchronize():
    """Waits for the device; a contestant on a GPU puts its own in here."""


def clock():
    """The time at which all that was asked for is done."""
    synchronize()
    return time.perf_counter()


def memory_mb(field):
    """A line of /proc/self/status (VmRSS, VmHWM) in mebibytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    raise LookupError(field)


def memory():
    return {"rss_mb": memory_mb("VmRSS"), "peak_rss_mb": memory_mb("VmHWM")}


def check_loss(training):
    """The loss that the last of the first steps saw, dropout switched off."""
    for _ in range(CHECK_STEPS):
        loss = training.step(dropout=False)
    return float(loss)


def timed_steps(training, count):
    start = clock()
    for _ in range(count):
        training.step()
    return clock() - start


def steps_per_second(training, seconds):
    """Steps a second, the weights put back now and then outside the clock,
    so that every turn trains the same stretch of the same problem.
    """
    warm_up = timed_steps(training, WARM_UP_STEPS) / WARM_UP_STEPS
    chunk = min(max(math.ceil(seconds / 4 / warm_up), 1), REWIND_EVERY)
    steps, elapsed = 0, 0.0
    while elapsed < seconds:
        training.rewind()
        elapsed += timed_steps(training, chunk)
        steps += chunk
    return steps / elapsed


def slowest_of(training, count):
    """Steps a second and the slowest step of a run that is never rewound."""
    slowest, before = 0.0, time.perf_counter()
    start = before
    for _ in range(count):
        training.step()
        now = time.perf_counter()
        slowest, before = max(slowest, now - before), now
    return {"steps_per_s": count / (before - start),
            "slowest_ms": slowest * 1e3}


def nanoseconds(statement, variables, seconds):
    """Quickest of several batches of a statement, in nanoseconds a run."""
    timer = timeit.Timer(statement, globals=variables, timer=clock)
    timer.timeit(1000)
    number = max(int(seconds / 10 / (timer.timeit(2000) / 2000)), 1)
    return min(timer.repeat(repeat=10, number=number)) / number * 1e9


def nanoseconds_of(run, seconds):
    """Quickest of four batches of a function, in nanoseconds a run."""
    for _ in range(2):
        start = clock()
        run()
        once = clock() - start
    number = max(int(seconds / 4 / once), 1)
    batches = timeit.repeat(run, timer=clock, repeat=4, number=number)
    return min(batches) / number * 1e9


class Workloads:
    """Answers W2, W3, W10 and W12; each workload is made once and kept."""

    def __init__(self, make):
        self.make = make
        self.made = {}

    def __call__(self, request):
        name = request["name"]
        if name not in self.made:
            self.made[name] = self.make(name)
        return {"ns": nanoseconds_of(self.made[name], request["seconds"])}


class Trainings:
    """Answers the training rows; each workload is made once and kept."""

    def __init__(self, make):
        self.make = make
        self.made = {}

    def __call__(self, request):
        key = (request["run"], request.get("batch"), request.get("variant"))
        if key not in self.made:
            training = self.make(*key)
            self.made[key] = training, check_loss(training)
        training, loss = self.made[key]
        if "steps" in request:
            reply = slowest_of(training, request["steps"])
        else:
            rate = steps_per_second(training, request["seconds"])
            reply = {"steps_per_s": rate}
        return {**reply, "loss": loss, **memory()}


def answer(handlers, line):
    try:
        request = json.loads(line)
        return handlers[request["run"]](request)
    except Exception as error:  # the driver shows what went wrong, and where
        return {"error": f"{type(error).__name__}: {error}"}


def serve(handlers):
    for line in sys.stdin:
        print(json.dumps(answer(handlers, line)), flush=True)
