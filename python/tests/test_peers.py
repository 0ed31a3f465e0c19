# SPDX-License-Identifier: Apache-2.0
"""Beside other libraries, where they are installed, and on published numbers."""

import os
import pathlib
import random

import libprimality as lp
import numpy as np
import pytest

SIZES = (20, 31, 32, 33, 50, 63, 64, 65, 90, 128, 200, 256, 300)


def numbers(count):
    rnd = random.Random(6)
    return [rnd.getrandbits(bits) | 1 for bits in SIZES for _ in range(count)]


def test_gmpy2():
    gmpy2 = pytest.importorskip("gmpy2")
    values = numbers(400)
    wanted = [gmpy2.is_prime(n) for n in values]
    assert lp.is_prime(np.array(values, object)).tolist() == wanted
    assert lp.is_prime(np.array([gmpy2.mpz(n) for n in values], object)).tolist() == wanted
    assert [lp.is_prime_int(gmpy2.mpz(n)) for n in values] == wanted
    for n in values[::40]:
        assert lp.next_prime(gmpy2.mpz(n)) == gmpy2.next_prime(n)
    with pytest.raises(TypeError, match="mpfr"):
        lp.is_prime_int(gmpy2.mpfr(7))
    with pytest.raises(TypeError, match="mpq"):
        lp.is_prime_int(gmpy2.mpq(7, 1))


def test_flint():
    flint = pytest.importorskip("flint")
    values = numbers(200)
    wanted = [bool(flint.fmpz(n).is_probable_prime()) for n in values]
    assert [lp.is_prime_int(flint.fmpz(n)) for n in values] == wanted
    assert lp.is_prime(np.array([flint.fmpz(n) for n in values], object)).tolist() == wanted


def test_sympy():
    sympy = pytest.importorskip("sympy")
    values = numbers(40)
    wanted = [sympy.isprime(n) for n in values]
    assert [lp.is_prime_int(sympy.Integer(n)) for n in values] == wanted
    assert lp.is_prime(np.array([sympy.Integer(n) for n in values], object)).tolist() == wanted
    assert lp.primes(10**6, 10**6 + 2000).tolist() == list(sympy.primerange(10**6, 10**6 + 2001))
    with pytest.raises(TypeError, match="Float"):
        lp.is_prime_int(sympy.Float(7))


@pytest.mark.skipif("PRIMALITY_SHARED" not in os.environ, reason="PRIMALITY_SHARED has no vectors")
def test_published_vectors():
    most = float(os.environ.get("PRIMALITY_TEST_MULTIPLIER", "1")) * 4000
    seen = 0
    for path in sorted((pathlib.Path(os.environ["PRIMALITY_SHARED"]) / "vectors").glob("*.tsv")):
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
        rows = [row for row in rows if len(row[0]) <= most and row[1] in ("prime", "composite")]
        values = [int(row[0], 0) for row in rows]
        batch = lp.test_batch(values, seed=1)
        wrong = [row for row, prime in zip(rows, batch.is_prime, strict=True) if prime != (row[1] == "prime")]
        assert not wrong, (path.name, wrong[:3])
        assert lp.is_prime(np.array(values, object)).tolist() == batch.is_prime.tolist()
        seen += len(rows)
    assert seen > 1000


def test_dask():
    da = pytest.importorskip("dask.array")
    values = da.arange(1000, chunks=100)
    lazy = lp.is_prime(values)
    assert isinstance(lazy, da.Array) and lazy.dtype == np.bool_
    assert int(lazy.sum().compute()) == 168
    assert int((lp.verdict(values) == 3).sum().compute()) == 168
    assert lp.test_batch(values).is_prime.sum() == 168


def test_pandas():
    pd = pytest.importorskip("pandas")
    series = pd.Series([7, 8, 9, 11], index=list("abcd"))
    found = lp.is_prime(series)
    assert isinstance(found, pd.Series) and found.index.tolist() == list("abcd")
    assert found.tolist() == [True, False, False, True]
    frame = lp.verdict(pd.DataFrame({"x": [1, 2], "y": [4, 5]}))
    assert isinstance(frame, pd.DataFrame) and frame["y"].tolist() == [1, 3]
    masked = lp.is_prime(pd.Series([7, None, 8], dtype="Int64"))
    assert masked[0] is np.True_ or masked[0] == True  # noqa: E712
    assert masked.isna().tolist() == [False, True, False]
    large = lp.is_prime(pd.Series([2**89 - 1, 2**89 + 1]))
    assert large.tolist() == [True, False]
    with pytest.raises(TypeError, match="Int64"):
        lp.is_prime(pd.Series([7, None, 8]))
    with pytest.raises(TypeError, match="missing"):
        lp.is_prime(pd.Series([7, pd.NA, 8], dtype=object))
    assert lp.test_batch(series).verdict.tolist() == [3, 1, 1, 3]
