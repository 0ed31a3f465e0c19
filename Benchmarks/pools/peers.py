# SPDX-License-Identifier: Apache-2.0
"""Python's process pools on the work of `primality bench --rooms pools`, for its --peers.

    python3 peers.py LIBRARY FILE [--rounds N] [--quick]

Measures each pool in turn, in rounds whose order rotates, and writes what `primality bench --peers` reads. Options
that it does not know are those of `primality bench`.
"""

import argparse
import concurrent.futures
import ctypes
import json
import multiprocessing
import os
import platform
import re
import statistics
import sys
import time

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("library")
parser.add_argument("file")
parser.add_argument("--rounds", type=int)
parser.add_argument("--quick", action="store_true")
options = parser.parse_known_args()[0]
rounds = options.rounds or (3 if options.quick else 9)
workers = len(os.sched_getaffinity(0))

library = ctypes.CDLL(os.path.abspath(options.library))
library.prk_is_prime_u64.argtypes = [ctypes.c_uint64]
library.prk_is_prime_u64.restype = ctypes.c_bool
# The numbers lie in a bytes object, which ctypes passes without a copy.
library.prk_test_u64_batch.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
library.prk_test_u64_batch.restype = ctypes.c_int
library.prk_smallest_factor_u64.argtypes = [ctypes.c_uint64, ctypes.POINTER(ctypes.c_uint64)]
library.prk_smallest_factor_u64.restype = ctypes.c_int
library.prk_compiler.restype = ctypes.c_char_p

COMPOSITE = 1
fork = multiprocessing.get_context("fork")


# --- What the workers do --------------------------------------------------------------------------


def test_array(words):
    """A chunk as one item: one call of the kernel, a byte a verdict."""
    count = len(words) // 8
    verdicts = ctypes.create_string_buffer(count)
    status = library.prk_test_u64_batch(words, verdicts, count)
    assert status == 0, status
    return verdicts.raw


def test_number(n):
    """A number as one item: one call a number."""
    return library.prk_is_prime_u64(n)


def divide(n):
    """Complete trial division."""
    factor = ctypes.c_uint64()
    status = library.prk_smallest_factor_u64(n, ctypes.byref(factor))
    assert status == 0, status
    return factor.value == n


# --- The pools ------------------------------------------------------------------------------------


class Pool:
    def __init__(self):
        self.pool = fork.Pool(workers)

    def map(self, function, items, chunk):
        return self.pool.imap_unordered(function, items, chunk)

    def one(self, function, item):
        return self.pool.apply(function, (item,))

    def end(self):
        self.pool.close()
        self.pool.join()


class Executor:
    def __init__(self):
        self.pool = concurrent.futures.ProcessPoolExecutor(workers, mp_context=fork)

    def map(self, function, items, chunk):
        return self.pool.map(function, items, chunksize=chunk)

    def one(self, function, item):
        return self.pool.submit(function, item).result()

    def end(self):
        self.pool.shutdown()


class NoPool:
    def map(self, function, items, chunk):
        return map(function, items)

    def one(self, function, item):
        return function(item)

    def end(self):
        pass


POOLS = {"multiprocessing.Pool": Pool, "ProcessPoolExecutor": Executor}
NO_POOL = {"Python, no pool": NoPool}

# --- Measuring ------------------------------------------------------------------------------------

SIZES = [1, 16, 256, 4096]
LARGE = 1 << 20
# The 20 numbers of the book's primes table.
BOOK = """2 142702110479723 299593572317531 3333333333333301 3333333333333333 3333335652092209 4444444444444423
    4444444444444444 4444444488888889 5555553133149889 5555555555555503 5555555555555555 6666666666666666
    6666666666666719 6666667141414921 7777777536340681 7777777777777753 7777777777777777 9999999999999917
    9999999999999999"""


def small_even(count):
    """As the room's numbers: composites that the kernel tells at once."""
    return [4 + 2 * (i % 29) for i in range(count)]


def run(pool, function, items, size, right, single=False):
    """Nanoseconds until a pool is there, of its work, and to its end."""
    clock = time.perf_counter_ns
    start = clock()
    pool = pool()
    # Until all workers are there: a pool's constructor need not wait for them.
    list(pool.map(function, items[:1] * (workers * size), size))
    up = clock()
    if single:
        results = [pool.one(function, item) for item in items]
    else:
        results = list(pool.map(function, items, size))
    done = clock()
    pool.end()
    ended = clock()
    assert right(results), f"{function.__name__}: a wrong answer"
    return up - start, done - up, ended - done


