# SPDX-License-Identifier: Apache-2.0
"""What the tool prints as JSON is what docs/schema says.

check-schemas.py TOOL [TOOL_WITH_SQLITE]: runs it, and validates each line or object. Needs the package jsonschema.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent
tool = sys.argv[1]
checked = 0
problems = []


def schema(name):
    loaded = json.loads((ROOT / "docs/schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


def validate(name, value, where):
    global checked
    checked += 1
    for error in schema(name).iter_errors(value):
        problems.append(f"{where}: {json.dumps(value)[:200]}: {error.message[:300]}")


def run(*arguments, text="", statuses=(0,)):
    done = subprocess.run([tool, *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode not in statuses:
        problems.append(f"{' '.join(arguments)}: status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def lines(name, *arguments, least=1, **more):
    output = run(*arguments, **more).splitlines()
    if len(output) < least:
        problems.append(f"{' '.join(arguments)}: {len(output)} lines")
    for line in output:
        validate(name, json.loads(line), " ".join(arguments))


numbers = ["0", "1", "2", "91", "2^61-1", "2^64+1", "2^127-1", "10^40+121", "3*2^2816+1", "3317044064679887385961981",
           "(2^61-1)^2", "2^128+1", '"\\ü']
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    lines("results", "check", "--format", "jsonl", "--res64", *numbers[:-1], least=12)
    lines("results", "check", "--format", "jsonl", "--prove", "10^30+57", "10^40+121", least=2)
    lines("results", "check", "--format", "jsonl", "--pool", "processes", "--timeout", "0.01", "2^21213+1001", statuses=(3,))
    for engine in ["trial", "u64", "swift-trial", "swift-u64"]:
        lines("results", "check", "--format", "jsonl", "--engine", engine, "4294967311", "4294967297")
    lines("results", "check", "--format", "jsonl", "--engine", "fft", "10^3000+1", "2^4253-1", least=2)
    lines("results", "check", "--format", "jsonl", "--report", "0.05", "7", "2^44497-1", least=2)
    for command in [["list", "10", "30"], ["next", "10^20"], ["prev", "10^20"], ["random", "--bits", "80"]]:
        lines("results", *command, "--format", "jsonl")
    source, kept = folder / "in.txt", folder / "kept.jsonl"
    source.write_text("\n".join(numbers[:-1]) + "\n", encoding="utf-8")
    run("check", "--file", str(source), "--resume", str(kept), "--shard", "1/2")
    other = folder / "other.jsonl"
    run("check", "--file", str(source), "--resume", str(other), "--shard", "2/2")
    if len(sys.argv) > 2:
        tool, plain = sys.argv[2], tool
        queue = f"sqlite:{folder / 'queue.db'}"
        run("queue", "init", "--queue", queue)
        for name in ["one", "two"]:
            run("queue", "submit", str(source), "--queue", queue, "--name", name, "--seed", str(len(name) + ord(name[0])))
            validate("queue", json.loads(run("queue", "status", "--json", "--queue", queue)), "queue status")
            run("queue", "work", "--queue", queue)
        validate("queue", json.loads(run("queue", "status", "--json", "--queue", queue)), "queue status")
        lines("results", "queue", "collect", "--batch", "one", "--format", "jsonl", "--queue", queue, statuses=(0, 2))
        tool = plain
    else:
        print("schemas: no tool with SQLite was given, and the queue left out")
    counting = folder / "counting.txt"
    counting.write_text("ABC $a*2^$b+1 // {number_primes,$a,1}\n3 1\n3 2\n3 5\n", encoding="utf-8")
    run("check", "--file", str(counting), "--resume", str(folder / "counted.jsonl"))
    for name in ["kept.jsonl", "counted.jsonl"]:
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            validate("results", json.loads(line), "--resume")
    lines("results", "merge", str(kept), str(other), least=len(numbers) - 1)

    lines("proofs", "prove", "--format", "jsonl", "--certificate", "json", "--out", str(folder / "all.jsonl"),
          "7", "91", "1", "2^127-1", "10^40+121", least=5, statuses=(1,))
    lines("proofs", "prove", "--format", "jsonl", "--timeout", "0.01", "10^400+69", "10^300+331", statuses=(0, 1, 3))
    certificates = (folder / "all.jsonl").read_text(encoding="utf-8")
    for line in certificates.splitlines():
        validate("certificate", json.loads(line), "prove --certificate json")
    (folder / "bad.jsonl").write_text(certificates.replace('"kind":"ec"', '"kind":"bls5"'), encoding="utf-8")
    (folder / "none.txt").write_text("none\n", encoding="utf-8")
    lines("verified", "verify", "--format", "jsonl", *(str(folder / name) for name in ["all.jsonl", "bad.jsonl", "none.txt"]),
          least=3, statuses=(1, 2))

    keys = {"key": ["genrsa", "512"], "group": ["dhparam", "-dsaparam", "512"], "locked": ["genrsa", "-aes128", "-passout", "pass:x", "512"],
            "other": ["genpkey", "-algorithm", "ED25519"]}
    for name, made in keys.items():
        made = subprocess.run(["openssl", *made], capture_output=True, check=True).stdout
        (folder / name).write_bytes(made)
    (folder / "moduli").write_text("".join(f"20260101000000 2 6 100 1023 {g} {p:X}\n" for g, p in [(2, 2**1024 - 1), (5, 23)]),
                                   encoding="utf-8")
    lines("keys", "keys", "--format", "jsonl", *(str(folder / name) for name in [*keys, "moduli", "none.txt"]), least=7, statuses=(2,))

    validate("info", json.loads(run("info", "--json")), "info --json")
    validate("bench", json.loads((ROOT / "docs/report/report.json").read_text(encoding="utf-8")), "docs/report/report.json")

for problem in problems[:40]:
    print(f"check-schemas: {problem}")
print(f"check-schemas: {checked} objects, {len(problems)} problems")
sys.exit(1 if problems else 0)
