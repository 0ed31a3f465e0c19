# SPDX-License-Identifier: Apache-2.0
"""Python's process pools on the work of make bench-pools.

Started once by pool-bench, which then asks for one measurement a line on standard input and reads the
nanoseconds from standard output, so that the rounds of both programs interleave.

    python3 peers.py LIBRARY
"""

import concurrent.futures
import ctypes
import itertools
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


def measure(pool, form, chunk, chunks, workers, mode, *numbers):
    chunk, chunks, workers = int(chunk), int(chunks), int(workers)
    if form == "arrays":
        words = bytes((ctypes.c_uint64 * chunk)(*small_even(chunk)))
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
        items = [int(n) for n in numbers] * chunks
        count = len(items)
        first = [2] * workers
        right = None

    clock = time.perf_counter_ns
    start = clock()
    pool = POOLS[pool](workers)
    # Until all workers are there: a pool's constructor need not wait for them.
    list(pool.map(function, first, size))
    up = clock()
    if mode == "single":
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
    return up - start, done - up, ended - done, primes


def main():
    print(platform.python_version(), library.prk_compiler().decode(), sep="\t", flush=True)
    for line in sys.stdin:
        print(*measure(*line.split()), flush=True)


if __name__ == "__main__":
    main()