def arrays(pool, chunk, single=False):
    """A chunk is an item; answers with the nanoseconds a chunk."""
    words = bytes((ctypes.c_uint64 * chunk)(*small_even(chunk)))
    right = bytes([COMPOSITE]) * chunk

    # The same object again and again: that it is made is no part of the work.
    def took(count):
        return run(
            pool, test_array, [words] * count, 1, lambda found: found == [right] * count, single
        )[1]

    return took


def numbers(pool, chunk):
    """A number is an item, and the pool makes chunks."""

    def took(count):
        items = small_even(chunk * count)
        return run(pool, test_number, items, chunk, lambda found: found == [False] * len(items))[1]

    return took


def name_of(id, variant):
    return f"peer.pools.{id}.{re.sub('[^a-z0-9]+', '-', variant.lower())}"


class Contender:
    def __init__(self, id, subject, variant, per, time, over="multiprocessing.Pool", **more):
        self.timing = {
            "id": name_of(id, variant),
            "section": "peer",
            "subject": subject,
            "variant": variant,
            "per": per,
            "command": "make bench-pools",
            **more,
        }
        if variant != over:
            self.timing["reference"] = name_of(id, over)
        self.time = time
        self.rounds = []

    def json(self):
        middle = statistics.median(self.rounds)
        wall = {
            "median": middle,
            "minimum": min(self.rounds),
            "mad": statistics.median(abs(time - middle) for time in self.rounds),
            "rounds": self.rounds,
        }
        return {**self.timing, "wall": wall}


def chunks(id, subject, variant, took, **more):
    """A contender whose time is that of one of as many chunks as take 20 ms."""
    target = 4e6 if options.quick else 20e6
    count = 16
    while (needed := min(took(count), took(count))) < target / 4:
        count *= 4
    count = max(16, int(count * target / needed))
    return Contender(id, subject, variant, "chunk", lambda: took(count) / count, **more)


def contenders():
    for name, pool in POOLS.items():
        # One number a worker, as soon as there are workers.
        def start(part, pool=pool):
            return run(pool, test_number, [4] * workers, 1, lambda found: not any(found))[part]

        yield Contender("first", "until the first result", name, "start", lambda start=start: start(0))
        yield Contender("end", "to the end", name, "start", lambda start=start: start(2))
    for size in SIZES:
        for name, pool in {**NO_POOL, **POOLS}.items():
            for form in (arrays, numbers):
                yield chunks(
                    f"streamed.chunk-{size}",
                    "handed over",
                    f"{name}, {form.__name__}",
                    form(pool, size),
                    over="multiprocessing.Pool, arrays",
                    input="streamed",
                    size=size,
                )
    for name, pool in POOLS.items():
        yield chunks("one-at-a-time", "one number at a time", name, arrays(pool, 1, True), size=1)
    # As a stream of numbers a million calls of ctypes would be all that is measured.
    for name, pool in POOLS.items():
        yield chunks("large", "results of 1 MB", name, arrays(pool, LARGE), size=LARGE)
    # Long enough that a round is more than the pool's own noise.
    repeats = 1 if options.quick else 10
    items = [int(n) for n in BOOK.split()] * repeats
    for name, pool in {**NO_POOL, **POOLS}.items():

        def book(pool=pool):
            return run(pool, divide, items, 1, lambda found: sum(found) == 9 * repeats)[1] / repeats

        yield Contender("book", "the book's numbers", name, "run", book, over="Python, no pool")


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    return "unknown"


def main():
    compiler = library.prk_compiler().decode()
    print(f"Python {platform.python_version()} (fork), its library by {compiler}", file=sys.stderr)
    all = list(contenders())
    for number in range(rounds):
        if sys.stderr.isatty():
            print(f"\r\033[KPython's pools, round {number + 1} of {rounds}", end="", file=sys.stderr)
        for contender in all[number % len(all) :] + all[: number % len(all)]:
            contender.rounds.append(contender.time())
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    report = {
        "format": "primality-peers/1",
        "environment": {"cpu": cpu(), "peers": [f"Python {platform.python_version()}"]},
        "measurements": [contender.json() for contender in all],
    }
    with open(options.file, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
