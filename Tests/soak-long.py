# SPDX-License-Identifier: Apache-2.0
"""One long test that is killed again and again: does it say the same as one that ran through?

soak-long.py [--bits B] [--kills K] [--seed SEED] PRIMALITY

A composite number of B bits without small factors, and k 2^e + 1 and 2^p - 1 of about that size, are tested
with checkpoints every 0.1 seconds. K times the process is killed by SIGKILL, or ended by SIGINT or SIGTERM, at a
random moment; the next part runs at another level, on other threads, by another engine or in another pool. The
verdict and RES64 have to be those of a test without interruption. The exit status is 1 when anything differed.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

problems = 0


def problem(text):
    global problems
    problems += 1
    print("soak-long: PROBLEM: " + text, file=sys.stderr, flush=True)


def evidence(line):
    found = json.loads(line)
    return {key: found.get(key) for key in ("verdict", "method", "res64", "witness", "seed", "rounds")}


def levels(program):
    text = subprocess.run([program, "info"], capture_output=True, text=True, check=True).stdout
    return next(line for line in text.splitlines() if line.startswith("levels supported")).split()[2:]


def soak(program, number, kills, rng, supported):
    base = [program, "check", number, "--format", "jsonl", "--res64", "--seed", "7"]
    begun = time.monotonic()
    whole = subprocess.run(base, capture_output=True, text=True)
    took = time.monotonic() - begun
    if whole.returncode != 0:
        problem(f"{number}: status {whole.returncode}: {whole.stderr}")
        return
    folder = tempfile.mkdtemp(prefix="soak-long-")
    # Most of what is killed is to leave something behind.
    least, most = 0.15, max(0.5, 4 * took / max(1, kills))
    ended = []
    turn = 0
    while turn < kills:
        turn += 1
        options = ["--checkpoint", folder, "--checkpoint-every", "0.1", "-j", str(rng.choice([1, 1, 2, 3]))]
        options += ["--pool", rng.choice(["threads", "threads", "processes"])]
        options += ["--engine", rng.choice(["auto", "auto", "fft"])]
        environment = dict(os.environ, PRIMALITY_LEVEL=rng.choice(supported))
        part = subprocess.Popen(base + options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        try:
            part.wait(rng.uniform(least, most))
        except subprocess.TimeoutExpired:
            part.send_signal(rng.choice([signal.SIGKILL] * 6 + [signal.SIGINT, signal.SIGTERM]))
        output, errors = part.communicate()
        if errors.strip() and "ended by SIG" not in errors:
            problem(f"{number}: turn {turn}: {errors.strip()}")
        if part.returncode == 0:
            ended.append(output)
    last = subprocess.run(base + ["--checkpoint", folder], capture_output=True, text=True)
    ended.append(last.stdout)
    for output in ended:
        if not output or evidence(output) != evidence(whole.stdout):
            problem(f"{number}: {output.strip()} is not {whole.stdout.strip()}")
    left = os.listdir(folder)
    if left:
        problem(f"{number}: {', '.join(left)} is left")
    shutil.rmtree(folder)
    name = number if len(number) < 40 else number[:37] + "..."
    print(f"soak-long: {name}: {turn} parts, {len(ended)} ends of the test", flush=True)


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins with SIGINT ignored
    parser = argparse.ArgumentParser()
    parser.add_argument("--bits", type=int, default=100000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("program")
    arguments = parser.parse_args()
    print(f"soak-long: --seed {arguments.seed} repeats this run", flush=True)
    rng = random.Random(arguments.seed)
    supported = levels(arguments.program)
    b = arguments.bits
    numbers = []
    # Without small factors: what divides them is as large as they are.
    general = (1 << b) + rng.getrandbits(b // 2) | 1
    small = [p for p in range(3, 60000, 2) if all(p % q for q in range(3, int(p**0.5) + 1, 2))]
    rest = [(1 << b) % p for p in small]
    offset = general - (1 << b)
    while any((r + offset) % p == 0 for r, p in zip(rest, small)):
        offset += 2
    numbers.append(f"2^{b}+{offset:#x}")
    numbers += [f"3*2^{b}+1", f"3*2^{b + 2}-1"]
    # An exponent that is prime, so that 2^p - 1 has a test.
    p = b | 1
    while any(p % q == 0 for q in range(3, int(p**0.5) + 1, 2)):
        p += 2
    numbers.append(f"2^{p}-1")
    for number in numbers:
        soak(arguments.program, number, arguments.kills, rng, supported)
    print(f"soak-long: {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
