# SPDX-License-Identifier: Apache-2.0
"""What the cases stand on: a PostgreSQL server of their own, queues, runs of the tool, and comparing."""

import contextlib
import ctypes
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

# Nothing is asserted about times; this is when a test gives up on a machine that is busy.
PATIENCE = 240


class Skipped(Exception):
    """The case cannot be run here."""


class Failed(Exception):
    """The case makes no sense from here on."""


def tool_of_postgres(name):
    found = shutil.which(name)
    if found:
        return found
    folders = sorted(f"/usr/lib/postgresql/{v}/bin" for v in os.listdir("/usr/lib/postgresql")) \
        if os.path.isdir("/usr/lib/postgresql") else []
    for folder in reversed(folders):
        if os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def plain_environment():
    """Without what a user's environment says about queues and servers."""
    return {
        name: value for name, value in os.environ.items()
        if not name.startswith("PG") and not name.startswith("PRIMALITY_")
    }


# --- Processes ------------------------------------------------------------------------------------


def stat_fields(process):
    """What follows the name: state, parent, group, session, ..."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return []
    return text[text.rfind(b")") + 1:].split()


def of_session(session):
    """Living processes of a session: a tool and all that it has forked."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat_fields(name)
            if len(fields) > 3 and fields[3] == b"%d" % session and fields[0] != b"Z":
                found.append(int(name))
    return found


class Result:
    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output, errors

    def __repr__(self):
        return f"status {self.status}, output {self.output[:300]!r}, standard error {self.errors[-600:]!r}"


class Running:
    """A tool on its way, in a session of its own."""

    def __init__(self, command, environment, folder, stdin=None, prefix=()):
        self.out = tempfile.NamedTemporaryFile(dir=folder, delete=False)
        self.err = tempfile.NamedTemporaryFile(dir=folder, delete=False)
        self.process = subprocess.Popen(
            [*prefix, *command], stdin=subprocess.DEVNULL if stdin is None else stdin, stdout=self.out,
            stderr=self.err, env=environment, cwd=folder, start_new_session=True,
            # Whoever runs this may ignore SIGINT, which would be inherited.
            preexec_fn=lambda: [signal.signal(s, signal.SIG_DFL) for s in (signal.SIGHUP, signal.SIGINT)])
        self.pid = self.process.pid

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def is_running(self):
        return self.process.poll() is None

    def errors(self):
        with open(self.err.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def output(self):
        with open(self.out.name, "rb") as file:
            return file.read()

    def wait(self, timeout=PATIENCE):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.process.args[1:4]} did not end in {timeout} s: {self.errors()[-500:]}") from None
        return Result(self.process.returncode, self.output(), self.errors())

    def kill(self):
        """With all that it has forked."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        for process in of_session(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def close(self):
        if self.is_running():
            self.kill()
        self.out.close()
        self.err.close()


# --- Queues ---------------------------------------------------------------------------------------


class SQLiteQueue:
    kind = "sqlite"
    prefix = ""

    def __init__(self, path):
        self.path = path
        self.address = f"sqlite:{path}"

    def sql(self, text):
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as connection:
            with connection:
                return [tuple(row) for row in connection.execute(text).fetchall()]

    @staticmethod
    def blob(value):
        return f"x'{value.hex()}'"


class PostgresQueue:
    kind = "postgres"
    prefix = "primality."

    def __init__(self, cluster, database, user="boss", host=None):
        self.cluster, self.database, self.user = cluster, database, user
        self.address = cluster.address(user, database, host)

    def sql(self, text, user=None):
        return self.cluster.sql(text, self.database, user or self.user)

    @staticmethod
    def blob(value):
        return f"'\\x{value.hex()}'::bytea"


class Cluster:
    """A PostgreSQL server in a temporary folder, on a Unix socket and a port of the loopback."""

    made = 0
    lock = threading.Lock()

    def __init__(self, parent, settings=(), data=None, addresses="127.0.0.1", trust=(), network=None):
        with Cluster.lock:
            Cluster.made += 1
            self.folder = os.path.join(parent, f"pg{Cluster.made}")
        self.initdb, self.pg_ctl, self.psql = (tool_of_postgres(n) for n in ("initdb", "pg_ctl", "psql"))
        if not (self.initdb and self.pg_ctl and self.psql):
            raise Skipped("there is no PostgreSQL here: install postgresql")
        self.user = None
        if os.geteuid() == 0:
            # A server does not run as root.
            for name in ("postgres", "nobody"):
                with contextlib.suppress(KeyError):
                    self.user = pwd.getpwnam(name)
                    break
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o755)
        self.data = data or os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.own(self.folder)
        self.port = free_port()
        self.made_databases = 0
        # The name of a network that the server is in, as `ip netns` has it.
        self.network = network
        self.command(self.initdb, "-D", self.data, "-U", "boss", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            # A kill of the server loses nothing that the system has, so nothing has to reach the disk.
            file.write(f"""
