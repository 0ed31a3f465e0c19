# SPDX-License-Identifier: Apache-2.0
"""Inputs of every kind, without faults: collect prints what a serial run prints."""

import os
import signal
import subprocess

from harness import blanked, case


def mixed(rng, lines):
    """Numbers of many sizes, with lines that are none."""
    text = ["# numbers of many sizes", ""]
    for i in range(lines):
        kind = i % 23
        if kind == 3:
            text.append(rng.choice(["", "# a comment", "   ", "// another one"]))
        elif kind == 7:
            text.append(rng.choice(["abc", "12x", "7/2", "(3", "1e", "--", "0x", "\x01\x02", "2^^3", "1/0"]))
        elif kind == 11:
            text.append(f"{rng.getrandbits(63)} // with a comment")
        elif kind == 13:
            text.append(f"-{rng.getrandbits(30)}")
        elif kind == 17:
            text.append(rng.choice(
                ["0", "1", "2", "3", "4", "2^127-1", "503#-641", "M(521)", "10^40+121", "1_000_003"]))
        elif kind == 19:
            text.append(f"0x{rng.getrandbits(200) | 1:x}")
        else:
            bits = rng.choice([8, 16, 31, 40, 63, 64, 65, 90, 128, 250, 512, 1024])
            text.append(str(rng.getrandbits(bits) | 1))
    return "\n".join(text) + "\n"


FILES = {
    "chains.abc": "ABC $a*2^$b-1 & $a*2^$b+1 & 2*($a*2^$b)+1\n"
    + "".join(f"{a} {b}\n" for a in range(3, 90, 6) for b in (11, 40, 64)),
    "either.abc": "ABC $a*2^$b$c | 3*$a*2^$b$c\n"
    + "".join(f"{a} {20 + a % 50} {'+1' if a % 2 else '-1'}\n" for a in range(1, 120)),
    "stops.abc": "ABC $a*2^$b+1 // {number_primes,$a,1}\n"
    + "".join(f"{a} {b}\n" for b in range(1, 40) for a in (3, 5, 7, 9, 11, 13)),
    "comps.abc": "ABC $a*2^$b-1 // {number_comps,$a,3}\n"
    + "".join(f"{a} {b}\n" for b in range(1, 40) for a in (3, 5, 7, 9, 11, 13))
    + "ABC $a*10^$b+1 & $a*10^$b+3 // {number_primes,$a,2}\n"
    + "".join(f"{a} {b}\n" for b in range(1, 30) for a in (1, 2, 4, 6)),
    "sieved.npg": "99991:T:0:2:3\n" + "".join(f"{k} {n}\n" for n in range(40, 50) for k in (15, 45, 75, 105, 9)),
    "range.abcd": "ABCD $a*2^$b+1 [5 100]\n0 8\n2 -8\n0 30\n0 1\n",
    "range.abc2": "ABC2 $a^$b-2 | $a^$b+2\na: from 3 to 21 step 2\nb: primes from 10 to 100\n",
    "b000040.txt": "# A000040\n1 2\n2 3\n3 5\n4 7\n5 9\n6 13\n7 x\n8 19\n",
    "expressions.txt": "\n".join([
        "2^127-1", "(2^61+1)/3", "Phi(3,-10^20)", "F(83)", "L(71)", "R(19)", "C(40,20)+1", "10!+1", "11!!-2",
        "nextprime(10^20)", "p(1000)", "Sm(10)", "1009#-2749", "2^89-1 // known", "2^2^3", "5/3", "12 == 12", "M127"]),
    "empty.txt": "# nothing\n\n",
    "mangled.abc": "ABC $a*2^$b+1\n3 5\n3\nx y\n7 9 11\n\n# no comment\n9 7\n",
}


