# SPDX-License-Identifier: Apache-2.0
import random

import libprimality as lp
import numpy as np
import pytest
import reference


def test_evidence():
    numbers = [0, 1, 2, -5, 91, 2**61 - 1, 2**89 - 1, 2**100 + 277, 3 * 2**200 + 1, (2**61 - 1) ** 2]
    batch = lp.test_batch(numbers, reports=True, seed=7)
    assert batch.verdict.tolist() == [0, 0, 3, 0, 1, 3, 3, 2, 1, 1]
    assert batch.is_prime.tolist() == [False, False, True, False, False, True, True, True, False, False]
    assert batch.factor.tolist()[4] == 7
    for n, res64, method in zip(numbers, batch.res64, batch.method_name, strict=True):
        assert method in lp.METHODS
        if n >= 1:
            assert int(res64) == pow(3, n - 1, n) % 2**64
    assert batch.cpu_ns.dtype == np.uint64 and batch.cpu_ns.sum() > 0
    assert (batch.seed, batch.rounds, len(batch)) == (7, 2, len(numbers))


def test_without_evidence():
    batch = lp.test_batch([7, 8])
    assert batch.verdict.tolist() == [3, 1]
    assert batch.method is batch.factor is batch.res64 is batch.cpu_ns is None
    with pytest.raises(ValueError, match="reports=True"):
        _ = batch.method_name
    assert lp.test_batch([7]).seed != lp.test_batch([7]).seed


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("reports", [False, True])
def test_sources(threads, reports):
    rnd = random.Random(4)
    numbers = [rnd.getrandbits(63) for _ in range(60000)]
    wanted = lp.is_prime(np.array(numbers)).tolist()
    assert wanted[:1000] == [reference.is_prime(n) for n in numbers[:1000]]
    for source in (numbers, tuple(numbers), iter(numbers), np.array(numbers), np.array(numbers, np.uint64), np.array(numbers, object), np.array(numbers)[::-1][::-1]):
        assert lp.test_batch(source, threads=threads, reports=reports).is_prime.tolist() == wanted
    shaped = lp.test_batch(np.array(numbers).reshape(300, 200), threads=threads, reports=reports)
    assert shaped.verdict.shape == (300, 200) and shaped.is_prime.reshape(-1).tolist() == wanted
    assert not reports or shaped.factor.shape == (300, 200)


def test_threads_change_nothing():
    rnd = random.Random(5)
    numbers = [rnd.getrandbits(rnd.choice([60, 100, 300, 700])) | 1 for _ in range(3000)]
    one, four = (lp.test_batch(numbers, threads=t, seed=1, reports=True) for t in (1, 4))
    for name in ("verdict", "method", "factor", "res64"):
        assert np.array_equal(getattr(one, name), getattr(four, name)), name


def test_mixed_signs_and_sizes_stay_exact():
    # NumPy would make floats of these.
    assert lp.test_batch([2**63, -1, 2**64 - 59]).verdict.tolist() == [1, 0, 3]
    assert lp.test_batch(n for n in (-7, 2**63 + 29, 2**127 - 1)).verdict.tolist() == [0, 3 if reference.is_prime(2**63 + 29) else 1, 3]
    assert lp.test_batch(np.array([-7, 7], np.int8)).verdict.tolist() == [0, 3]
    assert lp.test_batch(np.array(7)).verdict.shape == ()
    assert lp.test_batch([]).verdict.shape == (0,)
    assert lp.test_batch([], reports=True).factor.shape == (0,)
    assert lp.test_batch(range(10)).verdict.tolist() == [0, 0, 3, 3, 1, 3, 1, 3, 1, 1]


@pytest.mark.parametrize("bad", [[1.0], np.array([1.0]), ["7"], "77", b"77", 7, None, [None], np.array(["7"]), np.ma.array([7, 8], mask=[0, 1])])
def test_what_is_no_integer(bad):
    with pytest.raises(TypeError):
        lp.test_batch(bad)


def test_bad_options():
    for options in ({"threads": 0}, {"threads": -1}, {"threads": 1025}, {"seed": -1}, {"seed": 2**64}, {"rounds": 2**32}):
        with pytest.raises(ValueError):
            lp.test_batch([7], **options)
    for options in ({"rounds": -1}, {"rounds": "x"}, {"seed": 1.5}, {"threads": None}):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            lp.test_batch([7], **options)


def test_a_list_that_shrinks_meanwhile():
    class Shrinks:
        def __index__(self):
            del numbers[10:]
            return 7

    numbers = [Shrinks() for _ in range(50)]
    assert len(lp.test_batch(numbers).verdict) == 10


def test_rounds():
    # Strong pseudoprimes are no matter of the seed.
    composite = (2**89 - 1) * (2**107 - 1)
    for seed in range(20):
        assert lp.test_batch([composite, 2**100 + 277], rounds=20, seed=seed).verdict.tolist() == [1, 2]
    assert lp.test_batch([2**100 + 277], rounds=0).verdict.tolist() == [2]
