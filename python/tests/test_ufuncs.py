# SPDX-License-Identifier: Apache-2.0
import random
import warnings

import libprimality as lp
import numpy as np
import pytest
import reference

INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.longlong, np.ulonglong]


def expected(values):
    return [reference.is_prime(int(n)) for n in values]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_every_dtype(dtype):
    info = np.iinfo(dtype)
    numbers = np.array([n for n in reference.EDGES if info.min <= n <= info.max], dtype=dtype)
    found = lp.is_prime(numbers)
    assert found.dtype == np.bool_
    assert found.tolist() == expected(numbers)
    verdicts = lp.verdict(numbers)
    assert verdicts.dtype == np.uint8
    assert verdicts.tolist() == [3 if p else int(n >= 2) for n, p in zip(numbers, expected(numbers), strict=True)]


@pytest.mark.parametrize("dtype", [">i8", ">u8", ">i4", "<u2"])
def test_foreign_byte_orders(dtype):
    numbers = np.arange(-3 if dtype[1] == "i" else 0, 100).astype(dtype)
    assert lp.is_prime(numbers).tolist() == expected(numbers)


def test_bools_are_ints():
    assert lp.is_prime(np.array([True, False])).tolist() == [False, False]


def test_objects_of_every_size():
    numbers = np.array(reference.EDGES, dtype=object)
    assert lp.is_prime(numbers).dtype == np.bool_
    assert lp.is_prime(numbers).tolist() == expected(numbers)
    for n in reference.EDGES:
        assert lp.is_prime(n) == reference.is_prime(n), n
        assert lp.is_prime([n, n]).tolist() == 2 * [reference.is_prime(n)], n


def test_every_length_and_stride():
    rng = np.random.default_rng(1)
    numbers = rng.integers(0, 2**64, 9000, dtype=np.uint64) | np.uint64(1)
    whole = lp.is_prime(numbers)
    assert expected(numbers[:500]) == whole[:500].tolist()
    for length in [*range(40), 255, 256, 257, 2047, 2048, 2049, 4097]:
        assert np.array_equal(lp.is_prime(numbers[:length]), whole[:length])
    for step in (-1, 2, 3, -7):
        assert np.array_equal(lp.is_prime(numbers[::step]), whole[::step])
        assert np.array_equal(lp.is_prime(numbers.view(np.int64)[::step]), lp.is_prime(numbers.view(np.int64))[::step])
    square = numbers.reshape(90, 100)
    assert np.array_equal(lp.is_prime(square.T), whole.reshape(90, 100).T)
    assert np.array_equal(lp.is_prime(np.asfortranarray(square)), whole.reshape(90, 100))
    assert np.array_equal(lp.is_prime(np.broadcast_to(numbers[:5], (3, 5))), np.broadcast_to(whole[:5], (3, 5)))


def test_unaligned_and_read_only():
    raw = np.zeros(8 * 50 + 1, dtype=np.uint8)
    numbers = raw[1:].view(np.uint64)
    numbers[:] = np.arange(50)
    assert not numbers.flags.aligned
    raw.flags.writeable = False
    assert lp.is_prime(numbers).tolist() == expected(range(50))


def test_empty_and_scalars():
    assert lp.is_prime(np.empty((0, 3), np.int64)).shape == (0, 3)
    assert lp.is_prime(np.empty(0, object)).shape == (0,)
    assert isinstance(lp.is_prime(7), np.bool_)
    assert isinstance(lp.verdict(2**89 - 1), np.uint8)
    assert lp.is_prime(np.int8(-7)) == np.False_
    assert lp.is_prime(np.array(7)) == np.True_