@case()
def plain_files(c):
    """Every format, in text, jsonl and csv."""
    c.make_queue(lease=60)
    for name, text in FILES.items():
        c.write(name, text)
        if name == "empty.txt":
            continue
        c.submit(name, "--seed", "11", "--chunk", c.rng.choice(["1", "2", "7", "50"]))
    refused = c.run("submit", "empty.txt")
    c.status_is(refused, 2, "submit of nothing")
    c.check("nothing to queue" in refused.errors, f"submit of nothing says {refused.errors}")
    workers = [c.worker("--host", f"h{i}") for i in range(3)]
    for worker in workers:
        c.status_is(worker.wait(), 0, "work")
    for name in FILES:
        if name != "empty.txt":
            c.same(name, name, 11)
            c.each_once(name)


@case()
def plain_mixed(c):
    """Numbers of all sizes with lines that are none, with residues, and as pfgw; several workers and pools."""
    c.make_queue(lease=60)
    c.write("mixed.txt", mixed(c.rng, 1500))
    c.submit("mixed.txt", "--seed", "5", "--chunk", "60", "--name", "residues", "--res64")
    c.submit("mixed.txt", "--seed", "5", "--chunk-seconds", "0.01", "--name", "verdicts", "--verdicts-only")
    c.submit("mixed.txt", "--seed", "6", "--chunk", "100", "--name", "small", "--max-bits", "200", "--rounds", "5")
    workers = [c.worker("--host", f"h{i}", "--claim", c.rng.choice(["1", "3", "auto"])) for i in range(2)]
    workers += [c.start("work", "--pool", "processes", "-j", "2", "--host", "p0")]
    for worker in workers:
        c.status_is(worker.wait(), 0, "work")
        c.nothing_left(worker, "work")
    c.same("residues", "mixed.txt", 5, ["--res64"], formats=("text", "jsonl", "csv", "pfgw"))
    c.same("verdicts", "mixed.txt", 5, formats=("text",))
    c.same("small", "mixed.txt", 6, ["--max-bits", "200", "--rounds", "5"])
    # --primes and --summary are check's as well.
    wanted = c.check_run("--file", "mixed.txt", "--seed", "5", "--res64", "--primes", "--summary", "--pool", "serial")
    found = c.run("collect", "--batch", "residues", "--primes", "--summary")
    c.equal(found.output, wanted.output, "--primes")
    c.equal(found.errors, wanted.errors, "--primes --summary: standard error")
    c.equal(found.status, wanted.status, "--primes: the status")
    for batch in ("residues", "verdicts", "small"):
        c.each_once(batch)
    # In the order of the chunks' ends every result is there.
    done = c.run("collect", "--batch", "residues", "--order", "done", "--format", "jsonl")
    ordered = c.run("collect", "--batch", "residues", "--format", "jsonl")
    c.equal(sorted(done.output.split(b"\n")), sorted(ordered.output.split(b"\n")), "--order done")
    # What a batch has no evidence for is refused.
    refused = c.run("collect", "--batch", "verdicts", "--format", "jsonl")
    c.status_is(refused, 64, "jsonl of verdicts alone")
    refused = c.run("collect", "--batch", "small", "--format", "pfgw")
    c.status_is(refused, 64, "pfgw without residues")


