# SPDX-License-Identifier: Apache-2.0
import os
import pathlib

import libprimality as lp
import pytest

PRIME = 10**40 + 121


@pytest.mark.parametrize("format", ["json", "primo4", "mpu", "pari"])
def test_each_form(format):
    for n in (PRIME, lp.next_prime(10**60)):
        certificate = lp.prove(n, format=format)
        assert (certificate.number, certificate.format, str(certificate)) == (n, format, certificate.text)
        found = lp.verify_certificate(certificate.text.encode())
        assert found and found.verdict == "valid" and found.number == n and found.problem == ""
        assert found.steps >= 1 and found.format == format


def test_small_primes():
    for n in (2, 3, 97, 2**61 - 1, 2**64 - 59):
        certificate = lp.prove(n)
        assert certificate.number == n
        assert lp.verify_certificate(certificate)


def test_what_is_not_prime():
    for n, reason in ((91, "7 divides"), (1, "from 2 on"), (0, "from 2 on"), (-7, "from 2 on"), ((2**89 - 1) * (2**107 - 1), "composite"), (2**400 + 1, "composite")):
        with pytest.raises(lp.NotPrimeError, match=reason):
            lp.prove(n)
        with pytest.raises(ValueError):
            lp.prove(n)


def test_gives_up_when_told_to():
    with pytest.raises(lp.ProofNotFoundError, match="no proof"):
        lp.prove(lp.next_prime(10**120), max_cost=1)


def test_threads_and_conversion():
    n = lp.next_prime(10**100)
    one, two = lp.prove(n), lp.prove(n, threads=2)
    assert one.text == two.text
    assert lp.verify_certificate(one, threads=3)
    mpu = lp.prove(n, format="mpu")
    assert lp.verify_certificate(mpu.to("json"))
    with pytest.raises(ValueError, match="format"):
        one.to("primo3")
    with pytest.raises(ValueError, match="format"):
        lp.prove(n, format="xml")


def test_tampered_certificates():
    text = lp.prove(PRIME).text
    for bad in ("", "x", "\0", "\ud800", text[:-20], text.replace('"x":2', '"x":3'), text + text, text + "x", "[]", text[1:]):
        found = lp.verify_certificate(bad)
        assert not found, bad
        assert found.problem
    assert "follows" in lp.verify_certificate(text + "\nx").problem
    assert lp.verify_certificate(text + "\n \n")
    for bad in (None, 7, [text]):
        with pytest.raises(TypeError, match="takes a text"):
            lp.verify_certificate(bad)


@pytest.mark.skipif("PRIMALITY_SHARED" not in os.environ, reason="PRIMALITY_SHARED has no certificates")
def test_published_certificates():
    folder = pathlib.Path(os.environ["PRIMALITY_SHARED"]) / "certs"
    seen = 0
    for path in sorted(folder.glob("*.txt")):
        if path.stat().st_size < 50_000:
            found = lp.verify_certificate(path.read_bytes())
            assert found or found.problem
            seen += 1
    assert seen
