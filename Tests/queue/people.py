# SPDX-License-Identifier: Apache-2.0
"""What people do to batches: submit twice, cancel, pause, drop, give rights, verify."""

import signal
import threading
import time

from faults import LONG, load
from harness import SQLError, case


def together(*calls):
    """Runs calls at the same time, and gives what they gave."""
    found = [None] * len(calls)

    def run(i):
        try:
            found[i] = calls[i]()
        except Exception as reason:
            found[i] = reason

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@case()
def two_submits(c):
    """The same input twice at once, the same name, the same again later, and a submission that is killed."""
    c.make_queue(lease=60)
    c.write("a.txt", "".join(f"{i}\n" for i in range(1000001, 1060001, 2)))
    c.write("b.txt", "1000003\n")
    for turn in range(1 if c.turns == 1 else max(1, c.turns // 10)):
        one, two = together(
            lambda: c.run("submit", "a.txt", "--name", f"one{turn}", "--chunk", "10"),
            lambda: c.run("submit", "a.txt", "--name", f"two{turn}", "--chunk", "10"))
        c.equal(sorted([one.status, two.status]), [0, 2], f"two submissions of the same: {one} {two}")
        loser = one if one.status == 2 else two
        c.check("queued already" in loser.errors, f"the second submission says {loser}")
        c.equal(len(c.facts()["batches"]), 1, "batches after two submissions of the same")
        again = c.run("submit", "a.txt", "--name", "again", "--chunk", "10")
        c.status_is(again, 2, "the same once more")
        batch = c.facts()["batches"][0]
        c.equal((batch["candidates"], batch["chunks"]), (30000, 3000), "what was submitted")
        same = c.run("submit", "b.txt", "--name", batch["name"])
        c.status_is(same, 2, "another input of the same name")
        c.check("called" in same.errors, f"the same name: {same}")
        named = together(
            lambda: c.run("submit", "b.txt", "--name", "n", "--seed", "1"),
            lambda: c.run("submit", "b.txt", "--name", "n", "--seed", "2"))
        c.equal(sorted(r.status for r in named), [0, 2], f"two of the same name at once: {named}")
        c.status_is(c.run("submit", "b.txt", "--name", "seed3", "--seed", "3"), 0, "another seed is another batch")
        for name in (batch["name"], "n", "seed3"):
            c.status_is(c.run("drop", "--batch", name), 0, "drop")
        c.equal(c.count("chunk"), 0, "chunks after drop")
        # Killed at a random moment: all or nothing.
        tool = c.start("submit", "a.txt", "--name", "killed", "--chunk", "1")
        time.sleep(c.rng.uniform(0.02, 0.5))
        number = c.rng.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        tool.signal(number)
        status = tool.wait().status
        batches = c.facts()["batches"]
        if status == 0 or batches:
            c.equal([b["chunks"] for b in batches], [30000], "a submission that was not killed in time")
            c.status_is(c.run("drop", "--batch", "killed"), 0, "drop")
        # A server finds out that nobody is there, and forgets.
        c.until(lambda: c.count("chunk") == 0 and c.count("batch") == 0, "nothing is there")


@case()
def opening(c):
    """Commands that open the queue while others open and close it, or are killed: none is refused."""
    c.make_queue(lease=60)
    c.write("a.txt", load(50, bits=300))
    c.submit("a.txt", "--seed", "1", "--chunk", "10")
    times = 12 * min(c.turns, 20)

    def look():
        return [r for r in (c.run("status", "--json") for _ in range(times)) if r.status != 0]

    def work():
        return [r for r in (c.run("work", "--once", "-j", "1") for _ in range(times)) if r.status != 0]

    def kill():
        for _ in range(times):
            worker = c.worker("--wait")
            time.sleep(0.05)
            worker.kill()
        return []

    wrong = [r for found in together(look, look, work, kill) for r in (found if isinstance(found, list) else [found])]
    c.check(not wrong, f"{len(wrong)} commands were refused, the first by {wrong[:1]}")


@case()
def slow_submit(c):
    """While a submission reads from a pipe that is slow, workers go on and others see nothing of it."""
    import os
    c.make_queue(lease=60)
    c.write("a.txt", load(300))
    read, write = os.pipe()
    slow = c.start("submit", "-", "--name", "slow", "--chunk", "1", stdin=read)
    os.close(read)
    os.write(write, b"".join(b"%d\n" % i for i in range(1000001, 1006001, 2)))
    time.sleep(1)
    quick = c.start("submit", "a.txt", "--seed", "1", "--chunk", "10")
    end = time.monotonic() + 8
    while quick.is_running() and time.monotonic() < end:
        time.sleep(0.05)
    c.check(not quick.is_running(), "while one submission waits for its input another one cannot submit")
    if not quick.is_running():
        c.equal([b["name"] for b in c.facts()["batches"]], ["a.txt"], "what others see")
        worker = c.worker()
        end = time.monotonic() + 60
        while worker.is_running() and time.monotonic() < end:
            time.sleep(0.05)
        c.check(not worker.is_running(), "while a submission waits for its input no worker works")
    os.close(write)
    c.status_is(slow.wait(), 0, "the slow submission")
    c.status_is(quick.wait(), 0, "the quick submission")
    c.work()
    c.each_once("slow")
    c.same("a.txt", "a.txt", 1, formats=("jsonl",))


@case()
def cancel_and_finish(c):
    """cancel while results come in: what is stored stays, and nothing comes after it."""
    c.make_queue(lease=1)
    c.write("a.txt", load(900))
    for turn in range(1 if c.turns == 1 else max(1, c.turns // 5)):
        name = f"c{turn}"
        c.submit("a.txt", "--seed", str(turn), "--chunk", "2", "--name", name)
        workers = [c.worker("--claim", c.rng.choice(["1", "20", "auto"])) for _ in range(2)]
        c.until(lambda: c.count("result"), "the first result")
        time.sleep(c.rng.uniform(0, 0.3))
        done = c.run("cancel", "--batch", name)
        stored = c.count("result")
        c.check(done.status in (0, 2), f"cancel: {done}")
        for worker in workers:
            c.status_is(worker.wait(), 0, "a worker of a batch that was cancelled")
        if done.status == 2:
            c.check("finished" in done.errors, f"cancel of what is finished: {done}")
            c.each_once(name)
        else:
            c.equal(c.count("result"), stored, "results after cancel")
            c.equal(c.batch(name)["state"], "cancelled", "the state")
            c.status_is(c.run("resume", "--batch", name), 2, "resume of what was cancelled")
            c.status_is(c.run("collect", "--batch", name, "--follow"), 2, "collect --follow of what was cancelled")
            part = c.run("collect", "--batch", name, "--order", "done", "--format", "jsonl")
            c.status_is(part, 2, "collect of what was cancelled")
            whole = c.check_run("--file", "a.txt", "--seed", turn, "--pool", "serial")
            text = c.run("collect", "--batch", name)
            c.check(whole.output.startswith(text.output), "collect of what was cancelled is no beginning")
        c.equal(c.count("chunk", "state = 1"), 0, "leases after cancel")
        c.status_is(c.run("drop", "--batch", name), 0, "drop")
        c.equal(c.count("result") + c.count("chunk"), 0, "what is left after drop")


@case()
def pause_and_resume(c):
    """pause and resume under load; another batch goes on; priorities."""
    c.make_queue(lease=1)
    c.write("a.txt", load(900, bits=14000))
    c.write("b.txt", load(120, bits=5000))
    c.submit("a.txt", "--seed", "1", "--chunk", "5", "--name", "a")
    workers = [c.worker("--claim", "4") for _ in range(2)]
    c.until(lambda: c.count("result") > 2, "the first results")
    c.status_is(c.run("pause", "--batch", "a"), 0, "pause")
    c.until(lambda: c.count("chunk", "state = 1") == 0, "leases are given back")
    stored = c.count("result")
    c.submit("b.txt", "--seed", "1", "--chunk", "5", "--name", "b")
    workers += [c.worker()]
    c.until(lambda: c.batch("b")["done"] == c.batch("b")["chunks"], "the other batch is done")
    c.equal(c.batch("a")["done"], stored, "results of what rests")
    c.equal(c.batch("a")["state"], "paused", "the state")
    for _ in range(3):
        c.status_is(c.run("resume", "--batch", "a"), 0, "resume")
        time.sleep(c.rng.uniform(0, 0.1))
        c.check(c.run("pause", "--batch", "a").status in (0, 2), "pause")
    c.status_is(c.run("resume", "--batch", "a"), 0, "resume")
    c.work()
    for worker in workers:
        c.status_is(worker.wait(), 0, "a worker")
    for batch in ("a", "b"):
        c.each_once(batch)
        c.same(batch, f"{batch}.txt", 1, formats=("jsonl",))
    c.status_is(c.run("pause", "--batch", "a"), 2, "pause of what is finished")
    c.status_is(c.run("cancel", "--batch", "a"), 2, "cancel of what is finished")
    c.status_is(c.run("cancel", "--batch", "none"), 2, "cancel of what is not there")
    # The higher priority is first, whenever it was given.
    c.write("c.txt", load(60, bits=8000))
    for name, priority in (("low", -5), ("high", 0)):
        c.submit("c.txt", "--seed", name.count("h"), "--chunk", "10", "--name", name, "--priority", priority)
    c.status_is(c.run("prioritise", "--batch", "low", "--priority", "7"), 0, "prioritise")
    # One after the other, so that they are done in the order in which they are claimed.
    c.work("--claim", "1", "--pool", "serial")
    order = [r[0] for r in c.sql(
        "select b.name from @result r join @batch b on b.id = r.batch where b.name in ('low', 'high') "
        "order by r.done, b.priority desc")]
    c.equal(order, ["low"] * 6 + ["high"] * 6, "the order")


@case()
def drop_under_load(c):
    """drop while workers store results: nothing is left, and workers go on with other batches."""
    c.make_queue(lease=1)
    c.write("a.txt", load(1500, bits=600))
    c.write("b.txt", load(60))
    c.submit("b.txt", "--seed", "0", "--chunk", "5", "--name", "last", "--priority", "-1")
    workers = [c.worker("--claim", claim, "--wait") for claim in ("1", "10", "auto")]
    for turn in range(3 if c.turns == 1 else c.turns // 2):
        name = f"a{turn}"
        c.submit("a.txt", "--seed", str(turn), "--chunk", "1", "--name", name)
        ident = c.batch(name)["id"]
        c.until(lambda: c.count("result", f"batch = {ident}"), "the first result")
        time.sleep(c.rng.uniform(0, 0.2))
        dropped = c.run("drop", "--batch", name)
        c.status_is(dropped, 0, "drop under load")
        if dropped.status != 0:
            c.run("drop", "--batch", name)
        for worker in workers:
            c.check(worker.is_running(), f"a worker has ended: {worker.errors()[-400:]}")
    c.until(lambda: c.batch("last")["done"] == c.batch("last")["chunks"], "the last batch is done")
    for worker in workers:
        worker.signal(signal.SIGTERM)
        result = worker.wait()
        c.check("trying again" not in result.errors, f"a worker lost its server: {result.errors[-400:]}")
    c.equal(c.count("result"), c.batch("last")["chunks"], "results that are left")
    c.each_once("last")
    c.same("last", "b.txt", 0, formats=("jsonl",))


@case("postgres")
def roles(c):
    """Workers have three functions and no table; readers look; submitters have their own batches."""
    c.make_queue(lease=2, more=[
        "--grant-work", "worker", "--grant-submit", "alice", "--grant-submit", "bob", "--grant-read", "reader"])
    boss = c.queue

    def queue_of(user):
        from harness import PostgresQueue
        return PostgresQueue(c.cluster, boss.database, user)

    def is_refused(user, sql):
        try:
            boss.sql(sql, user)
        except SQLError as reason:
            is_right = any(w in str(reason) for w in ("permission denied", "not yours", "not being submitted by you"))
            return c.check(is_right, f"{user}: {sql}: {reason}")
        return c.check(False, f"{user} may: {sql}")

    c.write("a.txt", load(200))
    c.submit("a.txt", "--seed", "1", "--name", "a", "--chunk", "10", queue=queue_of("alice"))
    c.submit("a.txt", "--seed", "2", "--name", "b", "--chunk", "10", queue=queue_of("bob"))
    alice = c.batch("a")["id"]
    tables = ("about", "batch", "chunk", "worker", "result", "second")
    for table in tables:
        is_refused("worker", f"select * from primality.{table}")
        for user in ("worker", "reader", "alice"):
            is_refused(user, f"delete from primality.{table}")
            is_refused(user, f"update primality.{table} set {'schema = 2' if table == 'about' else 'state = 1'}"
                       if table in ("about", "batch", "chunk") else f"insert into primality.{table} default values")
            is_refused(user, f"truncate primality.{table}")
    is_refused("worker", "create table primality.mine (x int)")
    is_refused("worker", "select primality.begin_batch(1, 'x', 'x', 0)")
    is_refused("worker", f"select primality.change_batch(1, {alice}, 'drop', 0)")
    is_refused("worker", f"select primality.owns({alice})")
    is_refused("worker", f"select primality.note_second(1, 1, {alice}, 0, true, '')")
    is_refused("worker", "select primality.check_form(1)")
    for function in (
            "begin_batch(1, 'x', 'x', 0)", f"change_batch(1, {alice}, 'drop', 0)", "claim(1, 1, 1, 0, 0, true)",
            f"note_second(1, 1, {alice}, 0, true, '')", f"end_batch({alice}, 'x', 1, 1)",
            "finish(1, 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
            "renew(1, 1, 'h', 1, 'v', 'l', 'g', 1, 1, 'p', '{}', '{}', '{}', true)"):
        is_refused("reader", f"select * from primality.{function}")
    is_refused("bob", "select * from primality.claim(1, 1, 1, 0, 0, true)")
    is_refused("bob", f"select primality.add_chunks({alice}, '{{9999}}', '{{0}}', '{{1}}', '{{1}}', '{{x}}')")
    is_refused("bob", f"select primality.end_batch({alice}, 'x', 0, 0)")
    is_refused("bob", f"select primality.note_second(1, 1, {alice}, 0, false, '')")
    for change in ("pause", "resume", "cancel", "retry", "drop"):
        is_refused("bob", f"select primality.change_batch(1, {alice}, '{change}', 0)")
        refused = c.run(change, "--batch", "a", queue=queue_of("bob"))
        c.status_is(refused, 2, f"bob: {change} of alice's batch")
        c.check("not yours" in refused.errors, f"bob: {change}: {refused}")
        refused = c.run(change, "--batch", "a", queue=queue_of("reader"))
        c.status_is(refused, 2, f"reader: {change}")
        refused = c.run(change, "--batch", "a", queue=queue_of("worker"))
        c.status_is(refused, 2, f"worker: {change}")
    c.status_is(c.run("prioritise", "--batch", "a", "--priority", "1", queue=queue_of("bob")), 2, "bob: prioritise")
    for arguments in (["submit", "a.txt", "--name", "x"], ["status"], ["collect", "--batch", "a"]):
        refused = c.run(*arguments, queue=queue_of("worker"))
        c.status_is(refused, 2, f"worker: {arguments[0]}")
        c.check("permission denied" in refused.errors, f"worker: {arguments[0]}: {refused}")
    c.status_is(c.run("submit", "a.txt", "--name", "x", queue=queue_of("reader")), 2, "reader: submit")
    c.status_is(c.run("work", "--give-up", "1", queue=queue_of("reader")), 2, "reader: work")
    c.status_is(c.run("work", "--give-up", "1", queue=queue_of("alice")), 2, "submitter: work")
    # What they may.
    c.status_is(c.run("pause", "--batch", "a", queue=queue_of("alice")), 0, "alice: pause")
    c.status_is(c.run("resume", "--batch", "a", queue=queue_of("alice")), 0, "alice: resume")
    c.status_is(c.run("prioritise", "--batch", "b", "--priority", "1"), 0, "boss: prioritise")
    worked = c.run("work", "--pool", "threads", "-j", "1", queue=queue_of("worker"))
    c.status_is(worked, 0, "worker: work")
    c.status_is(c.run("status", queue=queue_of("reader")), 0, "reader: status")
    for user in ("reader", "bob"):
        c.same("a", "a.txt", 1, formats=("jsonl",), queue=queue_of(user))
    c.each_once("a")
    verified = c.run("verify", "--batch", "a", "--share", "0.3", "--host", "other", queue=queue_of("alice"))
    c.status_is(verified, 0, "alice: verify")
    refused = c.run("verify", "--batch", "a", "--share", "1", "--host", "third", queue=queue_of("reader"))
    c.status_is(refused, 2, "reader: verify")
    # A role that is told later; a name that needs quotes.
    c.cluster.sql(f'drop role if exists "o\'dd ""one; x{boss.database}"')
    c.cluster.sql(f'create role "o\'dd ""one; x{boss.database}" login')
    c.status_is(c.run("init", "--grant-work", f"o'dd \"one; x{boss.database}"), 0, "init --grant-work later")
    c.cluster.sql(f'drop owned by "o\'dd ""one; x{boss.database}"', database=boss.database)
    c.status_is(c.run("init"), 2, "init of what is there")
    # Names on the search path are not followed.
    boss.sql("create schema evil; grant all on schema evil to worker; grant temporary on database "
             f"{boss.database} to worker")
    found = boss.sql(
        "set search_path = evil, pg_catalog; create table evil.about (schema int, version text, lease float8); "
        "insert into evil.about values (9, 'x', 1); create temporary table about (schema int); "
        "select count(*) from primality.renew(1, 77, 'h', 1, 'v', 'l', 'g', 1, 1, 'p', '{}', '{}', '{}', true)", "worker")
    c.equal(found, [("0",)], "a search path of the worker's own")


@case()
def verify(c):
    """verify: agreement, a result that was changed, hosts, and what status says then."""
    c.make_queue(lease=60)
    c.write("a.txt", "".join(f"{i}\n" for i in range(10**20 + 1, 10**20 + 2001, 2)))
    c.submit("a.txt", "--seed", "1", "--chunk", "50", "--name", "a", "--res64")
    c.work("--host", "first")
    same_host = c.run("verify", "--batch", "a", "--share", "1", "--host", "first")
    c.status_is(same_host, 0, "verify by the same host")
    c.equal(c.batch("a")["looked"], 0, "looks by the same host")
    good = c.run("verify", "--batch", "a", "--share", "0.2", "--host", "second")
    c.status_is(good, 0, "verify")
    looked = c.batch("a")["looked"]
    c.check(0 < looked < 20, f"a share of 0.2 of 20 chunks: {looked}")
    # A residue changes in a chunk that nobody has looked at.
    number = int(c.sql("select min(no) from @result where no not in (select no from @second)")[0][0])
    payload = c.sql(f"select payload from @result where no = {number}")[0][0]
    payload = bytearray(bytes.fromhex(payload[2:]) if c.kind == "postgres" else payload)
    # The last byte says that no certificates follow.
    payload[-2] ^= 1
    before = c.run("collect", "--batch", "a", "--format", "jsonl")
    c.sql(f"update @result set payload = {c.queue.blob(bytes(payload))} where no = {number}")
    changed = c.run("collect", "--batch", "a", "--format", "jsonl")
    bad = c.run("verify", "--batch", "a", "--share", "1", "--host", "third")
    if before.output != changed.output and changed.status == 0:
        c.status_is(bad, 70, "verify of a result that was changed")
        c.check(f"chunk {number}" in bad.errors, f"verify says {bad}")
        batch = c.batch("a")
        c.equal((batch["looked"], batch["disputed"]), (20, 1), "looked at, and disputed")
        table = c.run("status", "--batch", "a", "--hosts")
        c.check(b"1 disputed" in table.output, f"status says {table}")
        # verify says that status --hosts names the hosts.
        c.check(b"third" in table.output, f"status --hosts does not name the host that verify was on: {table}")
        again = c.run("verify", "--batch", "a", "--share", "1", "--host", "fourth")
        c.status_is(again, 0, "verify when all was looked at")
        # The results of both are kept.
        second = c.sql(f"select payload from @second where no = {number}")[0][0]
        second = bytes.fromhex(second[2:]) if c.kind == "postgres" else second
        c.check(second != bytes(payload), "the second result is kept")
    else:
        c.check(False, f"the change was none: {changed}")
    # A verdict that is another one.
    c.write("b.txt", "1000003\n1000005\n")
    c.submit("b.txt", "--seed", "1", "--name", "b", "--verdicts-only")
    c.work("--host", "first")
    payload = c.sql("select payload from @result r join @batch b on b.id = r.batch where b.name = 'b'")[0][0]
    payload = bytes.fromhex(payload[2:]) if c.kind == "postgres" else payload
    swapped = payload[:-3] + payload[-2:-1] + payload[-3:-2] + payload[-1:]
    c.sql(
        f"update @result set payload = {c.queue.blob(swapped)} where batch in (select id from @batch where name = 'b')")
    bad = c.run("verify", "--batch", "b", "--share", "1", "--host", "second")
    c.status_is(bad, 70, "verify of verdicts that were changed")
    # Nothing to look at.
    c.submit("a.txt", "--seed", "9", "--name", "open")
    c.status_is(c.run("verify", "--batch", "open", "--share", "1"), 0, "verify of what is not finished")


__all__ = ["LONG"]
