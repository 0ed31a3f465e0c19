# SPDX-License-Identifier: Apache-2.0
"""Rows that strangers have written, and tables of another version: no crash, a clear message, a documented status."""

import signal
import sqlite3

from faults import load
from harness import SQLError, case

DOCUMENTED = (0, 1, 2, 3, 64, 69, 70, 74, 75, 130, 143)


def is_sane(c, result, what):
    """Whether a command has ended by itself, with a status that is documented, and has said something if not well."""
    fine = c.check(result.status in DOCUMENTED, f"{what}: {result}")
    if result.status not in (0, 1, 130, 143):
        fine &= c.check(result.errors.strip() != "", f"{what}: status {result.status} without a word")
    fine &= c.check(len(result.errors) < 100_000, f"{what}: {len(result.errors)} bytes on standard error")
    strange = [ch for ch in result.errors if ord(ch) < 32 and ch not in "\n"]
    return fine & c.check(not strange, f"{what}: unprintable characters on standard error: {result.errors[:300]!r}")


@case()
def other_schema(c):
    """A queue of another version: every command refuses with a message and status 2."""
    c.make_queue(lease=1)
    c.write("a.txt", load(300))
    c.submit("a.txt", "--seed", "1", "--chunk", "3", "--name", "a")
    busy = c.worker("--claim", "1", "--wait")
    c.until(lambda: c.count("result"), "the first result")
    c.sql("update @about set schema = 2, version = '9.9.9'")
    if c.kind == "postgres":
        # One that works already finds out.
        result = busy.wait()
        c.status_is(result, 2, "a worker whose queue became another one")
        c.check("9.9.9" in result.errors and "same version" in result.errors, f"the message: {result}")
    else:
        busy.signal(signal.SIGTERM)
        busy.wait()
    c.write("b.txt", "1000003\n")
    for arguments in (["work", "--give-up", "2"], ["submit", "b.txt"], ["pause", "--batch", "a"],
                      ["drop", "--batch", "a"], ["init"], ["status"], ["collect", "--batch", "a"],
                      ["verify", "--batch", "a", "--share", "1", "--host", "x"]):
        result = c.run(*arguments)
        c.status_is(result, 2, f"{arguments[0]} of another version")
        c.check("9.9.9" in result.errors or "form" in result.errors, f"{arguments[0]}: the message: {result}")
    c.sql("update @about set schema = 1")
    c.run("work", "-j", "1")
    c.equal(c.count("chunk", "state = 1"), 0, "leases")
    # A batch of another version alone.
    c.sql("""update @batch set spec = replace(spec, '"schema":1', '"schema":7')""")
    is_sane(c, c.run("status"), "status with a batch of another version")
    is_sane(c, c.run("collect", "--batch", "a"), "collect of a batch of another version")


