#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of a folder: inputs that people bring, and what is expected of them.

usage: cases.py PRIMALITY FOLDER

The rows about `make install` are tested elsewhere.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

primality = os.path.abspath(sys.argv[1])
folder = os.path.abspath(sys.argv[2])

cases = []


class Unmet(Exception):
    """What was expected and is not so."""


def expect(condition, what):
    if not condition:
        raise Unmet(what)


def case(name):
    """Adds a case; it raises what is not met."""

    def add(run):
        cases.append((name, run))
        return run

    return add


class Outcome:
    def __init__(self, arguments, stdin=b"", timeout=120):
        # A group of its own: what hangs is ended with all that it started.
        child = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
            start_new_session=True)
        try:
            output, error = child.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        self.status = child.returncode
        self.output = output.decode(errors="replace")
        self.error = error.decode(errors="replace")
        self.lines = self.output.splitlines()

    def __repr__(self):
        return f"status {self.status}, output {self.output[:400]!r}, error {self.error[:600]!r}"

    def verdicts(self):
        """The lines of text as (input, verdict)."""
        return [tuple(line.rsplit(": ", 1)) for line in self.lines]


def check(*arguments, **options):
    return Outcome([primality, "check", *arguments], **options)


def shell(script, *arguments, interpreter=("sh",), timeout=120, tool=None):
    return Outcome([*interpreter, os.path.join(folder, script), tool or primality, *arguments], timeout=timeout)


def is_prime(text):
    """Decides small numbers that are written as k*n#+c, k*2^n+c or digits, by division."""
    n = value(text)
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


def value(text):
    def primorial(match):
        product = 1
        for p in range(2, int(match[1]) + 1):
            if all(p % d for d in range(2, p)):
                product *= p
        return str(product)

    text = re.sub(r"(\d+)#", primorial, text)
    text = text.replace("^", "**").replace(",", "").replace("_", "")
    text = re.sub(r"^0x([0-9a-fA-F]+)$", lambda m: str(int(m[1], 16)), text)
    text = re.sub(r"(\d+)[eE](\d+)", r"\1*10**\2", text)
    expect(re.fullmatch(r"[0-9+\-*() ]+", text), f"{text!r} is not one of the expected forms")
    return eval(text, {"__builtins__": {}})  # digits, signs and brackets alone


def are_right(outcome, count):
    """So many numbers have been tested, each with the right verdict, and the status is 0."""
    expect(outcome.status == 0, f"status 0: {outcome}")
    found = outcome.verdicts()
    expect(len(found) == count, f"{count} numbers: {outcome}")
    for text, verdict in found:
        expect(verdict == ("prime" if is_prime(text) else "composite"), f"{text} is not {verdict}")
    return [value(text) for text, _ in found]


def is_refused(outcome, *words):
    """Nothing was tested, the status is 2, and each line of the error has one of the words."""
    expect(outcome.status == 2, f"status 2: {outcome}")
    lines = [line for line in outcome.error.splitlines() if re.search(r": (line|argument) \d+: ", line)]
    expect(lines, f"a line of the error: {outcome}")
    for line in lines:
        expect(any(word in line for word in words), f"one of {words} in: {line}")


P23 = 223092870
P11 = 2310


