# SPDX-License-Identifier: Apache-2.0
"""Speed beside gmpy2, python-flint and sympy.

peers.py [--quick] [--rounds N] [--largest BITS]

All run in one process on the same numbers, one after the other in each round, so that what disturbs one disturbs all.
A figure is the median over rounds of CPU time; a ratio says how many times as long a peer takes. Random bases: is_prime and
is_prime_int do two rounds; gmpy2's default is one, and `gmpy2 of 26` is as many as ours.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import libprimality as lp
import numpy as np


def peers() -> dict[str, tuple[Callable[[int], object], Callable[[int], Any]]]:
    """A test of one number, and what it wants to be given, by name."""
    found: dict[str, tuple[Callable[[int], object], Callable[[int], Any]]] = {}
    try:
        import gmpy2

        found["gmpy2"] = (gmpy2.is_prime, int)
        found["gmpy2 of 26"] = (lambda n: gmpy2.is_prime(n, 26), int)
        found["gmpy2, mpz"] = (gmpy2.is_prime, gmpy2.mpz)
    except ImportError:
        print("no gmpy2 here, left out")
    try:
        import flint

        found["flint"] = (lambda n: flint.fmpz(n).is_probable_prime(), int)
    except ImportError:
        print("no python-flint here, left out")
    try:
        import sympy

        found["sympy"] = (sympy.isprime, int)
    except ImportError:
        print("no sympy here, left out")
    return found


def populations(largest: int, rnd: random.Random) -> list[tuple[str, list[int]]]:
    result = []
    for bits in (32, 50, 64, 65, 80, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096):
        if bits > largest:
            break
        budget = 3000 if bits <= 64 else 1200 * 128**2 // bits**2 if bits < 512 else 75 * 512**3 // bits**3
        # Vectors hold eight large numbers, and are to be full.
        budget = max(8, budget // 8 * 8)
        for kind in ("primes", "odd", "any"):
            count = budget if kind == "primes" else min(4000, budget * 5)
            numbers = []
            while len(numbers) < count:
                n = rnd.getrandbits(bits) | 1 << (bits - 1) | (kind == "odd")
                if kind == "primes":
                    n = lp.prev_prime(n) if n > 2 else 2
                    if n.bit_length() != bits:
                        continue
                numbers.append(n)
            result.append((f"{bits}-bit {kind}", numbers))
    return result


def cpu(work: Callable[[], object]) -> float:
    begin = time.process_time_ns()
    work()
    return time.process_time_ns() - begin


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--largest", type=int, default=0)
    parser.add_argument("--only", default="", help="populations whose name contains this")
    options = parser.parse_args()
    rounds = options.rounds or (3 if options.quick else 11)
    largest = options.largest or (256 if options.quick else 4096)
    print(f"libprimality {lp.version()}, level {lp.level()}, numpy {np.__version__}; CPU ns a number, median of {rounds} rounds")
    others = peers()
    print(f"{'':>16} {'array':>10} {'one':>10} |", " ".join(f"{name:>26}" for name in others), "   (times array, times one)")
    for name, numbers in populations(largest, random.Random(1)):
        if options.only not in name:
            continue
        words = max(numbers) < 2**64
        array = np.array(numbers, dtype=np.uint64 if words else object)
        work: list[Callable[[], object]] = [
            lambda array=array: lp.is_prime(array),
            lambda numbers=numbers: [lp.is_prime_int(n) for n in numbers],
        ]
        for test, form in others.values():
            given = [form(n) for n in numbers]
            work.append(lambda test=test, given=given: [test(n) for n in given])
        times = [[cpu(call) for call in work] for _ in range(rounds)]
        medians = [statistics.median(row[i] for row in times) / len(numbers) for i in range(len(work))]
        cells = []
        for i in range(2, len(work)):
            by_array, by_one = (statistics.median(row[i] / row[k] for row in times) for k in (0, 1))
            cells.append(f"{medians[i]:>12.0f} {by_array:5.1f}x {by_one:5.2f}x")
        print(f"{name:>16} {medians[0]:>10.1f} {medians[1]:>10.1f} |", " ".join(f"{cell:>26}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
