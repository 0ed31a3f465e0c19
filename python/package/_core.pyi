# SPDX-License-Identifier: Apache-2.0
from typing import Any, Protocol, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

# What ufuncs give: an array for arrays and sequences, a scalar for a number. What brings its own
# __array_ufunc__ (Dask, pandas) gives of its own kind. numpy.ufunc is final to type checkers, so
# that these only look like one.
_Int = int | np.integer[Any] | np.bool_
_Ints = npt.NDArray[np.integer[Any]] | npt.NDArray[np.bool_] | npt.NDArray[np.object_]

class _Ufunc(Protocol):
    @property
    def nin(self) -> int: ...
    @property
    def nout(self) -> int: ...
    @property
    def types(self) -> list[str]: ...
    @property
    def outer(self) -> Any: ...

class _IsPrime(_Ufunc, Protocol):
    @overload
    def __call__(self, x: _Int, /) -> np.bool_: ...
    @overload
    def __call__(
        self,
        x: _Ints | list[Any] | tuple[Any, ...],
        /,
        out: None = None,
        *,
        where: npt.ArrayLike = True,
    ) -> npt.NDArray[np.bool_]: ...
    @overload
    def __call__(self, x: Any, /, *args: Any, **kwargs: Any) -> Any: ...

class _Verdict(_Ufunc, Protocol):
    @overload
    def __call__(self, x: _Int, /) -> np.uint8: ...
    @overload
    def __call__(
        self,
        x: _Ints | list[Any] | tuple[Any, ...],
        /,
        out: None = None,
        *,
        where: npt.ArrayLike = True,
    ) -> npt.NDArray[np.uint8]: ...
    @overload
    def __call__(self, x: Any, /, *args: Any, **kwargs: Any) -> Any: ...

is_prime: _IsPrime
verdict: _Verdict

def is_prime_int(n: SupportsIndex, /) -> bool: ...
def smallest_factor(n: SupportsIndex, /) -> int: ...
def next_prime(n: SupportsIndex, /) -> int: ...
def prev_prime(n: SupportsIndex, /) -> int: ...
def primes(lo: SupportsIndex, hi: SupportsIndex, /) -> npt.NDArray[np.uint64]: ...
def random_prime(bits: SupportsIndex, /, *, safe: bool = False, seed: SupportsIndex | None = None) -> int: ...
def level() -> str: ...
def levels() -> tuple[str, ...]: ...
def version() -> str: ...

_methods: tuple[str, ...]
_verdicts: tuple[str, ...]

def _test_batch(
    source: list[Any] | npt.NDArray[Any],
    rounds: int,
    seed: SupportsIndex,
    threads: int,
    reports: bool,
    /,
) -> tuple[
    npt.NDArray[np.uint8],
    npt.NDArray[np.uint8] | None,
    npt.NDArray[np.uint64] | None,
    npt.NDArray[np.uint64] | None,
    npt.NDArray[np.uint64] | None,
]: ...
def _prove(
    n: SupportsIndex, format: int, threads: int, seed: SupportsIndex, max_cost: SupportsIndex, /
) -> tuple[int, str | None, int, int, int, int, str]: ...
def _verify(data: bytes, threads: int, /) -> tuple[int, int, int, int | None, int, int, str, int]: ...
def _convert(data: bytes, format: int, /) -> tuple[int, str | None, int, str]: ...
def _versions_below() -> tuple[str, str]: ...
