# SPDX-License-Identifier: Apache-2.0
import libprimality as lp
import numpy as np
import pytest
import reference


def test_next_and_prev():
    for n in reference.EDGES:
        if n.bit_length() > 81:
            continue
        after = lp.next_prime(n)
        assert after > n and reference.is_prime(after)
        assert not any(reference.is_prime(m) for m in range(max(n + 1, 0), after))
        if n > 2:
            before = lp.prev_prime(n)
            assert before < n and reference.is_prime(before)
            assert not any(reference.is_prime(m) for m in range(before + 1, n))


@pytest.mark.parametrize("n", [2, 1, 0, -1, -(2**70)])
def test_nothing_below_two(n):
    with pytest.raises(ValueError, match="no prime below 2"):
        lp.prev_prime(n)
    assert lp.next_prime(n) == (3 if n == 2 else 2)


def test_large_steps():
    assert lp.next_prime(2**64 - 59) == 2**64 + 13
    assert lp.prev_prime(2**64 + 13) == 2**64 - 59
    assert lp.next_prime(2**127 - 2) == 2**127 - 1
    assert lp.next_prime(2**521 - 2) == 2**521 - 1
    assert lp.prev_prime(lp.next_prime(10**100)) < 10**100
    assert lp.next_prime(10**100) == 10**100 + 267


def test_primes():
    wanted = [n for n in range(2000) if reference.is_prime(n)]
    found = lp.primes(0, 2000)
    assert found.dtype == np.uint64 and found.tolist() == wanted
    assert found.flags.writeable and found.flags.contiguous
    for lo, hi in ((-5, 2), (2, 2), (3, 5), (4, 4), (5, 3), (0, -1), (-9, -3), (8, 10), (90, 96)):
        assert lp.primes(lo, hi).tolist() == [p for p in wanted if lo <= p <= hi]
    assert len(lp.primes(0, 10**6)) == 78498
    assert lp.primes(2**64 - 59, 2**64 - 1).tolist() == [2**64 - 59]
    top = lp.primes(2**64 - 10**5, 2**64 - 1)
    assert top.tolist() == [n for n in range(2**64 - 10**5, 2**64) if lp.is_prime_int(n)]
    for bad in ((0, 2**64), (2**64, 2**65)):
        with pytest.raises(ValueError, match="2\\*\\*64"):
            lp.primes(*bad)
    with pytest.raises(TypeError):
        lp.primes(0, 10.0)


def test_random():
    for bits in (2, 3, 4, 5, 10, 31, 32, 33, 63, 64, 65, 100, 128, 300):
        for seed in range(5):
            p = lp.random_prime(bits, seed=seed)
            assert p.bit_length() == bits and lp.is_prime_int(p)
            assert p == lp.random_prime(bits, seed=seed)
            if bits > 2:
                q = lp.random_prime(bits, safe=True, seed=seed)
                assert q.bit_length() == bits and lp.is_prime_int(q) and lp.is_prime_int(q // 2)
    assert {lp.random_prime(4) for _ in range(100)} == {11, 13}
    assert lp.random_prime(256) != lp.random_prime(256)
    for bad in (1, 0):
        with pytest.raises(ValueError):
            lp.random_prime(bad)
    with pytest.raises(ValueError):
        lp.random_prime(2, safe=True)
    for bad in (-1, 2**64):
        with pytest.raises(ValueError):
            lp.random_prime(bad)
    with pytest.raises(OverflowError):
        lp.random_prime(2**40)
    with pytest.raises(ValueError):
        lp.random_prime(10, seed=-1)
