# SPDX-License-Identifier: Apache-2.0
"""Slices of an array on the threads of concurrent.futures: the interpreter's lock is released."""

from concurrent.futures import ThreadPoolExecutor

import libprimality
import numpy as np


def count_primes(numbers: np.ndarray, workers: int = 2) -> int:
    # Several slices a worker, so that all end together.
    slices = np.array_split(numbers, 4 * workers)
    with ThreadPoolExecutor(workers) as pool:
        return sum(int(primes.sum()) for primes in pool.map(libprimality.is_prime, slices))


if __name__ == "__main__":
    print(count_primes(np.arange(10**6)))  # 78498
