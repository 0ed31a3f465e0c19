# SPDX-License-Identifier: Apache-2.0
"""Workers that are killed, stopped, ended and interrupted."""

import contextlib
import os
import signal
import time

from harness import Failed, case, of_session, stat_fields

# So long that a look finds a worker at it, some seconds on any machine.
LONG = "2^86243-1"


def load(count, bits=6000):
    """Composites and primes of some milliseconds, in rows with conditions, and bad lines."""
    return "".join(
        f"{2 * i + 1}*2^{bits}+1\n" if i % 9 else ("no number\n" if i % 2 else f"2^{521 + i % 2}-1\n")
        for i in range(count))


def rows(count, bits=3000):
    return "ABC $a*2^$b+1 & $a*2^$b-1 // {number_primes,$a,1}\n" + "".join(
        f"{a} {bits + b}\n" for b in range(count // 6) for a in (3, 5, 7, 9, 11, 13))


def check_all(c, batch, file, seed, formats=("jsonl",)):
    c.each_once(batch)
    c.same(batch, file, seed, formats=formats)


@case()
def kills(c):
    """SIGKILL of workers at random moments; others are started."""
    c.make_queue(lease=1)
    c.write("load.txt", load(2500 + 100 * c.turns))
    c.write("rows.abc", rows(200))
    c.submit("load.txt", "--seed", "3", "--chunk", "20")
    c.submit("rows.abc", "--seed", "3", "--chunk", "5")
    workers = []
    killed = 0
    wanted = 4 if c.turns == 1 else c.turns
    while killed < wanted:
        workers = [w for w in workers if w.is_running()]
        for worker in workers[3:]:
            worker.kill()
        while len(workers) < 3:
            pool = c.rng.choice([["--pool", "threads"], ["--pool", "processes"], ["--pool", "serial"]])
            jobs = [] if pool[1] == "serial" else ["-j", str(c.rng.choice([1, 2]))]
            workers.append(c.start("work", *pool, *jobs, "--claim", c.rng.choice(["1", "2", "auto"]), "--wait"))
        time.sleep(c.rng.uniform(0.05, 0.6))
        victim = c.rng.choice(workers)
        victim.signal(signal.SIGKILL)
        victim.process.wait()
        c.nothing_left(victim, "a worker that was killed")
        killed += 1
        workers.remove(victim)
        if not c.count("chunk", "state < 2"):
            # There is more to lose.
            c.run("drop", "--batch", "load.txt")
            c.submit("load.txt", "--seed", "3", "--chunk", "20")
    for worker in workers:
        worker.signal(signal.SIGTERM)
        result = worker.wait()
        c.check(result.status in (143, -signal.SIGTERM), f"SIGTERM: {result}")
    c.until(lambda: c.count("chunk", "state = 1") == 0 or not c.work("--once") or time.sleep(0.2), "no leases")
    c.work()
    if c.count("chunk", "state = 3"):
        # The same chunk can be lost three times.
        c.notes.append(f"{c.count('chunk', 'state = 3')} chunks lost three times")
        c.status_is(c.run("retry", "--batch", "load.txt"), 0, "retry")
        c.status_is(c.run("retry", "--batch", "rows.abc"), 0, "retry")
        c.work()
    check_all(c, "load.txt", "load.txt", 3)
    check_all(c, "rows.abc", "rows.abc", 3)
    c.notes.append(f"{killed} kills")


@case()
def stopped(c):
    """SIGSTOP past the lease, then SIGCONT: what somebody else has tested is refused, and that is told."""
    c.make_queue(lease=1)
    # One chunk that is under way for long, and others that are claimed ahead.
    c.write("a.txt", f"{LONG}\n" + load(60))
    for turn in range(1 if c.turns == 1 else max(2, c.turns // 10)):
        name = f"stopped{turn}"
        c.submit("a.txt", "--seed", str(turn), "--chunk", "1", "--name", name)
        first = c.worker("--host", "first", "--claim", "20")
        c.until(lambda: c.count("chunk", "state = 1") > 0, "a chunk is leased")
        time.sleep(c.rng.uniform(0, 0.3))
        first.signal(signal.SIGSTOP)
        had = {(int(r[0]), int(r[1])) for r in c.sql("select no, attempt from @chunk where state = 1")}
        second = c.worker("--host", "second")
        c.status_is(second.wait(), 0, "the second worker")
        c.each_once(name)
        first.signal(signal.SIGCONT)
        result = first.wait()
        c.status_is(result, 0, "the worker that was stopped")
        if had:
            c.check("not wanted any more" in result.errors, f"it is not told that its results are refused: {result}")
        check_all(c, name, "a.txt", turn)
        hosts = {w["host"]: w["done"] for w in c.facts()["workers"] if w["done"]}
        c.check("second" in hosts, f"who did it: {hosts}")


@case()
def stopped_briefly(c):
    """SIGSTOP past the lease while nobody else is there: the results are taken."""
    c.make_queue(lease=1)
    c.write("a.txt", load(1200, bits=8000))
    c.submit("a.txt", "--seed", "9", "--chunk", "10")
    worker = c.worker("--claim", "5")
    c.until(lambda: c.count("chunk", "state = 1") > 0, "a chunk is leased")
    worker.signal(signal.SIGSTOP)
    time.sleep(2)
    worker.signal(signal.SIGCONT)
    result = worker.wait()
    c.status_is(result, 0, "the worker")
    check_all(c, "a.txt", "a.txt", 9)
    c.check("not wanted" not in result.errors, f"nobody else was there: {result}")


@case()
def terminate(c):
    """SIGTERM and SIGINT give chunks back at once, for all pools, and leave no process."""
    c.make_queue(lease=3600)
    c.write("a.txt", f"{LONG}\n" + load(60))
    c.submit("a.txt", "--seed", "2", "--chunk", "1", "--name", "a")
    pools = [
        ["--pool", "threads", "-j", "2"], ["--pool", "processes", "-j", "2"], ["--pool", "serial"],
        ["--pool", "tasks", "-j", "2"], ["--pool", "actors", "-j", "1"],
        ["--pool", "processes", "-j", "1", "--worker", "swift"], ["--pool", "processes", "-j", "1", "--worker", "exec"],
    ]
    for turn, pool in enumerate(pools * max(1, c.turns // 10)):
        number = signal.SIGINT if turn % 2 else signal.SIGTERM
        worker = c.start("work", *pool, "--claim", "7", "--wait")
        c.until(lambda: c.count("chunk", "state = 1") > 0, f"{pool}: a chunk is leased")
        time.sleep(c.rng.uniform(0, 0.4))
        worker.signal(number)
        result = worker.wait()
        text = f"{number.name} of {' '.join(pool)}"
        c.check(result.status in (-number, 128 + number), f"{text}: {result}")
        c.equal(c.batch("a")["leased"], 0, f"{text}: chunks that are leased")
        c.equal(c.count("chunk", "state = 1"), 0, f"{text}: chunks that are leased")
        c.nothing_left(worker, text)
    # What was given back was not lost.
    c.equal(c.count("chunk", "state = 3"), 0, "chunks that failed")
    lost = "losses > 0" if c.kind == "sqlite" else "cardinality(lost) > 0"
    c.equal(c.count("chunk", lost), 0, "chunks that were lost")
    c.work()
    check_all(c, "a", "a.txt", 2)


def kill_three(c, number, ahead=0):
    """Kills three workers that have a chunk, and others that were claimed ahead; the third one has it alone."""
    for turn in range(3):
        worker = c.worker("--claim", "1", "--host", f"host {turn}, with a comma")
        c.until(
            lambda: [tuple(map(int, r)) for r in c.sql(f"select state, attempt from @chunk where no = {number}")]
            == [(1, turn + 1)], "the long chunk is leased")
        c.until(lambda: c.count("chunk", "state = 1") > (ahead if turn < 2 else 0), "others are leased")
        if turn == 2:
            c.equal(c.count("chunk", "state = 1"), 1, "what the third worker has beside it")
        worker.kill()
    c.until(lambda: c.run("work", "-j", "1").status == 0 and c.count("chunk", "state = 3"), "it failed", pause=0.3)


@case()
def poison(c):
    """A chunk whose worker is killed three times fails; retry opens it again."""
    c.make_queue(lease=0.5)
    c.write("a.txt", f"1000003\n1000033\n1000037\n1000039\n{LONG}\n1000081\n")
    c.submit("a.txt", "--seed", "8", "--chunk", "2", "--name", "a")
    kill_three(c, 2)
    batch = c.batch("a")
    c.equal((batch["failed"], batch["leased"], batch["done"]), (1, 0, 2), "chunks that failed, are leased, are done")
    found = c.run("collect", "--batch", "a")
    c.status_is(found, 3, "collect with a failed chunk")
    primes = b"1000003: prime\n1000033: prime\n1000037: prime\n1000039: prime\n"
    c.equal(found.output, primes + LONG.encode() + b": failed\n1000081: failed\n", "collect")
    c.check("lost by 3 workers" in found.errors, f"collect says {found.errors}")
    for form in ("jsonl", "csv"):
        found = c.run("collect", "--batch", "a", "--format", form)
        c.status_is(found, 3, f"collect as {form} with a failed chunk")
        c.equal(found.output.count(b"failed"), 2, f"collect as {form}: failed")
    table = c.run("status", "--hosts")
    c.check(b"1 chunk" in table.output, f"status says {table}")
    done = c.run("collect", "--batch", "a", "--order", "done")
    c.equal(done.output.count(b": prime"), 4, "--order done has what is done")
    c.status_is(c.run("retry", "--batch", "a"), 0, "retry")
    c.equal(c.batch("a")["open"], 1, "chunks that are open again")
    c.work()
    check_all(c, "a", "a.txt", 8)


@case()
def poison_neighbours(c):
    """Only the chunk that costs workers fails: those that were claimed ahead of time with it do not."""
    c.make_queue(lease=0.5)
    c.write("a.txt", f"1000003\n{LONG}\n1000033\n1000037\n1000039\n")
    c.submit("a.txt", "--seed", "8", "--chunk", "1", "--name", "a")
    kill_three(c, 1, ahead=1)
    failed = [int(r[0]) for r in c.sql("select no from @chunk where state = 3 order by no")]
    c.equal(failed, [1], "chunks that failed")


@case()
def deadly_number(c):
    """A number that ends its process twice is a failed number, and its chunk is done; one without end times out."""
    c.make_queue(lease=60)
    c.write("a.txt", f"1000003\n{LONG}\n1000033\n")
    c.submit("a.txt", "--seed", "8", "--name", "a", "--chunk", "3")
    worker = c.start("work", "--pool", "processes", "-j", "1")
    killed = set()

    def children():
        return [p for p in of_session(worker.pid) if stat_fields(p)[1:2] == [b"%d" % worker.pid]]

    def kill_one():
        if not worker.is_running():
            return True
        for child in children():
            if child in killed:
                continue
            # Only while it tests: it has used some of the processor's time.
            fields = stat_fields(child)
            if len(fields) > 12 and int(fields[11]) + int(fields[12]) >= 5:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                killed.add(child)
        return False

    c.until(kill_one, "the worker ends")
    c.status_is(worker.wait(), 0, "the worker")
    found = c.run("collect", "--batch", "a")
    c.equal(found.output, b"1000003: prime\n" + LONG.encode() + b": failed\n1000033: prime\n", "collect")
    c.status_is(found, 3, "collect")
    c.check("SIGKILL" in found.errors, f"collect says {found.errors}")
    batch = c.batch("a")
    c.equal((batch["failedNumbers"], batch["failed"], batch["done"]), (1, 0, 1), "a failed number")
    # The same by a limit of time.
    c.write("b.txt", "1000003\n2^500009-1\n1000033\n")
    c.submit("b.txt", "--seed", "8", "--name", "b", "--chunk", "3")
    timed = c.start("work", "--pool", "processes", "-j", "1", "--timeout", "0.5")
    c.status_is(timed.wait(), 0, "a worker with a limit")
    found = c.run("collect", "--batch", "b")
    c.equal(found.output, b"1000003: prime\n2^500009-1: timed-out\n1000033: prime\n", "collect")
    c.status_is(found, 3, "collect of what timed out")
    wanted = c.check_run(
        "--file", "b.txt", "--seed", "8", "--pool", "processes", "-j", "1", "--timeout", "0.5")
    c.equal((found.output, found.status), (wanted.output, wanted.status), "check with the same limit")


@case()
def interrupted(c):
    """Ctrl-C of each command that waits; none leaves a process."""
    c.make_queue(lease=60)
    c.write("a.txt", load(100) + f"{LONG}\n")
    c.submit("a.txt", "--seed", "1", "--name", "a", "--chunk", "50")
    read, write = os.pipe()
    commands = {
        "collect --follow": (["collect", "--batch", "a", "--follow"], None),
        "status --watch": (["status", "--watch", "--every", "0.2"], None),
        "work": (["work", "--wait", "-j", "2"], None),
        "work by processes": (["work", "--wait", "-j", "2", "--pool", "processes"], None),
        "submit": (["submit", "-", "--name", "pipe"], read),
    }
    for what, (arguments, stdin) in commands.items():
        tool = c.start(*arguments, stdin=stdin)
        if what == "submit":
            os.write(write, b"1000003\n" * 10)
        time.sleep(0.5)
        c.check(tool.is_running(), f"{what} has ended: {tool.errors()}")
        # As a terminal does: all of the group.
        os.killpg(tool.pid, signal.SIGINT)
        result = tool.wait()
        wanted = (0, -signal.SIGINT, 130) if what == "status --watch" else (-signal.SIGINT, 130)
        c.check(result.status in wanted, f"Ctrl-C of {what}: {result}")
        c.nothing_left(tool, f"Ctrl-C of {what}")
        c.equal(c.count("chunk", "state = 1"), 0, f"Ctrl-C of {what}: leases")
    os.close(read)
    os.close(write)
    c.equal([b["name"] for b in c.facts()["batches"]], ["a"], "batches")
    c.work()
    verify = c.start("verify", "--batch", "a", "--share", "1", "--host", "other", "-j", "1")
    time.sleep(0.4)
    os.killpg(verify.pid, signal.SIGINT)
    result = verify.wait()
    c.check(result.status in (-signal.SIGINT, 130, 0), f"Ctrl-C of verify: {result}")
    c.nothing_left(verify, "Ctrl-C of verify")
    c.equal(c.batch("a")["disputed"], 0, "Ctrl-C of verify: disputed")
    check_all(c, "a", "a.txt", 1)


@case(sampled=False)
def many_stops(c):
    """Workers are stopped, continued, killed and ended at random, with claims of many."""
    c.make_queue(lease=1)
    c.write("load.txt", load(6000, bits=5000))
    c.submit("load.txt", "--seed", "3", "--chunk", "10")
    workers = []
    turns = {}
    for _ in range(c.turns):
        workers = [w for w in workers if w.is_running()]
        while len(workers) < 4:
            workers.append(c.worker("--claim", c.rng.choice(["1", "5", "30", "auto"]), "--wait"))
        victim = c.rng.choice(workers)
        what = c.rng.choice(["stop", "stop", "kill", "terminate"])
        turns[what] = turns.get(what, 0) + 1
        if what == "stop":
            victim.signal(signal.SIGSTOP)
            time.sleep(c.rng.uniform(0.8, 2.5))
            victim.signal(signal.SIGCONT)
        else:
            victim.signal(signal.SIGKILL if what == "kill" else signal.SIGTERM)
            time.sleep(c.rng.uniform(0, 0.3))
        if not c.count("chunk", "state < 2"):
            c.each_once("load.txt") if not c.count("chunk", "state = 3") else None
            c.run("drop", "--batch", "load.txt")
            c.submit("load.txt", "--seed", "3", "--chunk", "10")
    for worker in workers:
        worker.signal(signal.SIGCONT)
        worker.signal(signal.SIGTERM)
        worker.wait()
    c.work()
    if c.count("chunk", "state = 3"):
        c.run("retry", "--batch", "load.txt")
        c.work()
    check_all(c, "load.txt", "load.txt", 3)
    c.notes.append(str(turns))


__all__ = ["Failed", "LONG", "load"]
