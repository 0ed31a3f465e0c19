# SPDX-License-Identifier: Apache-2.0
"""Long runs of `primality check`: many lines through each pool, and faults at random.

soak-pools.py [--lines N] [--seconds S] [--seed SEED] PRIMALITY

First N lines go through each pool and channel; what comes out is counted, compared with a sieve and
with what the other pools print, and the peak of resident memory has to stay below 64 MB. Then, for S
seconds, workers are killed, crashed, stopped and continued at random moments, and owners get Ctrl-C or
SIGKILL; what comes out is compared with what the serial pool prints. The exit status is 1 when
anything differed.
"""

import argparse
import bisect
import collections
import hashlib
import itertools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

CHANNELS = ["pipe", "socket", "shm"]
POOLS = [("serial", None), ("threads", None), ("tasks", None), ("actors", None)]
POOLS += [("processes", channel) for channel in CHANNELS]
MEMORY_LIMIT_KB = 64 * 1024

problems = []


def problem(text):
    problems.append(text)
    print("soak-pools: PROBLEM: " + text, file=sys.stderr, flush=True)


# --- What /proc says ------------------------------------------------------------------------------


def read(path):
    """A file of /proc, or nothing when its process has gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def stat_fields(process):
    """What follows the name: state, parent, group, session, ..."""
    text = read(f"/proc/{process}/stat")
    return text[text.rfind(b")") + 1 :].split()


def all_processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(owner):
    """Living processes that a process has forked."""
    found = []
    path = f"/proc/{owner}/task/{owner}/children"
    if os.path.exists(path):
        # Pools fork on the thread that runs them, which is the tool's main one.
        found = [int(child) for child in read(path).split()]
    else:
        found = [p for p in all_processes() if stat_fields(p)[1:2] == [b"%d" % owner]]
    return [child for child in found if stat_fields(child)[:1] not in ([], [b"Z"])]


def of_session(session):
    """Living processes of a session: a tool and all that it has forked."""
    wanted = b"%d" % session
    found = []
    for process in all_processes():
        fields = stat_fields(process)
        if len(fields) > 3 and fields[3] == wanted and fields[0] != b"Z":
            found.append(process)
    return found


def handles(process, number):
    """Whether a process has a handler for a signal."""
    for line in read(f"/proc/{process}/status").splitlines():
        if line.startswith(b"SigCgt:"):
            return int(line.split()[1], 16) >> (number - 1) & 1 == 1
    return False


def peak_kb(process):
    for line in read(f"/proc/{process}/status").splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1])
    return 0


class MemoryWatch(threading.Thread):
    """The peak of an owner, and of its workers together, as looks every 20 ms find them."""

    def __init__(self, owner):
        super().__init__(daemon=True)
        self.owner = owner
        self.owner_kb = self.workers_kb = self.workers = 0
        self.is_over = threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(0.02):
            workers = children(self.owner)
            self.owner_kb = max(self.owner_kb, peak_kb(self.owner))
            self.workers_kb = max(self.workers_kb, sum(map(peak_kb, workers)))
            self.workers = max(self.workers, len(workers))

    def finish(self):
        self.is_over.set()
        self.join()


def start(command, **more):
    """Starts a tool in a session of its own."""
    # Whoever runs this may ignore SIGHUP or SIGINT, which would be inherited.
    return subprocess.Popen(
        command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        preexec_fn=lambda: [signal.signal(s, signal.SIG_DFL) for s in (signal.SIGHUP, signal.SIGINT)],
        **more,
    )


def end(tool):
    """Whatever happened: nothing of the tool goes on."""
    if tool.poll() is None:
        try:
            os.killpg(tool.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    tool.stdout.close()
    tool.wait()


# --- Many lines -----------------------------------------------------------------------------------


def write_lines(path, count):
    step = 1 << 17
    with open(path, "w", encoding="ascii") as file:
        for first in range(1, count + 1, step):
            file.write("\n".join(map(str, range(first, min(first + step, count + 1)))) + "\n")


def primes_to(limit):
    """How many primes there are, by a sieve that has nothing in common with what is tested."""
    if limit < 2:
        return 0
    size = (limit + 1) // 2  # 1, 3, 5, ...
    sieve = bytearray([1]) * size
    for i in range(1, int(limit**0.5) // 2 + 1):
        if sieve[i]:
            first = 2 * i * (i + 1)
            sieve[first :: 2 * i + 1] = bytes(len(range(first, size, 2 * i + 1)))
    return sum(sieve)  # 1 is counted, and 2 is not


class Counter:
    """Counts lines and verdicts in output that comes in blocks."""

    WORDS = [b"\n", b": prime\n", b": composite\n", b": neither\n"]

    def __init__(self):
        self.counts = [0] * len(self.WORDS)
        self.digest = hashlib.blake2b(digest_size=16)
        self.tail = b""

    def add(self, block):
        self.digest.update(block)
        for i, word in enumerate(self.WORDS):
            # So much of what came before that a word is found once.
            tail = self.tail[-(len(word) - 1) :] if len(word) > 1 else b""
            self.counts[i] += (tail + block).count(word)
        self.tail = (self.tail + block)[-16:]


def many_lines(primality, folder, count):
    path = os.path.join(folder, "lines")
    print(f"soak-pools: writing {count} lines", flush=True)
    write_lines(path, count)
    primes = primes_to(count)
    expected = [count, primes, count - primes - min(count, 1), min(count, 1)]
    digest = None
    for pool, channel in POOLS:
        name = pool + (f"/{channel}" if channel else "")
        command = [primality, "check", "--pool", pool, "-j", "2", "--file", path]
        command += ["--channel", channel] if channel else []
        begin = time.monotonic()
        tool = start(command)
        try:
            watch = MemoryWatch(tool.pid)
            counter = Counter()
            while block := tool.stdout.read1(1 << 20):
                counter.add(block)
            watch.finish()
            status = tool.wait()
        finally:
            end(tool)
        seconds = time.monotonic() - begin
        print(
            f"{name:17} {counter.counts[0]} lines, {counter.counts[1]} prime, {seconds:.1f} s, "
            f"owner {watch.owner_kb / 1024:.1f} MB, "
            f"{watch.workers} workers {watch.workers_kb / 1024:.1f} MB",
            flush=True,
        )
        if status != 0:
            problem(f"{name}: status {status}")
        if counter.counts != expected:
            problem(f"{name}: lines, prime, composite, neither: {counter.counts}, not {expected}")
        digest = digest or counter.digest.digest()
        if counter.digest.digest() != digest:
            problem(f"{name}: the output is not that of the serial pool")
        if max(watch.owner_kb, watch.workers_kb) >= MEMORY_LIMIT_KB:
            problem(f"{name}: more than {MEMORY_LIMIT_KB >> 10} MB resident")
    os.remove(path)


# --- Faults at random -----------------------------------------------------------------------------


class Input:
    """A file of numbers, and what the serial pool says of them."""

    def __init__(self, primality, path, numbers):
        self.path = path
        text = "".join(f"{n}\n" for n in numbers).encode()
        with open(path, "wb") as file:
            file.write(text)
        # Where lines end: how many were read follows from the place in the file.
        self.ends = list(itertools.accumulate(len(line) for line in text.splitlines(True)))
        self.expected = subprocess.run(
            [primality, "check", "--pool", "serial", "--rounds", "0", "--file", path],
            stdout=subprocess.PIPE, check=True,
        ).stdout
        self.count = len(self.ends)


class Run:
    """A run of the tool whose output is collected while it is harmed."""

    def __init__(self, command, path):
        self.path = path
        self.tool = start(command, stderr=subprocess.PIPE)
        self.output = bytearray()
        self.error = b""
        self.printed = 0
        self.readers = [threading.Thread(target=f, daemon=True) for f in (self.take, self.take_error)]
        for reader in self.readers:
            reader.start()

    def take(self):
        while block := self.tool.stdout.read1(1 << 16):
            self.output += block
            self.printed += block.count(b"\n")

    def take_error(self):
        # That a worker died is told, and no problem.
        notices = (b" is tested again", b" is tested again by the others")
        lines = self.tool.stderr.read().splitlines(keepends=True)
        self.error = b"".join(line for line in lines if not line.rstrip().endswith(notices))

    def is_running(self):
        return self.tool.poll() is None

    def position(self):
        """How much of its input the tool has read."""
        folder = f"/proc/{self.tool.pid}"
        try:
            for name in os.listdir(folder + "/fd"):
                if os.readlink(f"{folder}/fd/{name}") == self.path:
                    for line in read(f"{folder}/fdinfo/{name}").splitlines():
                        if line.startswith(b"pos:"):
                            return int(line.split()[1])
        except OSError:
            pass
        return 0

    def finish(self):
        status = self.tool.wait()
        for reader in self.readers:
            reader.join()
        self.tool.stderr.close()
        return status


class Faults:
    def __init__(self, primality, folder, rng):
        self.primality = primality
        self.rng = rng
        self.counts = collections.Counter()
        self.latencies = collections.defaultdict(list)
        word = 18446744073709551557
        # Primes of no form that would have a quicker proof.
        large = (1 << 127) - 25
        long = (1 << 521) - 115
        self.inputs = [
            Input(primality, os.path.join(folder, name), numbers)
            for name, numbers in [
                ("words", (word - 2 * i for i in range(300_000))),
                ("mixed", (n - 2 * i for i in range(100_000) for n in (word, large))),
                ("long", (long - 2 * i for i in range(20_000))),
                ("primes", itertools.repeat(large, 20_000)),
            ]
        ]

    def one_run(self):
        rng = self.rng
        given = rng.choice(self.inputs)
        workers = rng.randint(1, 8)
        chunk = rng.choice([1, 2, 7, 64, 500, 5000, None])
        channel = rng.choice(CHANNELS)
        command = [self.primality, "check", "--pool", "processes", "--channel", channel]
        command += ["-j", str(workers), "--rounds", "0", "--file", given.path]
        fate = rng.choices(["whole", "wild", "Ctrl-C", "owner killed"], [6, 2, 1, 1])[0]
        if fate == "wild":
            # Small enough to be tested between two deaths: else the pool says that workers keep dying.
            chunk = rng.choice([1, 2, 7, 50])
        command += ["--chunk", str(chunk)] if chunk else []
        name = f"{fate}: {' '.join(command[1:])}"
        run = Run(command, given.path)
        try:
            end_at = time.monotonic() + rng.uniform(0, 0.5)
            while run.is_running():
                if fate in ("Ctrl-C", "owner killed") and time.monotonic() >= end_at:
                    break
                self.harm(run, given, is_wild=fate == "wild")
                if fate == "wild":
                    time.sleep(rng.expovariate(50))
                else:
                    time.sleep(rng.choice([0, rng.expovariate(500), rng.expovariate(50)]))
            begin = time.monotonic()
            if fate == "Ctrl-C" and run.is_running():
                os.killpg(run.tool.pid, signal.SIGINT)
                status = run.finish()
                self.latencies["Ctrl-C to exit"].append(time.monotonic() - begin)
            elif fate == "owner killed" and run.is_running():
                run.tool.kill()
                status = run.finish()
            else:
                status = run.finish()
            self.expect_nothing_left(run, begin, name)
        finally:
            end(run.tool)
        self.counts["runs"] += 1
        self.counts["runs: " + fate] += 1
        self.counts["lines"] += run.printed
        if not self.is_right(run, given, fate, status):
            self.counts["mismatches"] += 1
            problem(f"{name}: status {status}, {run.printed} lines; {run.error[-300:]}")

    def harm(self, run, given, is_wild):
        rng = self.rng
        before = children(run.tool.pid)
        if not before:
            return
        worker = rng.choice(before)
        what = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
        if what == signal.SIGSEGV and handles(worker, what):
            return  # so young that it has Swift's handler still, which prints pages
        begin = time.monotonic()
        try:
            os.kill(worker, what)
            self.counts[what.name] += 1
            if what == signal.SIGSTOP:
                time.sleep(rng.expovariate(100))
                os.kill(worker, signal.SIGCONT)
                return
        except ProcessLookupError:
            return
        # What was read by now, and may meet this death.
        read_by_now = bisect.bisect_right(given.ends, run.position())
        while run.is_running() and set(children(run.tool.pid)) <= set(before):
            if time.monotonic() - begin > 5:
                if of_session(run.tool.pid):
                    problem("a worker was not replaced within 5 s")
                return
            time.sleep(0.0002)
        if run.is_running():
            self.latencies["death to replacement"].append(time.monotonic() - begin)
        # A chunk that meets two deaths is given up, and rightly so: all of it has to come out first.
        while not is_wild and run.is_running() and run.printed < read_by_now:
            time.sleep(0.0005)

    def expect_nothing_left(self, run, begin, name):
        while left := of_session(run.tool.pid):
            if time.monotonic() - begin > 5:
                problem(f"{name}: {len(left)} processes were left")
                return
            time.sleep(0.001)
        self.latencies["end of the owner to that of all"].append(time.monotonic() - begin)

    def is_right(self, run, given, fate, status):
        output = bytes(run.output)
        if status == 0:
            return output == given.expected and not run.error
        if fate == "owner killed":
            # Its last write may have been cut.
            return status == -signal.SIGKILL and given.expected.startswith(output)
        if fate == "Ctrl-C":
            if status == -signal.SIGINT:
                return not output  # it had not begun
            words = run.error.split()
            tested = int(words[4]) if len(words) > 4 and words[3] == b"SIGINT:" else -1
            # All that comes before what was not tested, and what came out later.
            return status == 130 and tested == run.printed and is_part(output, given.expected)
        # A number may have ended two workers that were killed while they had it.
        if fate == "wild" and status == 3:
            return self.is_whole_but_for_failures(run, given)
        return False

    def is_whole_but_for_failures(self, run, given):
        """Whether each number has its line, as expected or `failed`, and each failure was reported."""
        lines, expected = run.output.splitlines(), given.expected.splitlines()
        if len(lines) != len(expected):
            return False
        failed = []
        for place, (line, other) in enumerate(zip(lines, expected)):
            number = other.split(b":")[0]
            if line == number + b": failed":
                failed.append(b"primality: candidate %d: %s: not tested: " % (place + 1, number))
            elif line != other:
                return False
        reports = run.error.splitlines()
        self.counts["failed: ended two workers"] += len(failed)
        return len(reports) == len(failed) > 0 and all(
            report.startswith(beginning + b"its worker was ended by SIG") and report.endswith(b", twice")
            for report, beginning in zip(reports, failed)
        )

    def report(self):
        for name, count in sorted(self.counts.items()):
            print(f"{name:35} {count}")
        for name, times in sorted(self.latencies.items()):
            times = sorted(t * 1000 for t in times)
            middle, most = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
            print(
                f"{name:35} median {middle:.2f} ms, 99 of 100 below {most:.2f} ms, "
                f"at most {times[-1]:.2f} ms"
            )
        sys.stdout.flush()


def is_part(lines, of):
    """Whether lines are some of others, in their order."""
    others = iter(of.splitlines())
    return all(line in others for line in lines.splitlines())


def random_faults(primality, folder, seconds, seed):
    print(f"soak-pools: {seconds} s of faults; --seed {seed} begins alike", flush=True)
    faults = Faults(primality, folder, random.Random(seed))
    until = time.monotonic() + seconds
    next_report = time.monotonic() + 60
    while time.monotonic() < until:
        faults.one_run()
        if time.monotonic() >= next_report:
            next_report += 60
            print(f"soak-pools: {dict(faults.counts)}", flush=True)
    faults.report()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("primality")
    parser.add_argument("--lines", type=int, default=100_000_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = os.path.realpath(tempfile.mkdtemp(prefix="soak-pools-"))
    try:
        if options.lines > 0:
            many_lines(options.primality, folder, options.lines)
        if options.seconds > 0:
            random_faults(options.primality, folder, options.seconds, options.seed)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"soak-pools: {len(problems)} problems", flush=True)
    sys.exit(1 if problems else 0)


main()
