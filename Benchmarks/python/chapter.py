# SPDX-License-Identifier: Apache-2.0
"""The concurrency models in CPython, beside ours: make models-python.

Runs small Python equivalents of the models and, when told where the tool is, `primality models all
--json`, and prints both columns.
"""

import argparse
import asyncio
import itertools
import json
import math
import multiprocessing
import os
import platform
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

FRAME = 0.1
# The chapter's number: about a second of CPython, in one loop.
PRIME = 5_000_111_000_222_021
# The first of the book's table: some seconds of CPython.
NUMBERS = [
    2, 142_702_110_479_723, 299_593_572_317_531, 3_333_333_333_333_301, 3_333_333_333_333_333,
    3_333_335_652_092_209,
]
FORK = multiprocessing.get_context("fork")


def blocks(n, size=200_000):
    """Odd divisors up to the root of n, in ranges, so that a nap needs no test in the loop."""
    root = math.isqrt(n)
    for first in range(3, root + 1, size):
        yield range(first, min(first + size, root + 1), 2)


def has_divisor(n, divisors):
    for divisor in divisors:
        if n % divisor == 0:
            return True
    return False


def is_prime(n):
    if n < 2 or n % 2 == 0:
        return n == 2
    return not any(has_divisor(n, block) for block in blocks(n))


async def is_prime_napping(n):
    if n < 2 or n % 2 == 0:
        return n == 2
    for block in blocks(n):
        if has_divisor(n, block):
            return False
        await asyncio.sleep(0)
    return True


# --- Spinners -------------------------------------------------------------------------------------


class Frames:
    """When frames were drawn."""

    def __init__(self):
        self.start = time.monotonic()
        self.times = []

    def draw(self):
        self.times.append(time.monotonic())

    def report(self):
        """Frames a second, and the longest gap in ms."""
        end = time.monotonic()
        times = [self.start, *self.times, end]
        gap = max(b - a for a, b in zip(times, times[1:]))
        return len(self.times) / (end - self.start), gap * 1e3


def spin(frames, done):
    for _ in itertools.cycle("\\|/-"):
        frames.draw()
        if done.wait(FRAME):
            break


def spin_in_thread(job):
    frames, done = Frames(), threading.Event()
    spinner = threading.Thread(target=spin, args=(frames, done))
    spinner.start()
    job()
    done.set()
    spinner.join()
    return frames.report()


def spin_and_report(done, pipe):
    frames = Frames()
    spin(frames, done)
    pipe.send(frames.report())


def spin_in_process(job):
    done = FORK.Event()
    here, there = FORK.Pipe()
    spinner = FORK.Process(target=spin_and_report, args=(done, there))
    spinner.start()
    job()
    done.set()
    report = here.recv()
    spinner.join()
    return report


def spin_in_task(job):
    """`job` is a coroutine function; a plain call inside it blocks the loop."""
    frames = Frames()

    async def spin_task():
        try:
            while True:
                frames.draw()
                await asyncio.sleep(FRAME)
        except asyncio.CancelledError:
            pass

    async def supervisor():
        spinner = asyncio.create_task(spin_task())
        await job()
        spinner.cancel()
        await asyncio.wait([spinner])

    asyncio.run(supervisor())
    return frames.report()


def measure_spinners(rows):
    def sleep():
        time.sleep(0.5)

    def work():
        assert is_prime(PRIME)

    async def sleep_task():
        await asyncio.sleep(0.5)

    async def work_on_the_loop():
        work()

    async def nap():
        assert await is_prime_napping(PRIME)

    async def work_in_thread():
        await asyncio.get_running_loop().run_in_executor(None, work)

    with ProcessPoolExecutor(1, mp_context=FORK) as pool:
        pool.submit(int).result()  # its process is there before the clock runs

        async def work_in_process():
            assert await asyncio.get_running_loop().run_in_executor(pool, is_prime, PRIME)

        for name, run, job in [
            ("thread, sleeping", spin_in_thread, sleep),
            ("process, sleeping", spin_in_process, sleep),
            ("task, sleeping", spin_in_task, sleep_task),
            ("thread, CPU-bound", spin_in_thread, work),
            ("process, CPU-bound", spin_in_process, work),
            ("task, blocking call", spin_in_task, work_on_the_loop),
            ("task, napping", spin_in_task, nap),
            ("task, call in a thread", spin_in_task, work_in_thread),
            ("task, call in a process", spin_in_task, work_in_process),
        ]:
            rate, gap = run(job)
            rows["frames a second: " + name] = (rate, "")
            rows["longest gap between frames: " + name] = (gap, "ms")


# --- Pools, the lock, a counter -------------------------------------------------------------------


