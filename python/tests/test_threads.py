# SPDX-License-Identifier: Apache-2.0
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import libprimality as lp
import numpy as np
import pytest

LONG = {
    "is_prime of words": lambda: lp.is_prime(np.full(10**6, 2**64 - 59, np.uint64)),
    "is_prime of objects": lambda: lp.is_prime(np.array([2**89 - 1] * 20000, dtype=object)),
    "is_prime_int": lambda: lp.is_prime_int(2**9689 - 1),
    "test_batch": lambda: lp.test_batch([2**521 - 1] * 1000),
    "next_prime": lambda: lp.next_prime(10**500),
    "prove": lambda: lp.prove(lp.next_prime(10**150)),
}


@pytest.mark.parametrize("name", LONG)
def test_others_run_meanwhile(name):
    # Were the lock kept, the other thread would come to run once or twice.
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    other = threading.Thread(target=tick)
    other.start()
    try:
        while not ticks:
            time.sleep(0.001)
        begin = time.monotonic()
        LONG[name]()
        end = time.monotonic()
    finally:
        done.set()
        other.join()
    inside = [t for t in ticks if begin < t < end]
    assert len(inside) >= 5, (name, len(inside), end - begin)


def test_many_threads_at_once():
    numbers = np.arange(2**40, 2**40 + 200000)
    wanted = lp.is_prime(numbers)
    with ThreadPoolExecutor(8) as pool:
        found = np.concatenate(list(pool.map(lp.is_prime, np.array_split(numbers, 50))))
    assert np.array_equal(found, wanted)


def test_scalars_of_some_hundred_bits_in_many_threads():
    # They share memory that one of them keeps.
    numbers = [2**127 - 1, 2**89 - 1, 2**107 - 1, 2**127 + 1, (2**89 - 1) ** 2, 3**100 + 2] * 50
    wanted = [lp.is_prime_int(n) for n in numbers]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for found in pool.map(lambda _: [lp.is_prime_int(n) for n in numbers], range(16)):
                assert found == wanted
    finally:
        sys.setswitchinterval(before)


def test_an_array_that_changes_meanwhile():
    numbers = np.array([2**89 - 1] * 20000, dtype=object)
    found = []
    thread = threading.Thread(target=lambda: found.append(lp.is_prime(numbers)))
    thread.start()
    for i in range(20000):
        numbers[i] = 2**89 + 1
    thread.join()
    assert found[0].shape == numbers.shape
