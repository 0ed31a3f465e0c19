# SPDX-License-Identifier: Apache-2.0
"""What the queue costs: make bench-queue.

bench.py [--seconds S] [--clients N] [--chunks N] [--only NAME ...] [--json FILE] PRIMALITY

A PostgreSQL cluster of its own, in a temporary folder, with fsync. Server and clients share the cores.

  submit     seconds to submit a batch of --chunks chunks, of one number each
  status     seconds that status takes then
  pgbench    chunks a second: pgbench calls claim and finish, and beside it as many workers do, in turns of --seconds;
             claims of 1 and of 10
  snapshot   the rate of workers before and after an old snapshot was held over 100,000 chunks
  overhead   wall time of a worker on chunks of about a second over that of check on the same file
  sqlite     32 processes that claim, sleep 50 ms and finish, with the statements of the SQLite store: chunks a second, and
             the longest wait
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import pwd
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def postgres_folder():
    found = shutil.which("initdb")
    if found:
        return pathlib.Path(found).resolve().parent
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not folders:
        sys.exit("bench-queue: PostgreSQL's server is not here: install postgresql")
    return folders[-1]


class Cluster:
    """A server in a folder of its own."""

    def __init__(self, connections):
        self.bin = postgres_folder()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-queue-"))
        self.prefix = []
        if os.geteuid() == 0:
            # initdb refuses root.
            user = next(name for name in ("postgres", "nobody") if self.has(name))
            os.chown(self.folder, pwd.getpwnam(user).pw_uid, -1)
            self.prefix = ["setpriv", "--reuid", user, "--clear-groups"]
        self.port = random.randrange(20000, 60000)
        self.run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "bench", "-E", "UTF8", "--locale", "C")
        options = f"-k {self.folder} -p {self.port} -c listen_addresses='' -c max_connections={connections} "
        # What runs by itself, now and then, falls on one of two that are compared.
        options += "-c autovacuum=off -c checkpoint_timeout=1h -c max_wal_size=16GB"
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")
        self.sql("create database primes", database="postgres")
        self.queue = f"postgres://bench@/primes?host={self.folder}&port={self.port}"

    @staticmethod
    def has(name):
        try:
            pwd.getpwnam(name)
            return True
        except KeyError:
            return False

    def run(self, program, *arguments):
        command = self.prefix + [str(self.bin / program)] + [str(a) for a in arguments]
        done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"bench-queue: {program}: {done.stdout}")
        return done.stdout

    def psql(self, database="primes"):
        return [str(self.bin / "psql"), "-h", str(self.folder), "-p", str(self.port), "-U", "bench", "-qAtX", database]

    def sql(self, text, database="primes"):
        done = subprocess.run(self.psql(database) + ["-c", text], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench-queue: {text}: {done.stderr}")
        return done.stdout.strip()

    def stop(self):
        try:
            self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.program = arguments.program
        self.cluster = Cluster(arguments.clients + 20)
        self.found = {}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-queue-"))
        self.tool("init")
        self.batch = 0

    def fresh(self):
        """A batch of so many chunks of one number each, in place of the last one."""
        file = self.folder / "numbers"
        if not file.exists():
            with open(file, "w") as out:
                for i in range(self.arguments.chunks):
                    out.write(f"{2**62 + 2 * i + 1}\n")
        if self.batch:
            self.tool("drop", "--batch", self.batch)
        begun = time.monotonic()
        self.tool("submit", file, "--chunk", 1, "--name", "many", "--seed", 1)
        took = time.monotonic() - begun
        self.batch = int(self.cluster.sql("select max(id) from primality.batch"))
        self.cluster.sql("vacuum analyze")
        return took

    def tool(self, *arguments, queue=None):
        command = [self.program, "queue", *[str(a) for a in arguments], "--queue", queue or self.cluster.queue]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench-queue: {' '.join(command)}: {done.stderr}")
        return done.stdout

    def say(self, name, value, unit, aim=""):
        self.found[name] = value
        print(f"{name:44} {value:10.3f} {unit:12} {aim}", flush=True)

    # --- Submitting and looking ------------------------------------------------------------------

    def submit(self):
        self.say(f"submit, {self.arguments.chunks} chunks", self.fresh(), "s", "aim: 30 s for 10^6")

    def status(self):
        if not self.batch:
            self.fresh()
        times = []
        for _ in range(5):
            begun = time.monotonic()
            self.tool("status")
            times.append(time.monotonic() - begun)
        self.say("status", statistics.median(times), "s", "aim: 0.5 s at 10^6 chunks")

    # --- Claims ----------------------------------------------------------------------------------

    def rate(self, begin, end):
        """Results a second between two times of the server."""
        sql = f"select count(*) / extract(epoch from '{end}'::timestamptz - '{begin}') from primality.result " \
              f"where done > '{begin}' and done <= '{end}'"
        return float(self.cluster.sql(sql))

    def now(self):
        return self.cluster.sql("select clock_timestamp()")

    def measured(self, processes, warm_up):
        time.sleep(warm_up)
        begin = self.now()
        time.sleep(self.arguments.seconds)
        rate = self.rate(begin, self.now())
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()
        return rate

    def workers(self, claim, seconds=None):
        command = [self.program, "queue", "work", "-j", "1", "--claim", str(claim), "--queue", self.cluster.queue]
        return [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in range(self.arguments.clients)]

    def pgbench_script(self, claim):
        # As a worker does: claim from the last number on, then finish what was claimed.
        script = self.folder / f"claim-{claim}.sql"
        script.write_text(f"""\