@case()
def no_queue(c):
    """Queues that are not there, are none, or are of no kind that is known."""
    c.make_queue(lease=60)

    class Elsewhere:
        def __init__(self, address):
            self.address = address

    if c.kind == "sqlite":
        c.write("text.db", "no database " * 1000)
        c.write("none.db", "")
        addresses = {
            f"sqlite:{c.folder}/absent.db": 2, f"sqlite:{c.folder}/text.db": 70, f"sqlite:{c.folder}/none.db": 2,
            f"sqlite:{c.folder}/no/folder.db": 2, "sqlite:": 64, "mysql://x": 64, "": 64,
        }
    else:
        empty = c.cluster.database()
        addresses = {
            c.cluster.address("boss", empty): 2, c.cluster.address("boss", "absent"): 2,
            c.cluster.address("stranger", empty): 2, c.cluster.address("boss", empty, port=1): 75,
            c.cluster.address("boss", empty, host="name.invalid") + "?sslmode=disable": 75,
            c.cluster.address("boss", empty) + "?nonsense=1": 2, "postgres://[": 2,
        }
    for address, status in addresses.items():
        for arguments in (["status"], ["work", "--give-up", "0"], ["collect", "--batch", "a"]):
            result = c.run(*arguments, queue=Elsewhere(address))
            c.status_is(result, status, f"{arguments[0]} of '{address}'")
            is_sane(c, result, f"{arguments[0]} of '{address}'")


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def hostile_payloads(c, good):
    """Bytes in place of a payload, good being one."""
    head = good[:2]
    found = {
        "nothing": b"", "one byte": good[:1], "two bytes": head, "a huge count": head + varint(2**63 + 5),
        "a count of 2^40": head + varint(2**40) + good[3:], "zeros": bytes(100000), "a text": b"select 1; " * 50,
        "one more byte": good + b"\0", "half": good[:len(good) // 2], "twice": good + good[2:],
        "a long integer": head + b"\xff" * 40, "many": head + varint(100000) + b"\x01" * 300000,
    }
    for i in range(4 * c.turns):
        spoilt = bytearray(good)
        for _ in range(c.rng.choice([1, 1, 2, 20])):
            spoilt[c.rng.randrange(len(spoilt))] = c.rng.randrange(256)
        found[f"spoilt {i}: {bytes(spoilt[:40]).hex()}"] = bytes(spoilt)
        found[f"random {i}"] = head + c.rng.randbytes(c.rng.randrange(1, 300))
        found[f"cut {i}"] = good[:c.rng.randrange(len(good))]
    return found


def bytes_of(c, value):
    return bytes.fromhex(value[2:]) if c.kind == "postgres" else bytes(value)


def others_go_on(c, what, seed):
    """Whether a batch without faults beside that one is worked on and collected."""
    name = f"good{seed}"
    submitted = c.run("submit", "good.txt", "--seed", seed, "--name", name, "--chunk", "4")
    if not c.check(submitted.status == 0, f"{what}: another batch cannot be submitted: {submitted}"):
        return
    worked = c.run("work", "--pool", "threads", "-j", "1", "--once")
    is_sane(c, worked, f"{what}: work")
    done = c.sql(
        f"select count(*) from @chunk c join @batch b on b.id = c.batch where b.name = '{name}' and c.state = 2")
    if not c.check(int(done[0][0]) == 3, f"{what}: another batch is not worked on: {worked}"):
        return
    c.same(name, "good.txt", seed, formats=("text",))


@case()
def hostile_candidates(c):
    """Payloads of candidates that are damaged or made up."""
    c.make_queue(lease=60)
    c.write("a.abc", "ABC $a*2^$b+1 & $a*2^$b-1 // {number_primes,$a,1}\n" + "".join(f"{a} 9\n" for a in range(3, 9)))
    c.submit("a.abc", "--seed", "1", "--name", "a", "--chunk", "100")
    good = bytes_of(c, c.sql("select payload from @chunk")[0][0])
    c.write("good.txt", "".join(f"{n}\n" for n in range(1000001, 1000025, 2)))
    many = hostile_payloads(c, good)
    ident = 0
    for what, payload in many.items():
        ident += 1
        # A batch like the first one, with another payload.
        more = ", owner, created" if c.kind == "sqlite" else ""
        c.sql(
            f"insert into @batch (name, digest, priority, state, spec, chunks, candidates{more}) select 'h{ident}', "
            f"'d{ident}', 5, 1, spec, chunks, candidates{more} from @batch where name = 'a'")
        c.sql(
            f"insert into @chunk (batch, no, first, count, cost, payload) select b.id, 0, 0, 12, 0.1, "
            f"{c.queue.blob(payload)} from @batch b where b.name = 'h{ident}'")
    worked = c.run("work", "-j", "1", "--pool", "threads")
    is_sane(c, worked, "work on payloads of strangers")
    c.equal(c.count("chunk", "state in (0, 1)"), 0, f"chunks that are left: {worked}")
    for number, what in enumerate(many, 1):
        if number % 4 == 0 or number < 13 or c.turns > 1:
            result = c.run("collect", "--batch", f"h{number}")
            is_sane(c, result, f"collect of a payload of {what}")
            # A payload that is none of ours is told; what happens to be one is a batch.
            c.check(
                result.status != 0 or what.startswith(("spoilt", "random", "cut")), f"collect of {what}: {result}")
            result = c.run("verify", "--batch", f"h{number}", "--share", "1", "--host", "v", "-j", "1")
            is_sane(c, result, f"verify of {what}")
    others_go_on(c, "payloads of strangers", 5)
    is_sane(c, c.run("status", "--html", "page.html", "--hosts"), "status")


@case()
def hostile_results(c):
    """Results that were replaced."""
    c.make_queue(lease=60)
    c.write("good.txt", "".join(f"{n}\n" for n in range(1000001, 1000025, 2)))
    c.write("a.txt", "".join(f"{n}\n" for n in range(10**20 + 1, 10**20 + 61, 2)) + "2^89-1\n1009#-2749\n")
    c.submit("a.txt", "--seed", "1", "--name", "a", "--chunk", "100", "--res64")
    c.work()
    good = bytes_of(c, c.sql("select payload from @result")[0][0])
    c.same("a", "a.txt", 1, ["--res64"], formats=("jsonl",))
    for number, (what, payload) in enumerate(hostile_payloads(c, good).items()):
        c.sql(f"update @result set payload = {c.queue.blob(payload)}")
        for form in ("text", "jsonl", "csv", "pfgw") if number % 3 == 0 or c.turns > 1 else ("jsonl",):
            result = c.run("collect", "--batch", "a", "--format", form)
            is_sane(c, result, f"collect as {form} of a result of {what}")
            if not what.startswith(("spoilt", "random", "cut")):
                c.status_is(result, 3, f"collect as {form} of a result of {what}")
        c.sql("delete from @second")
        result = c.run("verify", "--batch", "a", "--share", "1", "--host", "v", "-j", "1")
        is_sane(c, result, f"verify of a result of {what}")
    c.sql("delete from @result")
    is_sane(c, c.run("collect", "--batch", "a"), "collect without a result that should be there")
    c.status_is(c.run("collect", "--batch", "a"), 3, "collect without a result that should be there")
    others_go_on(c, "results of strangers", 5)


@case()
def hostile_specs(c):
    """Options of batches that are garbage: others go on."""
    c.make_queue(lease=60)
    c.write("good.txt", "".join(f"{n}\n" for n in range(1000001, 1000025, 2)))
    c.write("a.txt", "1000003\n")
    c.submit("a.txt", "--seed", "1", "--name", "bad", "--priority", "9")
    spec = c.sql("select spec from @batch")[0][0]
    garbage = {
        "nothing": "", "a text": "garbage", "an array": "[" * 5000, "null": "null", "no fields": "{}",
        "rounds below 0": spec.replace('"rounds":2', '"rounds":-1'),
        "huge rounds": spec.replace('"rounds":2', '"rounds":9223372036854775807'),
        "an engine": spec.replace('"auto"', '"none"'),
        "control characters": spec.replace("a.txt", "a\\u001b[2J\\n.txt"),
        "another schema": spec.replace('"schema":1', '"schema":2'),
    }
    for seed, (what, text) in enumerate(garbage.items(), 10):
        if text == spec:
            c.check(False, f"{what}: the spec has nothing to replace: {spec}")
        c.sql(f"update @batch set spec = '{text}', state = 1 where name = 'bad'")
        c.sql("update @chunk set state = 0 where batch in (select id from @batch where name = 'bad')")
        c.sql("delete from @result where batch in (select id from @batch where name = 'bad')")
        is_sane(c, c.run("collect", "--batch", "bad"), f"a spec of {what}: collect")
        is_sane(c, c.run("status", "--hosts"), f"a spec of {what}: status")
        others_go_on(c, f"a spec of {what}", seed)
    # Who may change it can get rid of it.
    c.status_is(c.run("drop", "--batch", "bad"), 0, "drop of a batch with a garbage spec")


NUMBERS = ["-1", "0", "9223372036854775807", "-9223372036854775808", "2147483647", "1099511627776"]
DOUBLES = ["-1", "0", "1e308", "1e-320"]
COLUMNS = [
    ("chunk", "no"), ("chunk", "first"), ("chunk", "count"), ("chunk", "cost"), ("chunk", "attempt"),
    ("chunk", "until"),
    ("batch", "chunks"), ("batch", "candidates"), ("batch", "priority"), ("batch", "state"), ("batch", "created"),
    ("result", "no"), ("result", "tested"), ("result", "passed"), ("result", "failed"), ("result", "cpu_ns"),
    ("result", "cost"), ("result", "attempt"), ("result", "done"),
    ("worker", "process"), ("worker", "cores"), ("worker", "workers"),
]


def values_of(column, kind):
    if column == "cost":
        return DOUBLES + (["'Infinity'", "'-Infinity'", "'NaN'"] if kind == "postgres" else ["9e999", "-9e999"])
    if column in ("created", "done", "until"):
        if kind == "postgres":
            return ["'infinity'", "'-infinity'", "'294276-12-31'", "'4713-01-01 BC'"]
        return ["9e999", "-9e999", "1e300", "'x'", "0"]
    return NUMBERS


@case()
def hostile_numbers(c):
    """Numbers out of all range in each column."""
    c.make_queue(lease=60)
    c.write("good.txt", "".join(f"{n}\n" for n in range(1000001, 1000025, 2)))
    c.write("a.txt", "1000003\n1000005\n")
    everything = [(t, column, v) for t, column in COLUMNS for v in values_of(column, c.kind)]
    # These have been too much once.
    known = [("chunk", "no", NUMBERS[2]), ("chunk", "first", NUMBERS[2]), ("chunk", "count", NUMBERS[2]),
             ("chunk", "count", "-1"), ("chunk", "attempt", NUMBERS[4]), ("batch", "state", "-1"),
             ("batch", "created", values_of("created", c.kind)[0])]
    chosen = everything if c.turns > 1 else known + c.rng.sample(everything, 5)
    for tried, (table, column, value) in enumerate(chosen):
        what = f"{table}.{column} = {value}"
        name = f"n{tried}"
        c.submit("a.txt", "--seed", tried, "--name", name, "--priority", "9")
        if table in ("result", "worker"):
            c.run("work", "-j", "1", "--pool", "threads", "--once")
        where = "" if table == "worker" else \
            f" where {'id' if table == 'batch' else 'batch'} in (select id from @batch where name = '{name}')"
        try:
            c.sql(f"update @{table} set {column} = {value}{where}")
        except (SQLError, sqlite3.Error):
            # The table does not take it.
            c.run("drop", "--batch", name)
            continue
        for arguments in (["work", "-j", "1", "--pool", "threads", "--once"],
                          ["status", "--json", "--html", "page.html"], ["collect", "--batch", name],
                          ["collect", "--batch", name, "--order", "done", "--format", "jsonl"],
                          ["verify", "--batch", name, "--share", "1", "--host", "v", "-j", "1"]):
            result = c.run(*arguments, timeout=60)
            is_sane(c, result, f"{what}: {arguments[0]}")
        others_go_on(c, what, 100000 + tried)
        c.status_is(c.run("status", "--hosts"), 0, f"{what}: status")
        c.status_is(c.run("drop", "--batch", name), 0, f"{what}: drop")
        c.sql(f"delete from @batch where name like 'good%' or name = '{name}'")
        c.sql("delete from @worker")
    c.notes.append(f"{len(chosen)} values")


@case("postgres")
def hostile_roles(c):
    """What a submitter or a worker may send by hand does not stop others."""
    c.make_queue(lease=60, more=["--grant-work", "worker", "--grant-submit", "alice"])
    c.write("good.txt", "".join(f"{n}\n" for n in range(1000001, 1000025, 2)))
    spec = None
    c.write("a.txt", "1000003\n")
    c.submit("a.txt", "--seed", "1", "--name", "a")
    spec = c.sql("select spec from primality.batch")[0][0]
    good = c.sql("select payload from primality.chunk")[0][0]
    c.work()
    seed = refused = 0
    chunks = {
        "a number of 2^63 - 1": (9223372036854775807, 0, 1, "1"), "a number below 0": (-5, 0, 1, "1"),
        "a place of 2^63 - 1": (0, 9223372036854775807, 1, "1"), "a place below 0": (0, -7, 1, "1"),
        "a count of a million": (0, 0, 1000000, "1"), "a cost that is none": (0, 0, 1, "NaN"),
        "an endless cost": (0, 0, 1, "Infinity"), "a cost below 0": (0, 0, 1, "-Infinity"),
    }
    for what, (number, first, count, cost) in chunks.items():
        seed += 1
        try:
            c.queue.sql(
                f"begin; select primality.begin_batch(1, 's{seed}', '{spec}', 1000); "
                f"select primality.add_chunks((select max(id) from primality.batch), '{{{number}}}', '{{{first}}}', "
                f"'{{{count}}}', '{{{cost}}}', array['{good}'::bytea]); "
                f"select primality.end_batch((select max(id) from primality.batch), 's{seed}', 1, 1); commit", "alice")
        except SQLError:
            # The tables do not take it.
            refused += 1
            continue
        others_go_on(c, f"a submitter's chunk with {what}", seed)
        is_sane(c, c.run("collect", "--batch", f"s{seed}"), f"collect of {what}")
        is_sane(c, c.run("status"), f"status with {what}")
        c.sql(f"delete from primality.batch where name = 's{seed}'")
    results = {
        "a time of 2^63 - 1": ("1", 1, 1, 0, 9223372036854775807), "counts below 0": ("1", -9, -9, -9, -1),
        "counts of 2^31 - 1": ("1", 2147483647, 2147483647, 2147483647, 9223372036854775807),
        "a cost that is none": ("NaN", 1, 1, 0, 1), "an endless cost": ("Infinity", 1, 1, 0, 1),
        "a cost below 0": ("-Infinity", 1, 1, 0, 1),
    }
    for what, (cost, tested, passed, failed, cpu) in results.items():
        seed += 1
        c.write("two.txt", "1000003\n1000033\n")
        c.submit("two.txt", "--seed", seed, "--name", f"r{seed}", "--chunk", "1", "--priority", "1000")
        c.queue.sql(
            "select * from primality.renew(1, 99, 'evil', 1, 'v', 'l', 'g', 1, 1, 'p', '{}', '{}', '{}', true)", "worker")
        leases = c.queue.sql("select * from primality.claim(1, 99, 2, 0, 0, true)", "worker")
        for lease in leases:
            try:
                c.queue.sql(
                    f"select * from primality.finish(1, 99, '{{{lease[0]}}}', '{{{lease[1]}}}', '{{{lease[2]}}}', "
                    f"'{{{cost}}}', '{{{tested}}}', '{{{passed}}}', '{{{failed}}}', '{{{cpu}}}', '{{x}}')", "worker")
            except SQLError:
                refused += 1
        others_go_on(c, f"a worker's result with {what}", seed)
        for arguments in (["status", "--hosts"], ["status", "--json", "--html", "page.html"]):
            result = c.run(*arguments)
            c.status_is(result, 0, f"{arguments[1]} with {what}")
        is_sane(c, c.run("collect", "--batch", f"r{seed}"), f"collect with {what}")
        c.sql(f"delete from primality.batch where name = 'r{seed}'")
    c.equal(refused, 17, "rows that the tables refuse")