def test_out_and_where():
    numbers = np.arange(10)
    out = np.full(20, True)
    returned = lp.is_prime(numbers, out=out[::2])
    assert returned.base is out
    assert out[::2].tolist() == expected(numbers) and out[1::2].all()
    untouched = np.full(10, 9, np.uint8)
    lp.verdict(numbers, out=untouched, where=numbers % 2 == 0)
    assert untouched.tolist() == [0, 9, 3, 9, 1, 9, 1, 9, 1, 9]
    objects = np.array([7, None, 2**89 - 1, float("nan"), 8], dtype=object)
    assert lp.is_prime(objects, where=[True, False, True, False, True], out=np.zeros(5, bool)).tolist() == [
        True,
        False,
        True,
        False,
        False,
    ]
    wide = np.zeros(10, np.float64)
    lp.is_prime(numbers, out=wide)
    assert wide.tolist() == [float(p) for p in expected(numbers)]
    with pytest.raises(TypeError):
        lp.verdict(numbers, out=np.zeros(10, bool))
    with pytest.raises(ValueError):
        lp.is_prime(numbers, out=np.zeros(9, bool))


def test_overlapping_out():
    memory = np.arange(64, dtype=np.uint64)
    bytes_of_it = memory.view(np.bool_)
    wanted = expected(range(64))
    lp.is_prime(memory, out=bytes_of_it[3:67])
    assert bytes_of_it[3:67].tolist() == wanted


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        (1.5, "float64: floats are not exact"),
        ([1.0, float("nan")], "Int64"),
        (np.float32(3), "float32"),
        (np.array([3], np.longdouble), "longdouble|float128"),
        (2 + 1j, "complex"),
        ("7", r"int\(text\)"),
        (["7", "8"], r"int\(text\)"),
        (b"7", r"int\(text\)"),
        (None, "missing values"),
        ([3, None], "missing values"),
        ([2**70, float("nan")], "a NaN of type float: leave missing values out"),
        ([2**70, 1.0], "float: floats are not exact"),
        ([2**70, "7"], r"str: read digits by int\(text\)"),
        (np.array(["2020-01-01"], "M8[D]"), "datetime64"),
        (np.array([1], "m8[s]"), "timedelta64"),
        ({1, 2}, "set"),
        ({}, "dict"),
        (np.array([(1, 2)], "i4,i4"), "takes integers"),
    ],
)
def test_what_is_no_integer(bad, advice):
    for function in (lp.is_prime, lp.verdict):
        with pytest.raises(TypeError, match=advice):
            function(bad)


def test_one_bad_object_among_many():
    numbers = np.array([2**70 + i for i in range(20000)], dtype=object)
    numbers[19999] = "7"
    with pytest.raises(TypeError, match="str"):
        lp.is_prime(numbers)


def test_objects_without_value():
    with pytest.raises(TypeError, match="missing"):
        lp.is_prime(np.empty(3, object))


class Raises:
    def __index__(self):
        raise LookupError("mine")


class Lies:
    def __index__(self):
        return "7"


def test_index_that_raises():
    with pytest.raises(LookupError, match="mine"):
        lp.is_prime(np.array([7, Raises()], object))
    with pytest.raises(TypeError, match="__index__ returned non-int"):
        lp.is_prime(np.array([7, Lies()], object))


def test_index_that_changes_the_array():
    class Changes:
        def __index__(self):
            numbers[:] = [None] * 100
            return 2**89 - 1

    numbers = np.array([Changes() for _ in range(100)], object)
    with pytest.raises(TypeError, match="missing"):
        lp.is_prime(numbers)


def test_no_warnings_of_floating_point():
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        lp.is_prime([2**9941 - 1, 3**3000 + 2, 7, 2**64 + 13])


def test_mixed_sizes_come_back_in_order():
    rnd = random.Random(2)
    numbers = [rnd.getrandbits(rnd.choice([10, 40, 63, 64, 65, 70, 80])) for _ in range(20000)]
    assert lp.is_prime(np.array(numbers, object)).tolist() == expected(numbers)


def test_they_are_ufuncs():
    assert isinstance(lp.is_prime, np.ufunc) and isinstance(lp.verdict, np.ufunc)
    assert lp.is_prime.types == ["l->?", "L->?", "O->?"]
    assert lp.is_prime.outer is not None
    found = lp.is_prime(np.ma.array([7, 8, 9], mask=[0, 0, 1]))
    assert found.mask.tolist() == [False, False, True]