select coalesce(array_agg(out_no), '{{}}') as nos, coalesce(array_agg(out_attempt), '{{}}') as attempts,
    count(*) as n, coalesce(max(out_no) + 1, 0) as h, count(out_payload)
    from primality.claim(1, 1000 + :client_id::bigint, {claim}, {self.batch}, :h::bigint, false) where out_batch > 0 \\gset
select count(*) from primality.finish(1, 1000 + :client_id::bigint, array_fill({self.batch}::bigint, array[:n::int]),
    :nos::bigint[], :attempts::int[],
    array_fill(1e-6::float8, array[:n::int]), array_fill(1, array[:n::int]), array_fill(0, array[:n::int]),
    array_fill(0, array[:n::int]), array_fill(1000::bigint, array[:n::int]),
    array_fill('\\x5201010c0402000000'::bytea, array[:n::int]));
""")
        return script

    def pgbench(self):
        clients = self.arguments.clients
        for i in range(clients):
            self.cluster.sql(
                f"insert into primality.worker values ({1000 + i}, 'bench', 'pgbench', 1, '', '', '', 1, 1, '') "
                "on conflict do nothing")
        for claim in self.arguments.claims:
            self.fresh()
            script = self.pgbench_script(claim)
            ratios, ours, theirs = [], [], []
            for turn in range(self.arguments.rounds):
                for who in (("ours", "pgbench"), ("pgbench", "ours"))[turn % 2]:
                    self.cluster.sql("vacuum analyze")
                    if who == "ours":
                        ours.append(self.measured(self.workers(claim), 3))
                    else:
                        command = [str(self.cluster.bin / "pgbench"), "-n", "-M", "extended", "-h", str(self.cluster.folder),
                                   "-p", str(self.cluster.port), "-U", "bench", "-c", str(clients), "-j", "1",
                                   "-D", "h=0", "-T", str(int(self.arguments.seconds + 6)), "-f", str(script), "primes"]
                        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                        rate = self.measured([process], 3)
                        if rate == 0:
                            sys.exit(f"bench-queue: pgbench did nothing: {process.stderr.readline()}")
                        theirs.append(rate)
                ratios.append(ours[-1] / theirs[-1])
            self.say(f"workers, claims of {claim}", statistics.median(ours), "chunks/s",
                     f"aim: {900 if claim == 1 else 5000}, on one core")
            self.say(f"pgbench, claims of {claim}", statistics.median(theirs), "chunks/s")
            self.say(f"workers over pgbench, claims of {claim}", statistics.median(ratios), "",
                     f"aim: 0.95; {', '.join(f'{r:.2f}' for r in ratios)}")

    # --- A snapshot that somebody forgot ---------------------------------------------------------

    def snapshot(self):
        self.fresh()
        fresh = self.measured(self.workers(10), 3)
        holder = subprocess.Popen(self.cluster.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holder.stdin.write("begin isolation level repeatable read; select count(*) from primality.batch;\n")
        holder.stdin.flush()
        holder.stdout.readline()
        begun = int(self.cluster.sql("select count(*) from primality.result"))
        workers = self.workers(10)
        while int(self.cluster.sql("select count(*) from primality.result")) < begun + 100_000:
            time.sleep(0.5)
        held = self.measured(workers, 0)
        holder.stdin.close()
        holder.wait()
        self.say("held snapshot, of the fresh rate", held / fresh, "", "aim: 0.8 after 100,000 chunks")

    # --- Overhead --------------------------------------------------------------------------------

    def overhead(self):
        file = self.folder / "long"
        file.write_text("ABC2 $a*2^20000+1\na: from 1 to 9999 step 2\n")
        # So that a chunk takes a second.
        begun = time.process_time()
        command = [self.program, "check", "--file", str(file), "-j", "1", "--seed", "5"]
        check = []
        work = []
        self.tool("submit", file, "--seed", 5, "--chunk", self.arguments.second_count, "--name", "long", "--priority", 9)
        for turn in range(3):
            begun = time.monotonic()
            subprocess.run(command, check=True, capture_output=True)
            check.append(time.monotonic() - begun)
            queue = f"sqlite:{self.folder}/overhead-{turn}.db" if turn else self.cluster.queue
            if turn:
                self.tool("init", queue=queue)
                self.tool("submit", file, "--seed", 5, "--chunk", self.arguments.second_count, queue=queue)
            elif self.batch:
                self.tool("drop", "--batch", self.batch)
                self.batch = 0
            begun = time.monotonic()
            self.tool("work", "-j", 1, queue=queue)
            work.append(time.monotonic() - begun)
        self.say("a worker over check, chunks of a second", statistics.median(w / c for w, c in zip(work, check)), "",
                 f"aim: 1.01; check takes {statistics.median(check):.1f} s")

    # --- SQLite ----------------------------------------------------------------------------------

    def sqlite(self):
        path = self.folder / "sqlite.db"
        queue = f"sqlite:{path}"
        self.tool("init", queue=queue)
        file = self.folder / "few"
        file.write_text("".join(f"{2**62 + 2 * i + 1}\n" for i in range(30_000)))
        self.tool("submit", file, "--chunk", 1, "--seed", 1, queue=queue)
        count, seconds = 32, max(10, self.arguments.seconds)
        results = multiprocessing.Queue()
        processes = [multiprocessing.Process(target=sqlite_worker, args=(str(path), i, seconds, results))
                     for i in range(count)]
        for process in processes:
            process.start()
        found = [results.get() for _ in processes]
        for process in processes:
            process.join()
        self.say("SQLite, 32 workers of 50 ms", sum(f[0] for f in found) / seconds, "chunks/s", "aim: 500")
        self.say("SQLite, longest wait", max(f[1] for f in found), "s", "aim: 0.5")


def sqlite_worker(path, number, seconds, results):
    """Claims one chunk, sleeps, finishes; with the statements and the waiting of SQLiteStore."""
    database = sqlite3.connect(path, timeout=0, isolation_level=None)
    for pragma in ("journal_mode=wal", "synchronous=normal", "foreign_keys=on", "cache_size=-65536"):
        database.execute(f"pragma {pragma}")
    now = "((julianday('now') - 2440587.5) * 86400.0)"
    longest = 0.0

    def begin():
        nonlocal longest
        begun = time.monotonic()
        while True:
            try:
                database.execute("begin immediate")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                time.sleep(random.uniform(0.001, 0.008))
        longest = max(longest, time.monotonic() - begun)

    begin()
    database.execute(f"insert into worker values (?, 'bench', 1, '', '', '', 1, 1, '', {now}, {now})", (number,))
    database.execute("commit")
    done, hint, end = 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        begin()
        database.execute(f"update worker set seen = {now} where id = ?", (number,))
        database.execute(f"update chunk set state = 0 where state = 1 and until < {now}")
        row = database.execute(
            f"""update chunk set state = 1, attempt = attempt + 1, worker = ?, until = {now} + 60
            where batch = 1 and no in (select no from chunk where batch = 1 and state = 0 and no >= ? order by no limit 1)
            returning no, attempt, first, count, cost, payload""", (number, hint)).fetchone()
        database.execute("commit")
        if row is None:
            break
        hint = row[0] + 1
        time.sleep(0.05)
        begin()
        database.execute(
            """update chunk set state = 2, until = null where batch = 1 and no = ? and attempt = ? and worker = ?
            and state = 1 and (select state from batch where id = 1) in (1, 2)""", (row[0], row[1], number))
        database.execute(f"insert into result values (1, ?, ?, ?, {now}, 1e-6, 1, 0, 0, 1000, x'5201010c0402000000')",
                         (row[0], row[1], number))
        database.execute("commit")
        done += 1
    results.put((done, longest))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--claims", type=int, nargs="*", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--second-count", type=int, default=100, help="candidates of k*2^20000+1 that take a second")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json")
    parser.add_argument("program")
    arguments = parser.parse_args()
    bench = Bench(arguments)
    print(subprocess.run([arguments.program, "info"], capture_output=True, text=True).stdout.split("\nC compiler")[0])
    print(bench.cluster.run("postgres", "--version").strip(), f"{os.cpu_count()} cores, load", *os.getloadavg())
    try:
        for name in arguments.only or ("submit", "status", "pgbench", "snapshot", "overhead", "sqlite"):
            getattr(bench, name)()
    finally:
        bench.cluster.stop()
        shutil.rmtree(bench.folder, ignore_errors=True)
    print("load", *os.getloadavg())
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(bench.found, indent=1) + "\n")


if __name__ == "__main__":
    main()
