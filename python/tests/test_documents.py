# SPDX-License-Identifier: Apache-2.0
"""What is written: doctests of README and docstrings, types, examples."""

import doctest
import importlib.util
import inspect
import os
import pathlib
import subprocess
import sys
import textwrap

import libprimality as lp
import numpy as np
import pytest

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# How arrays and scalars are printed is NumPy 2's, and the stubs of 1.26 leave types out.
needs_numpy2 = pytest.mark.skipif(np.__version__.startswith("1."), reason="needs NumPy 2")


def check(text, name):
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test)
    assert runner.failures == 0, name
    return len(test.examples)


@needs_numpy2
def test_readme():
    assert check((HERE.parent / "README.md").read_text(encoding="utf-8").replace("```", ""), "README.md") > 15


@needs_numpy2
def test_docstrings():
    seen = 0
    for name in lp.__all__:
        seen += check(getattr(lp, name).__doc__ or "", name)
    assert seen > 20


def test_everything_is_documented():
    for name in lp.__all__:
        thing = getattr(lp, name)
        if callable(thing):
            assert thing.__doc__, name
    for name in ("is_prime_int", "next_prime", "primes", "random_prime", "test_batch", "prove"):
        assert inspect.signature(getattr(lp, name))


USE = """
from typing import assert_type

import libprimality as lp
import numpy as np
import numpy.typing as npt

assert_type(lp.is_prime_int(7), bool)
assert_type(lp.is_prime(7), np.bool_)
assert_type(lp.is_prime(np.arange(5)), npt.NDArray[np.bool_])
assert_type(lp.is_prime([2**70, 3]), npt.NDArray[np.bool_])
assert_type(lp.verdict(np.arange(5)), npt.NDArray[np.uint8])
assert_type(lp.next_prime(np.int64(7)), int)
assert_type(lp.primes(1, 10), npt.NDArray[np.uint64])
assert_type(lp.random_prime(10, safe=True, seed=3), int)
batch = lp.test_batch([7, 2**70], rounds=3, seed=None, threads=2, reports=True)
assert_type(batch, lp.Batch)
assert_type(batch.verdict, npt.NDArray[np.uint8])
assert_type(lp.prove(7), lp.Certificate)
assert_type(lp.prove(7).to("pari").text, str)
assert_type(lp.verify_certificate("x"), lp.Verification)
assert_type(lp.levels(), tuple[str, ...])
lp.is_prime(np.arange(5), out=np.zeros(5, bool), where=np.ones(5, bool))
"""


def mypy(*arguments):
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_numpy2
def test_types(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(textwrap.dedent(USE))
    mypy("mypy", "--strict", f"--cache-dir={tmp_path}/cache", "-p", "libprimality")
    mypy("mypy", "--strict", f"--cache-dir={tmp_path}/cache", str(tmp_path / "use.py"))


def test_stubs_are_as_the_module_is():
    pytest.importorskip("mypy")
    allowed = HERE / "stubtest-allowed.txt"
    mypy("mypy.stubtest", "libprimality", f"--allowlist={allowed}", "--ignore-unused-allowlist")


def example(name):
    folder = HERE.parent.parent / "examples/python"
    if not folder.is_dir():
        pytest.skip("examples are in the repository alone")
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, folder / f"{name}.py"


def test_example_threads():
    module, path = example("threads")
    assert module.count_primes(np.arange(10**5), 2) == 9592
    assert subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout == "78498\n"


def test_example_joblib():
    pytest.importorskip("joblib")
    _, path = example("processes")
    printed = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout
    assert printed == "2 3 5 7 13 17 19 31 61 89 107 127 521 607\n"


def test_example_dask():
    pytest.importorskip("distributed")
    _, path = example("dask_array")
    printed = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True, env={**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}).stdout
    assert printed == "78498\n"