listen_addresses = '{addresses}'
port = {self.port}
unix_socket_directories = '{self.folder}'
fsync = off
max_connections = 100
shared_buffers = 32MB
""" + "".join(line + "\n" for line in settings))
        with open(os.path.join(self.data, "pg_hba.conf"), "a", encoding="utf-8") as file:
            file.writelines(f"host all all {net} trust\n" for net in trust)
        self.start()
        for role in ("alice", "bob", "worker", "reader"):
            self.sql(f"create role {role} login")

    def own(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    def command(self, *command, check=True):
        def become():
            if self.network:
                with open(f"/run/netns/{self.network}", "rb") as network:
                    if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), 0x40000000) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
            if self.user:
                os.setgroups([])
                os.setgid(self.user.pw_gid)
                os.setuid(self.user.pw_uid)

        # The server keeps what it inherits open, so that it gets a file and no pipe.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder,
                preexec_fn=become, env=plain_environment(), check=False)
            output.seek(0)
            text = output.read().decode(errors="replace")
        if check and done.returncode != 0:
            raise Failed(f"{os.path.basename(command[0])} gives {done.returncode}: {text[-800:]}")
        return done.returncode

    def start(self):
        self.command(self.pg_ctl, "-D", self.data, "-l", self.log, "-w", "-t", str(PATIENCE), "start")

    def stop(self, mode="immediate"):
        self.command(self.pg_ctl, "-D", self.data, "-m", mode, "-w", "-t", str(PATIENCE), "stop", check=False)

    def restart(self, mode="immediate"):
        self.command(
            self.pg_ctl, "-D", self.data, "-l", self.log, "-m", mode, "-w", "-t", str(PATIENCE), "restart")

    def postmaster(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())

    def kill(self):
        """SIGKILL of the postmaster alone: its children find out by themselves."""
        postmaster = self.postmaster()
        os.kill(postmaster, signal.SIGKILL)
        while stat_fields(postmaster)[:1] not in ([], [b"Z"]):
            time.sleep(0.01)

    def start_after_kill(self):
        # While children of the old one live, its shared memory is in use.
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.start()
            except Failed:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def address(self, user, database, host=None, port=None):
        if host == "socket":
            return f"postgres://{user}@{self.folder.replace('/', '%2F')}:{self.port}/{database}"
        return f"postgres://{user}@{host or '127.0.0.1'}:{port or self.port}/{database}"

    def sql(self, text, database="postgres", user="boss"):
        done = subprocess.run(
            [self.psql, "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p",
             str(self.port), "-U", user, "-d", database, "-f", "-"],
            input=text, capture_output=True, text=True, env=plain_environment(), check=False)
        if done.returncode != 0:
            raise SQLError(done.stderr.strip())
        return [tuple(line.split("\x1f")) for line in done.stdout.splitlines()]

    def database(self):
        with Cluster.lock:
            self.made_databases += 1
            name = f"q{self.made_databases}"
        self.sql(f"create database {name}")
        return name


class SQLError(Exception):
    """psql says no."""


# --- Cases ----------------------------------------------------------------------------------------


def blanked(output, form):
    """Without the times."""
    if form == "jsonl":
        return re.sub(rb'"cpu_ns":\d+', b'"cpu_ns":0', output)
    if form == "csv":
        lines = output.split(b"\n")
        names = lines[0].split(b",")
        place = names.index(b"cpu_ns") if b"cpu_ns" in names else None
        if place is not None and place == len(names) - 1:
            return b"\n".join(re.sub(rb",\d*$", b",", line) for line in lines)
    return output


class Case:
    """One case on one store: its folder, its queue, its processes, and what was wrong."""

    def __init__(self, name, program, folder, kind, cluster, seed, turns):
        self.name, self.program, self.folder, self.kind = name, program, folder, kind
        self.cluster, self.turns = cluster, turns
        self.rng = random.Random(f"{seed} {name} {kind}")
        self.problems = []
        self.notes = []
        self.running = []
        self.closing = []
        self.queue = None
        self.environment = plain_environment()

    # --- Saying what is wrong

    def check(self, is_right, text):
        if not is_right:
            self.problems.append(text)
        return is_right

    def equal(self, found, wanted, text):
        return self.check(found == wanted, f"{text}: {found!r:.700} and not {wanted!r:.700}")

    def status_is(self, result, wanted, text):
        return self.check(result.status == wanted, f"{text}: status {wanted} was wanted: {result}")

    # --- Queues

    def make_queue(self, lease=2, host=None, cluster=None, more=()):
        """A new queue, which the tool makes."""
        if self.kind == "sqlite":
            self.queue = SQLiteQueue(os.path.join(self.folder, f"q{len(os.listdir(self.folder))}.db"))
        else:
            cluster = cluster or self.cluster
            self.queue = PostgresQueue(cluster, cluster.database(), host=host)
        made = self.run("init", "--lease", str(lease), *more)
        if made.status != 0:
            raise Failed(f"init: {made}")
        return self.queue

    def sql(self, text):
        """A statement, in which @chunk is the table of chunks."""
        return self.queue.sql(re.sub(r"@(\w+)", self.queue.prefix + r"\1", text))

    def count(self, table, where="1=1"):
        return int(self.sql(f"select count(*) from @{table} where {where}")[0][0])

    # --- The tool

    def command(self, *arguments):
        return [self.program, *map(str, arguments)]

    def in_queue(self, queue=None):
        return dict(self.environment, PRIMALITY_QUEUE=(queue or self.queue).address)

    def start(self, *arguments, queue=None, stdin=None, prefix=(), environment=None):
        running = Running(
            self.command("queue", *arguments), dict(self.in_queue(queue), **(environment or {})), self.folder,
            stdin=stdin, prefix=prefix)
        self.running.append(running)
        return running

    def run(self, *arguments, queue=None, timeout=PATIENCE, **more):
        """A subcommand of queue, to its end."""
        running = self.start(*arguments, queue=queue, **more)
        result = running.wait(timeout)
        running.close()
        return result

    def check_run(self, *arguments, timeout=PATIENCE):
        """primality check, to its end."""
        done = subprocess.run(
            self.command("check", *arguments), stdin=subprocess.DEVNULL, capture_output=True, env=self.environment,
            cwd=self.folder, timeout=timeout, check=False)
        return Result(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def worker(self, *arguments, **more):
        return self.start("work", "--pool", "threads", "-j", "1", *arguments, **more)

    def submit(self, name, *arguments, **more):
        """Submits a file, which has to succeed."""
        result = self.run("submit", name, *arguments, **more)
        if result.status != 0:
            raise Failed(f"submit {name}: {result}")
        return result

    def work(self, *arguments, **more):
        """One worker, until everything is done."""
        result = self.worker(*arguments, **more).wait()
        self.status_is(result, 0, "work")
        return result

    def facts(self, **more):
        result = self.run("status", "--json", **more)
        if result.status != 0:
            raise Failed(f"status --json: {result}")
        return json.loads(result.output)

    def batch(self, name, **more):
        for batch in self.facts(**more)["batches"]:
            if batch["name"] == name:
                return batch
        raise Failed(f"there is no batch {name}")

    # --- Waiting

    def until(self, look, what, patience=PATIENCE, pause=0.02):
        """Waits until `look` gives something true, and gives that."""
        end = time.monotonic() + patience
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > end:
                raise Failed(f"after {patience} s still not: {what}")
            time.sleep(pause)

    # --- Files and comparing

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return name

    def same(self, batch, file, seed, options=(), collect=(), formats=("text", "jsonl", "csv"), **more):
        """Whether collect prints what a serial run of check prints."""
        is_same = True
        for form in formats:
            wanted = self.check_run("--file", file, "--seed", seed, "--pool", "serial", "--format", form, *options)
            found = self.run("collect", "--batch", batch, "--format", form, *collect, **more)
            text = f"{file} {' '.join(options)} as {form}"
            is_same &= self.equal(found.status, wanted.status, f"{text}: the status")
            is_same &= self.equal(found.errors, wanted.errors, f"{text}: standard error")
            one, two = blanked(found.output, form), blanked(wanted.output, form)
            if one != two:
                is_same = False
                lines = zip(one.split(b"\n"), two.split(b"\n"))
                first = next((pair for pair in lines if pair[0] != pair[1]), None)
                self.check(False, f"{text}: {len(one)} bytes and not {len(two)}; first: {first!r:.700}")
        return is_same

    def each_once(self, batch):
        """Whether every chunk has one result, and every candidate is in one chunk."""
        chunks = self.sql(
            "select c.no, c.first, c.count, c.state, (select count(*) from @result r where r.batch = c.batch and "
            f"r.no = c.no) from @chunk c join @batch b on b.id = c.batch where b.name = '{batch}' order by c.no")
        place = 0
        for no, (number, first, count, state, results) in enumerate(tuple(map(int, row)) for row in chunks):
            if (number, first, state, results) != (no, place, 2, 1):
                return self.check(False, f"{batch}: chunk {no} is {(number, first, count, state, results)}")
            place += count
        candidates = int(self.sql(f"select candidates from @batch where name = '{batch}'")[0][0])
        return self.equal(place, candidates, f"{batch}: candidates in chunks")

    # --- The end

    def nothing_left(self, running, what):
        """Whether a tool that has ended has left no process behind."""
        def left():
            return of_session(running.pid)

        end = time.monotonic() + 10
        while left() and time.monotonic() < end:
            time.sleep(0.05)
        return self.check(not left(), f"{what}: processes are left: {left()}")

    def at_end(self, close):
        self.closing.append(close)

    def close(self):
        for running in self.running:
            running.close()
        for close in reversed(self.closing):
            with contextlib.suppress(Exception):
                close()


CASES = []


def case(*stores, sampled=True, alone=False):
    """Marks a function as a case on these stores. `sampled`: part of the short run. `alone`: nothing else beside it."""

    def mark(body):
        CASES.append((body.__name__, body, stores or ("sqlite", "postgres"), sampled, alone))
        return body

    return mark