@case()
def plain_hex(c):
    """Hexadecimal, over several lines; standard input; a proof."""
    c.make_queue(lease=60, host="socket")
    modulus = f"{c.rng.getrandbits(700) | 1:x}"
    pairs = [("0" * (len(modulus) % 2) + modulus)[i:i + 2] for i in range(0, len(modulus) + len(modulus) % 2, 2)]
    rows = [":".join(pairs[i:i + 15]) + ":" for i in range(0, len(pairs), 15)]
    rows[-1] = rows[-1].rstrip(":")
    text = "modulus:\n    " + "\n    ".join(rows) + "\n" + "".join(
        f"{c.rng.getrandbits(90) | 1:X}\n" for _ in range(60)) + "xyz\n0x7fffffff\n"
    c.write("hex.txt", text)
    c.submit("hex.txt", "--seed", "1", "--base", "16", "--chunk", "9")
    c.write("prove.txt", "\n".join(["10^40+121", "4*7^150+1", "2^89-1", "10^30+57", "2^101-1", str(2**127 - 1)]))
    c.submit("prove.txt", "--seed", "2", "--prove", "--chunk", "2")
    with open(os.path.join(c.folder, "hex.txt"), "rb") as file:
        piped = c.run("submit", "-", "--name", "piped", "--seed", "3", "--base", "16", stdin=file)
    c.status_is(piped, 0, "submit -")
    c.work()
    c.same("hex.txt", "hex.txt", 1, ["--base", "16"])
    c.same("prove.txt", "prove.txt", 2, ["--prove"])
    with open(os.path.join(c.folder, "hex.txt"), "rb") as file:
        wanted = subprocess.run(
            c.command("check", "-", "--seed", "3", "--base", "16", "--pool", "serial"), stdin=file,
            capture_output=True, env=c.environment, check=False)
    found = c.run("collect", "--batch", "piped")
    c.equal(found.output, wanted.stdout, "standard input")
    c.equal(found.errors, wanted.stderr.decode(), "standard input: standard error")
    c.equal(found.status, wanted.returncode, "standard input: the status")


@case()
def follow(c):
    """collect --follow while workers run; collect of what is not finished; status --watch; a pipe that is closed."""
    c.make_queue(lease=2)
    c.write("a.txt", "".join(f"{2 * i + 1}*2^4000+1\n" for i in range(900)) + "bad\n")
    c.submit("a.txt", "--seed", "4", "--chunk", "15")
    before = c.run("collect", "--batch", "a.txt")
    c.status_is(before, 2, "collect of what nobody has begun")
    c.equal(before.output, b"", "collect of what nobody has begun")
    follower = c.start("collect", "--batch", "a.txt", "--follow", "--format", "jsonl")
    watcher = c.start("status", "--watch", "--every", "0.1")
    workers = [c.worker("--claim", "2", "--wait") for _ in range(2)]
    c.until(lambda: c.count("result") > 5, "some chunks are done")
    # What is finished rests as well, until a claim finds out.
    rests = c.run("pause", "--batch", "a.txt").status == 0
    part = c.run("collect", "--batch", "a.txt")
    c.status_is(part, 2, "collect of what is not finished")
    if c.count("chunk", "state < 2"):
        c.check("not finished" in part.errors, f"collect of what is not finished says {part.errors}")
    if rests:
        c.status_is(c.run("resume", "--batch", "a.txt"), 0, "resume")
    c.until(lambda: c.count("chunk", "state < 2") == 0, "all is done")
    for worker in workers:
        worker.signal(signal.SIGTERM)
        worker.wait()
    c.status_is(watcher.wait(), 0, "status --watch")
    followed = follower.wait()
    wanted = c.check_run("--file", "a.txt", "--seed", "4", "--format", "jsonl", "--pool", "serial")
    c.equal(followed.status, wanted.status, "--follow: the status")
    c.equal(followed.errors, wanted.errors, "--follow: standard error")
    c.check(blanked(followed.output, "jsonl") == blanked(wanted.output, "jsonl"), "--follow: another output")
    whole = c.run("collect", "--batch", "a.txt")
    c.check(whole.output.startswith(part.output), "the part is no beginning of the whole")
    c.same("a.txt", "a.txt", 4)
    # A reader that goes ends check and collect alike.
    for command in (
            ["queue", "collect", "--batch", "a.txt", "--format", "jsonl"],
            ["check", "--file", "a.txt", "--seed", "4", "--pool", "serial"]):
        with subprocess.Popen(
                c.command(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=c.in_queue(), cwd=c.folder,
        ) as tool:
            tool.stdout.readline()
            tool.stdout.close()
            errors = tool.stderr.read().decode()
            tool.wait()
        if command[0] == "queue":
            first = (tool.returncode, errors)
        else:
            c.equal(first, (tool.returncode, errors), "a closed pipe, and what check does then")
