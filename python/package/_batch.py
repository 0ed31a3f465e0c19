# SPDX-License-Identifier: Apache-2.0
"""test_batch() and what it returns."""

import dataclasses
import os
from collections.abc import Iterable
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from libprimality import _core

VERDICTS: tuple[str, ...] = _core._verdicts
"""Names of verdicts, by their number."""

METHODS: tuple[str, ...] = _core._methods
"""Names of methods, by their number."""

DEFAULT_ROUNDS = 2


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What test_batch() found: arrays of the numbers' shape.

    Without reports=True only `verdict` is there, and the others are None.
    """

    verdict: npt.NDArray[np.uint8]
    """0: neither; 1: composite; 2: probable prime; 3: prime."""
    method: npt.NDArray[np.uint8] | None
    """What decided, an index of METHODS."""
    factor: npt.NDArray[np.uint64] | None
    """The smallest prime factor where dividing found one, else 0."""
    res64: npt.NDArray[np.uint64] | None
    """The low 64 bits of 3**(n-1) mod n; 0 for n < 1."""
    cpu_ns: npt.NDArray[np.uint64] | None
    """CPU time in nanoseconds. Numbers that were tested together have equal shares."""
    rounds: int
    """Strong tests to random bases that a probable prime passed."""
    seed: int
    """What chose the bases: with it the run can be repeated."""

    @property
    def is_prime(self) -> npt.NDArray[np.bool_]:
        """Whether each number is prime or probably so."""
        return self.verdict >= 2

    @property
    def method_name(self) -> npt.NDArray[np.str_]:
        """The methods by name; needs reports=True."""
        if self.method is None:
            raise ValueError("no methods are known without test_batch(..., reports=True)")
        return np.array(METHODS)[self.method]

    def __len__(self) -> int:
        return len(self.verdict)


def _source(ints: object) -> tuple[list[Any] | npt.NDArray[Any], tuple[int, ...] | None]:
    """Words as an array, other ints as a list, and the shape of what comes out if it has one."""
    if isinstance(ints, list):
        return ints, None
    # Series, arrays of Dask, masked arrays: whoever makes an array of itself. Of other iterables
    # NumPy would make floats where large and negative ints are mixed.
    if hasattr(ints, "__array__"):
        if np.ma.is_masked(ints):
            raise TypeError(
                "test_batch() has no verdict for masked values: give x.compressed(), or use "
                "is_prime(x), which keeps the mask"
            )
        array = np.asarray(ints)
        if array.dtype.kind in "iub":
            word = np.uint64 if array.dtype.kind == "u" else np.int64
            return np.ascontiguousarray(array, dtype=word).reshape(-1), array.shape
        # Objects, and what is refused in words because it is no integer.
        return array.reshape(-1).tolist(), array.shape
    if isinstance(ints, (str, bytes)) or not isinstance(ints, Iterable):
        kind = type(ints).__name__
        raise TypeError(f"test_batch() takes an array or an iterable of ints, not {kind}")
    return list(ints), None


def test_batch(
    ints: Iterable[SupportsIndex] | npt.ArrayLike,
    /,
    *,
    rounds: int = DEFAULT_ROUNDS,
    seed: int | None = None,
    threads: int = 1,
    reports: bool = False,
) -> Batch:
    """Tests many integers of any size, with evidence on request.

    Below 2**64 verdicts are exact. Above, each number gets Baillie-PSW, or the proof that its form
    k * 2**n +- 1 has, and `rounds` strong tests to bases that depend on the seed and the number; the
    seed is the system's unless it is given. `threads` share the work, and give the same answers.
    `reports` keeps method, factor, RES64 and CPU time of each; RES64 costs another power.

    The interpreter's lock is released, and Ctrl-C ends the call within a tenth of a second.

    >>> import libprimality
    >>> batch = libprimality.test_batch([1, 91, 97, 2**127 - 1], reports=True)
    >>> batch.verdict
    array([0, 1, 3, 3], dtype=uint8)
    >>> batch.factor
    array([0, 7, 0, 0], dtype=uint64)
    >>> print(*batch.method_name)
    definition trial-division trial-division lucas-lehmer
    """
    source, shape = _source(ints)
    used = int.from_bytes(os.urandom(8), "little") if seed is None else seed
    verdict, method, factor, res64, cpu_ns = _core._test_batch(source, rounds, used, threads, reports)
    if shape is not None:
        verdict = verdict.reshape(shape)
        method = None if method is None else method.reshape(shape)
        factor = None if factor is None else factor.reshape(shape)
        res64 = None if res64 is None else res64.reshape(shape)
        cpu_ns = None if cpu_ns is None else cpu_ns.reshape(shape)
    return Batch(verdict, method, factor, res64, cpu_ns, int(rounds), int(used))
