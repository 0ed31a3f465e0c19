# SPDX-License-Identifier: Apache-2.0
"""Large, hostile and failing: each in a process of its own where it can end one."""

import os
import subprocess
import sys
import textwrap
import time

import libprimality as lp
import pytest


def run(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_million_digits():
    digits = 10**6
    even, odd = 10**digits, 10**digits + 5
    begin = time.process_time()
    assert not lp.is_prime_int(even) and not lp.is_prime_int(-even) and not lp.is_prime_int(odd)
    assert lp.verdict([even, odd, -odd]).tolist() == [1, 1, 0]
    assert lp.test_batch([even, odd, 7]).verdict.tolist() == [1, 1, 3]
    assert time.process_time() - begin < 5


def test_no_memory():
    done = run(
        """
        import resource
        import numpy as np, libprimality as lp
        n = 3**2000000 + 2
        size = int(open("/proc/self/statm").read().split()[0]) * 4096
        resource.setrlimit(resource.RLIMIT_AS, (size + (16 << 20), resource.RLIM_INFINITY))
        for call in (
            lambda: lp.primes(10**15, 10**15 + 10**9),
            lambda: lp.is_prime_int(n),
            lambda: lp.test_batch([n] * 100),
            lambda: lp.test_batch(np.broadcast_to(np.int64(7), 10**8)),
            lambda: lp.random_prime(2**33),
        ):
            try:
                call()
                print("done")
            except MemoryError:
                print("no memory")
        print(lp.is_prime_int(2**89 - 1))
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "True"
    assert done.stdout.count("no memory") >= 3, done.stdout


def test_levels_of_the_environment():
    program = "import libprimality as lp; print(lp.level(), *lp.verdict([2**89 - 1, 2**64 - 59, 7, 8]))"
    for level in lp.levels():
        assert run(program, PRIMALITY_LEVEL=level).stdout == f"{level} 3 3 3 1\n"
    done = run(program, PRIMALITY_LEVEL="fast")
    assert done.returncode == 1 and "ImportError: PRIMALITY_LEVEL=fast: no level has this name" in done.stderr
    for level in {"portable", "bmi2", "avx2", "avx512ifma"} - set(lp.levels()):
        done = run(program, PRIMALITY_LEVEL=level)
        assert done.returncode == 1 and "lacks that level" in done.stderr


def test_references_are_not_lost():
    numbers = [2**89 - 1, 2**400 + 1, 7]
    calls = (
        lambda: lp.is_prime(numbers),
        lambda: lp.test_batch(numbers, reports=True),
        lambda: lp.is_prime_int(numbers[1]),
        lambda: lp.next_prime(2**70),
        lambda: lp.primes(0, 100),
        lambda: lp.prove(2**89 - 1),
        lambda: pytest.raises(TypeError, lp.is_prime, [1.5]),
        lambda: pytest.raises(TypeError, lp.is_prime_int, 1.5),
        lambda: pytest.raises(ValueError, lp.prove, 2**70),
        lambda: lp.verify_certificate("x"),
    )
    for call in calls:
        call()
        before, constants = [sys.getrefcount(n) for n in numbers], sys.getrefcount(None)
        for _ in range(200):
            call()
        assert [sys.getrefcount(n) for n in numbers] == before
        assert abs(sys.getrefcount(None) - constants) < 100


def test_nothing_else_is_exported():
    path = lp._core.__file__
    done = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no nm here")
    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["PyInit__core"]