def seconds(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def measure_pools(rows, workers):
    def run(pool):
        with pool:
            assert sum(pool.map(is_prime, NUMBERS)) == 4

    serial = seconds(lambda: [is_prime(n) for n in NUMBERS])
    threads = seconds(lambda: run(ThreadPoolExecutor(workers)))
    processes = seconds(lambda: run(ProcessPoolExecutor(workers, mp_context=FORK)))
    rows["speed-up of threads under the lock"] = (serial / threads, "x")
    rows["speed-up of processes"] = (serial / processes, "x")


def measure_lag(rows):
    """How late a thread that sleeps comes back while another one computes."""
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            sum(range(2000))

    thread = threading.Thread(target=compute)
    thread.start()
    lags = sorted(seconds(lambda: time.sleep(0.05)) - 0.05 for _ in range(11))
    stop.set()
    thread.join()
    rows["lag of a sleeper while another thread computes"] = (lags[5] * 1e3, "ms")


def measure_counter(rows, workers):
    count = 200_000

    def add(lock, cell):
        for _ in range(count):
            with lock:
                cell[0] += 1

    for threads, name in [(1, "1 thread"), (workers, "a thread a core")]:
        lock, cell = threading.Lock(), [0]
        crew = [threading.Thread(target=add, args=(lock, cell)) for _ in range(threads)]
        start = time.perf_counter()
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
        assert cell[0] == threads * count
        rows["additions under a mutex, " + name] = (
            cell[0] / (time.perf_counter() - start) / 1e6, "million/s")


# --- The tool's own column ------------------------------------------------------------------------

# By spinner: a model of `primality models all --json`, and what its figures begin with.
OUR_SPINNERS = {
    "thread, sleeping": ("spinner", "thread, sleeping"),
    "process, sleeping": ("spinner", "process, sleeping"),
    "task, sleeping": ("spinner", "task, sleeping"),
    "thread, CPU-bound": ("spinner", "thread, computing"),
    "process, CPU-bound": ("spinner", "process, computing"),
    "task, blocking call": ("run-in-executor", "on the loop"),
    "task, napping": ("napping", "nap every 50000 divisions"),
    "task, call in a thread": ("run-in-executor", "own thread"),
    "task, call in a process": ("run-in-executor", "own process"),
}
# By row: a model, its figure, and what turns it into the row's unit.
OURS = {
    "speed-up of threads under the lock": ("gil", "swift-trial threads+gil, speed-up", 1),
    "speed-up of processes": ("processes", "trial processes+shm, speed-up", 1),
    "lag of a sleeper while another thread computes": ("gil", "lag of a tick, interval 5 ms", 1),
    "additions under a mutex, 1 thread": ("contention", "counter, mutex, threads: 1", 1e-6),
    "additions under a mutex, a thread a core":
        ("contention", "counter, mutex, threads: {workers}", 1e-6),
}


def measure_ours(tool):
    answer = subprocess.run([tool, "models", "all", "--json"], stdout=subprocess.PIPE, check=True)
    report = json.loads(answer.stdout)
    # A figure that has another name by now is a mistake here: it raises, and leaves no gap.
    figures = {(m["name"], f["name"]): f["value"] for m in report["models"] for f in m["figures"]}
    rows = {}
    for name, (model, prefix) in OUR_SPINNERS.items():
        drawn, took = figures[model, prefix + ": frames drawn"], figures[model, prefix + ": time"]
        rows["frames a second: " + name] = drawn / took
        rows["longest gap between frames: " + name] = figures[model, prefix + ": longest gap"]
    for name, (model, figure, factor) in OURS.items():
        rows[name] = figures[model, figure.format(workers=report["workers"])] * factor
    return report["version"], rows


def text(value):
    return "-" if value is None else f"{value:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--primality", metavar="FILE", help="the tool, for the other column")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()

    workers = len(os.sched_getaffinity(0))
    rows = {}
    measure_spinners(rows)
    measure_pools(rows, workers)
    measure_lag(rows)
    measure_counter(rows, workers)
    version, ours = measure_ours(options.primality) if options.primality else (None, {})

    if options.json:
        json.dump({
            "python": platform.python_version(), "primality": version, "workers": workers,
            "rows": [{"name": name, "unit": unit, "python": value, "primality": ours.get(name)}
                     for name, (value, unit) in rows.items()],
        }, sys.stdout, indent=2)
        print()
        return
    print(f"{workers} workers\n")
    print(f"{'':58}{'CPython ' + platform.python_version():>16}", end="")
    print(f"{'primality ' + version:>18}" if version else "")
    for name, (value, unit) in rows.items():
        column = f"{text(ours.get(name)):>18}" if version else ""
        print(f"{name:58}{text(value):>16}{column} {unit}")


if __name__ == "__main__":
    main()
