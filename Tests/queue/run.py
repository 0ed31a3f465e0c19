# SPDX-License-Identifier: Apache-2.0
"""The queue under faults: the tool against PostgreSQL and SQLite.

run.py [--turns N] [--only WORD] [--store sqlite|postgres] [--jobs N] [--seed SEED] [--list] PRIMALITY

Workers are killed, stopped and continued, the server is killed and cut off, disks fill, rows are written by strangers;
each time every candidate has one result, and what `primality queue collect` prints is what `primality check` prints of
the same file, byte for byte but for cpu_ns. PostgreSQL is a server of the test's own in a temporary folder. With
--turns 1 each case runs once, and those that take long are left out; else faults come N times. The exit status is 1
when anything was wrong.
"""

import argparse
import concurrent.futures
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

import harness
import plain  # noqa: F401: its cases
import faults  # noqa: F401
import servers  # noqa: F401
import strangers  # noqa: F401
import people  # noqa: F401

printing = threading.Lock()


def say(text, file=sys.stdout):
    with printing:
        print("test-queue: " + text, file=file, flush=True)


def run_case(name, body, kind, program, parent, cluster, arguments):
    folder = tempfile.mkdtemp(prefix=f"{name}-{kind}-", dir=parent)
    os.chmod(folder, 0o755)
    c = harness.Case(name, program, folder, kind, cluster, arguments.seed, arguments.turns)
    begun = time.monotonic()
    skipped = None
    try:
        body(c)
    except harness.Skipped as reason:
        skipped = str(reason)
    except harness.Failed as reason:
        c.problems.append(str(reason))
    except Exception:
        c.problems.append(traceback.format_exc(limit=-4))
    finally:
        c.close()
    took = time.monotonic() - begun
    for text in c.problems:
        say(f"PROBLEM: {name} on {kind}: {text}", sys.stderr)
    if skipped is not None:
        say(f"{name} on {kind}: left out: {skipped}")
    else:
        notes = "".join(f"; {note}" for note in c.notes)
        say(f"{name} on {kind}: {f'{len(c.problems)} problems' if c.problems else 'ok'}, {took:.1f} s{notes}")
    shutil.rmtree(folder, ignore_errors=True)
    return bool(c.problems)


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--store", choices=["sqlite", "postgres"])
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("program", nargs="?")
    arguments = parser.parse_args()
    if arguments.list:
        for name, body, stores, sampled, _ in harness.CASES:
            print(f"{name} ({', '.join(stores)}{'' if sampled else '; long'}): {body.__doc__}")
        return 0
    if not arguments.program:
        parser.error("which program?")
    program = os.path.abspath(arguments.program)
    say(f"--turns {arguments.turns} --seed {arguments.seed} repeats this run")
    # Short, since the path of a Unix socket is; open to the server's user.
    parent = tempfile.mkdtemp(prefix="prkq-")
    os.chmod(parent, 0o755)
    cluster = None
    failed = []
    begun = time.monotonic()
    try:
        if arguments.store != "sqlite":
            try:
                cluster = harness.Cluster(parent)
            except harness.Skipped as reason:
                say(f"left out: all cases with a server: {reason}")
        todo = []
        for name, body, stores, sampled, alone in harness.CASES:
            if arguments.only and not any(word in name for word in arguments.only.split(",")):
                continue
            if not sampled and arguments.turns == 1 and not arguments.only:
                continue
            for kind in stores:
                if arguments.store in (None, kind) and (kind == "sqlite" or cluster):
                    todo.append((name, body, kind, alone))
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as executor:
            futures = [
                (name, kind, executor.submit(run_case, name, body, kind, program, parent, cluster, arguments))
                for name, body, kind, alone in todo if not alone
            ]
            failed += [f"{name} on {kind}" for name, kind, future in futures if future.result()]
        for name, body, kind, alone in todo:
            if alone and run_case(name, body, kind, program, parent, cluster, arguments):
                failed.append(f"{name} on {kind}")
    finally:
        if cluster:
            cluster.stop()
        shutil.rmtree(parent, ignore_errors=True)
    say(f"{len(todo)} cases, {len(failed)} failed, {time.monotonic() - begun:.0f} s")
    if failed:
        say("failed: " + ", ".join(failed), sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