@case("sigquit.sh, slow-numbers.sh")
def _():
    # By transforms the numbers take less than the second after which the signal comes.
    with tempfile.TemporaryDirectory() as scratch:
        slow = os.path.join(scratch, "primality")
        with open(slow, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {shlex.quote(primality)} "$@" --engine gmp\n')
        os.chmod(slow, 0o755)
        done = shell("sigquit.sh", tool=slow)
    ends = re.findall(r"ended (-?\d+) ms after the signal, (\d+) of 200 numbers, (\d+) x", done.output)
    expect(len(ends) == 2, f"two lines: {done}")
    for late, count, crashes in ends:
        expect(int(late) < 1500 and int(count) < 200 and crashes == "0", f"ended at once: {done}")
    expect("status after SIGABRT: 134 " in done.output, f"ended by SIGABRT: {done}")


@case("sigquit-twice.py")
def _():
    done = shell("sigquit-twice.py", "6", interpreter=(sys.executable,), timeout=300)
    expect("0 of 6 hung" in done.output, f"none hung: {done}")


@case("sigint-ignored.sh")
def _():
    done = shell("sigint-ignored.sh", interpreter=("setsid", "-w", "sh"))
    expect(re.search(r"primality: status 0 .* 200 of 200 numbers", done.output), f"status 0: {done}")


@case("stopped-job-timeout.sh")
def _():
    done = shell("stopped-job-timeout.sh", interpreter=("bash",))
    expect("status 0, 200 of 200 numbers" in done.output, f"all numbers: {done}")


@case("one-slow.txt")
def _():
    done = check(
        "-j", "1", "--pool", "processes", "--timeout", "1", "--format", "jsonl", "--file", "one-slow.txt")
    verdicts = {row["i"]: row["verdict"] for row in map(json.loads, done.lines)}
    expect(verdicts == {0: "prime", 1: "timed-out", 2: "composite"}, f"a line for each: {done}")
    expect(done.status == 3, f"status 3: {done}")


@case("-j1")
def _():
    done = check("-j1", "7")
    expect(done.status == 0 and done.output == "7: prime\n", f"as -j 1: {done}")


@case("dot-in-template.abc")
def _():
    done = check("--file", "dot-in-template.abc")
    found = are_right(done, 6)
    expect(
        found == [2 * P23 - 1, 3 * P23 - 1, 3 * P23 + 1, 6 * P23 - 1, 14 * P23 - 1, 14 * P23 + 1],
        f"the second of a row after a prime alone: {done}")


@case("dot-in-template.abcd")
def _():
    done = check("--file", "dot-in-template.abcd")
    expect(are_right(done, 3) == [2 * P23 - 1, 3 * P23 - 1, 6 * P23 - 1], f"2, 3 and 6: {done}")
    expect("left out" not in done.error, f"nothing was left out: {done}")


@case("primorial.npg")
def _():
    expect(are_right(check("--file", "primorial.npg"), 2) == [3 * P11 + 1, 4 * P11 + 1], "both")


@case("twin.npg, twin.abc")
def _():
    rows, template = check("--file", "twin.npg"), check("--file", "twin.abc")
    expect(are_right(rows, 5) == are_right(template, 5), f"the same: {rows} {template}")


@case("or-and-mixed.abc")
def _():
    done = check("--file", "or-and-mixed.abc")
    is_refused(done, "| and &")
    expect(done.output == "", f"nothing tested: {done}")


@case("hex-without-0x.txt")
def _():
    done = check("--file", "hex-without-0x.txt")
    is_refused(done, "begins with 0x")
    expect(done.output == "", f"nothing tested: {done}")
    done = check("--base", "16", "--file", "hex-without-0x.txt")
    expect(
        [verdict for _, verdict in done.verdicts()] == ["prime", "composite", "prime", "prime"]
        and done.status == 0, f"read with --base 16: {done}")


@case("colon-hex-first.txt")
def _():
    done = check("--file", "colon-hex-first.txt")
    is_refused(done, "begins with 0x", "--base 16")
    expect("NewPGen" not in done.error, f"no NewPGen: {done}")
    expect(are_right(check("--base", "16", "--file", "colon-hex-first.txt"), 1) == [0xFFFFFFFB], "its number")


@case("dh-text.txt")
def _():
    done = check("--file", "dh-text.txt")
    expect(done.status == 2 and "--base 16" in done.error and "NewPGen" not in done.error, f"a hint: {done}")
    expect(are_right(check("--base", "16", "--file", "dh-text.txt"), 2) == [0xFFFFFFFB, 7], "its numbers")


@case("words.txt")
def _():
    is_refused(check("--file", "words.txt"), "one number a line", "--file")
    is_refused(check("words.txt"), "--file")


@case("b-file.txt")
def _():
    for arguments in ([], ["--input", "bfile"]):
        done = check("--file", "b-file.txt", *arguments)
        expect(are_right(done, 3) == [2, 3, 5], f"the second column: {done}")


@case("worktodo.txt")
def _():
    done = check("--input", "worktodo", "--file", "worktodo.txt")
    expect(
        done.verdicts() == [("2^521-1", "prime"), ("2^607-1", "prime")] and done.status == 0,
        f"both are prime: {done}")
    is_refused(check("--file", "worktodo.txt"), "--input worktodo")


@case("written-numbers.txt")
def _():
    done = check("--file", "written-numbers.txt")
    found = dict(done.verdicts())
    for text in ["+1000003", "1,000,003", "1_000_003"]:
        expect(found.get(text) == "prime", f"{text} is read: {done}")
    expect(found.get("1e6", "composite") == "composite", f"1e6 is a million: {done}")
    is_refused(done, "at position")


@case("name-case.txt")
def _():
    done = check("--file", "name-case.txt")
    expect(
        [verdict for _, verdict in done.verdicts()] == ["composite", "prime", "prime", "prime"]
        and done.status == 0, f"all are read: {done}")


@case("pfgw-functions.txt")
def _():
    done = check("--file", "pfgw-functions.txt")
    names = ["'U'", "'V'", "'W'", "'S'", "'primU'", "'Smr'", "'CE'", "'len'", "'=>'"]
    expect(done.status == 2 and done.output == "", f"all are refused: {done}")
    for name, line in zip(names, done.error.splitlines()):
        expect(name in line, f"{name} in: {line}")


@case("chain.cc, digits.decimal")
def _():
    for file, name in [("chain.cc", "CC"), ("digits.decimal", "DECIMAL")]:
        done = check("--file", file)
        is_refused(done, f"format {name}")
        expect(done.output == "", f"nothing tested: {done}")


@case("resume-appended.sh")
def _():
    done = shell("resume-appended.sh")
    expect("status 0" in done.output, f"goes on with the new lines: {done}")
    with tempfile.TemporaryDirectory() as place:
        numbers, results = os.path.join(place, "n"), os.path.join(place, "r")
        with open(numbers, "w") as file:
            file.write("7\n9\n")
        expect(check("--file", numbers, "--resume", results).status == 0, "the first run")
        before = open(results).read()
        with open(numbers, "a") as file:
            file.write("11\n")
        expect(check("--file", numbers, "--resume", results).status == 0, "the second run")
        after = open(results).read()
        rows = [json.loads(line) for line in after.splitlines()]
        places = [row["i"] for row in rows if "i" in row]
        expect(places == [0, 1, 2] and before in after, f"only the new line was tested: {after!r}")


@case("empty.txt")
def _():
    done = Outcome(["sh", "-c", '"$1" check -q --file empty.txt && echo prime', "sh", primality])
    expect("prime\n" not in done.output, f"no 'prime': {done}")
    expect(check("-q", "--file", "empty.txt").status == 2, "status 2")


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    failed = 0
    for name, run in cases:
        try:
            run()
            print(f"passed  {name}", flush=True)
        except (Unmet, subprocess.TimeoutExpired, OSError, ValueError) as error:
            failed += 1
            print(f"FAILED  {name}: expected {error}", flush=True)
    print(f"cases: {len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
