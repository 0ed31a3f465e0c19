# SPDX-License-Identifier: Apache-2.0
import random

import libprimality as lp
import numpy as np
import pytest
import reference


def test_edges():
    for n in reference.EDGES:
        assert lp.is_prime_int(n) is reference.is_prime(n), n


def test_random_sizes():
    rnd = random.Random(3)
    for bits in (*range(1, 82), 127, 128, 191, 192, 193, 255, 256, 257, 319, 320, 321, 383, 384, 385):
        for _ in range(20):
            n = rnd.getrandbits(bits) | 1 << (bits - 1)
            m = n * (2 * rnd.getrandbits(60) + 3)
            assert lp.is_prime_int(m) is False or m in (2, 3)
            if bits < 82:
                assert lp.is_prime_int(n) is reference.is_prime(n), n


@pytest.mark.parametrize("exponent", [89, 107, 127, 521, 607, 1279, 2203, 2281, 3217, 4253, 4423, 9689])
def test_mersenne_primes(exponent):
    assert lp.is_prime_int(2**exponent - 1)
    assert lp.verdict(2**exponent - 1) == 3
    assert not lp.is_prime_int(2**exponent - 3) or exponent in (9,)
    assert not lp.is_prime_int((2**exponent - 1) ** 2)


def test_limbs_of_every_length_are_read_whole():
    # A multiple of a large prime: one wrong limb, and it is none.
    p = 2**61 - 1
    for limbs in range(1, 60):
        for shape in (2 ** (64 * limbs) - 1, 2 ** (64 * limbs - 1), 2 ** (64 * limbs - 2) + 1, 10 ** (19 * limbs)):
            batch = lp.test_batch([p * shape + p if shape % 2 == 0 else p * shape], reports=True)
            assert batch.verdict[0] == 1
    for limbs in (2, 3, 4, 5, 6, 39, 40, 41, 80):
        n = 3 ** (40 * limbs) + 2
        found = lp.test_batch([n], reports=True, seed=1)
        assert found.res64 is not None
        assert int(found.res64[0]) == pow(3, n - 1, n) % 2**64


def test_what_has_index():
    class Seven:
        def __index__(self):
            return 7

    class Mine(int):
        pass

    assert lp.is_prime_int(Seven()) and lp.is_prime_int(Mine(2**89 - 1)) and lp.is_prime_int(np.uint64(7))
    assert not lp.is_prime_int(True)
    assert lp.is_prime_int(np.array(7))


def test_subclasses_with_methods_of_their_own():
    class Strange(int):
        def __rshift__(self, other):
            return 0

        def bit_length(self):
            return 1

        def to_bytes(self, *arguments):
            return b""

        def __index__(self):
            return 8

    for n in (7, 2**89 - 1, 2**521 - 1, 2**9689 - 1):
        assert lp.is_prime_int(Strange(n))
        assert lp.test_batch([Strange(n)]).verdict[0] == 3
    assert lp.is_prime(np.array([Strange(2**89 - 1)], object))[0]


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        (7.0, "floats are not exact"),
        (float("nan"), "a NaN of type float"),
        ("7", r"int\(text\)"),
        (b"7", r"int\(text\)"),
        (None, "missing"),
        ([7], "one number"),
        ((7,), "one number"),
        (2j, "floats"),
        (object(), "__index__"),
    ],
)
def test_what_is_no_integer(bad, advice):
    for function in (lp.is_prime_int, lp.next_prime, lp.prev_prime, lp.smallest_factor, lp.prove):
        with pytest.raises(TypeError, match=advice):
            function(bad)
    with pytest.raises(TypeError):
        lp.is_prime_int()
    with pytest.raises(TypeError):
        lp.is_prime_int(1, 2)


def test_versions_and_levels():
    assert lp.version() == lp.__version__
    assert lp.level() in lp.levels()
    assert lp.levels()[0] == "portable"


def test_smallest_factor():
    for n in range(2, 3000):
        assert lp.smallest_factor(n) == next(d for d in range(2, n + 1) if n % d == 0)
    assert lp.smallest_factor(2**64 - 59) == 2**64 - 59
    assert lp.smallest_factor(4294967291 * 4294967279) == 4294967279
    assert lp.smallest_factor(4294967291**2) == 4294967291
    assert lp.smallest_factor(2642239**3) == 2642239
    assert lp.smallest_factor(2**63) == 2
    assert lp.smallest_factor(2**64 - 1) == 3
    for bad in (1, 0, -7, 2**64, 10**30):
        with pytest.raises(ValueError):
            lp.smallest_factor(bad)
