# SPDX-License-Identifier: Apache-2.0
"""Python's process pools on the work of make bench-pools.

Started once by pool-bench, which then asks for one measurement a line on standard input and reads the
nanoseconds from standard output, so that the rounds of both programs interleave.

    python3 peers.py LIBRARY
"""

import concurrent.futures
import ctypes
import itertools
import json
import multiprocessing
import platform
import sys
import time

library = ctypes.CDLL(sys.argv[1])
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
    def __init__(self, workers):
        self.pool = fork.Pool(workers)

    def map(self, function, items, chunk):
        return self.pool.imap_unordered(function, items, chunk)

    def one(self, function, item):
        return self.pool.apply(function, (item,))

    def end(self):
        self.pool.close()
        self.pool.join()


class Executor:
    def __init__(self, workers):
        self.pool = concurrent.futures.ProcessPoolExecutor(workers, mp_context=fork)

    def map(self, function, items, chunk):
        return self.pool.map(function, items, chunksize=chunk)

    def one(self, function, item):
        return self.pool.submit(function, item).result()

    def end(self):
        self.pool.shutdown()


class NoPool:
    def __init__(self, workers):
        pass

    def map(self, function, items, chunk):
        return map(function, items)

    def one(self, function, item):
        return function(item)

    def end(self):
        pass


POOLS = {"Pool": Pool, "ProcessPoolExecutor": Executor, "none": NoPool}


# --- Measuring ------------------------------------------------------------------------------------


def small_even(count):
    """As pool-bench's numbers: composites that the kernel tells at once."""
    return [4 + 2 * (i % 29) for i in range(count)]


def measure(request):
    chunk, chunks, workers = request["chunk"], request["chunks"], request["workers"]
    form = request["items"]
    if form == "arrays":
        numbers = small_even(chunk)
        words = bytes((ctypes.c_uint64 * chunk)(*numbers))
        function, size, count = test_array, 1, chunks
        # The same object again and again: that it is made is no part of the work.
        items = itertools.repeat(words, count)
        first = [words] * workers
        right = bytes([COMPOSITE]) * chunk
    elif form == "numbers":
        function, size, count = test_number, chunk, chunk * chunks
        items = small_even(count)
        first = items[:1] * (workers * chunk)
        right = False
    else:
        function, size = divide, chunk
        items = request["numbers"] * chunks
        count = len(items)
        first = [2] * workers
        right = None

    clock = time.perf_counter_ns
    start = clock()
    pool = POOLS[request["pool"]](workers)
    # Until all workers are there: a pool's constructor need not wait for them.
    list(pool.map(function, first, size))
    up = clock()
    if request["single"]:
        results = [pool.one(function, item) for item in items]
    else:
        results = list(pool.map(function, items, size))
    done = clock()
    pool.end()
    ended = clock()

    assert len(results) == count, len(results)
    if right is not None:
        assert all(result == right for result in results)
    primes = sum(results) if form == "trial" else 0
    return {"start": up - start, "run": done - up, "end": ended - done, "primes": primes}


def main():
    compiler = library.prk_compiler().decode()
    print(json.dumps({"version": platform.python_version(), "compiler": compiler}), flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
