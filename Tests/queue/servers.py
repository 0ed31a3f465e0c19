# SPDX-License-Identifier: Apache-2.0
"""Servers that die, networks that are cut, disks that are full, clocks that jump."""

import contextlib
import mmap
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from faults import check_all, load, rows
from harness import Cluster, Failed, Skipped, case, stat_fields


def own_cluster(c, **more):
    place = tempfile.mkdtemp(prefix="pg-", dir=os.path.dirname(c.folder))
    os.chmod(place, 0o755)
    c.at_end(lambda: shutil.rmtree(place, ignore_errors=True))
    cluster = Cluster(place, **more)
    c.at_end(cluster.stop)
    return cluster


@case("postgres")
def postmaster(c):
    """The server is killed under load, restarted at once, and ended in order; workers go on."""
    cluster = own_cluster(c)
    c.make_queue(lease=2, cluster=cluster)
    c.write("load.txt", load(1800, bits=7000))
    c.write("rows.abc", rows(200))
    c.submit("load.txt", "--seed", "3", "--chunk", "10")
    c.submit("rows.abc", "--seed", "3", "--chunk", "5")
    workers = [
        c.worker("--claim", "3", "--wait"), c.worker("--wait"),
        c.start("work", "--pool", "processes", "-j", "1", "--wait")]
    for turn in range(3 if c.turns == 1 else c.turns // 4):
        stored = c.count("result")
        c.until(lambda: c.count("result") > stored or not c.count("chunk", "state < 2"), "workers go on")
        what = ["kill", "immediate", "fast"][turn % 3]
        time.sleep(c.rng.uniform(0, 0.2))
        if what == "kill":
            cluster.kill()
            time.sleep(c.rng.uniform(0, 1.5))
            cluster.start_after_kill()
        else:
            cluster.restart(what)
        if not c.count("chunk", "state < 2"):
            c.run("drop", "--batch", "load.txt")
            c.submit("load.txt", "--seed", "3", "--chunk", "10")
    for worker in workers:
        c.check(worker.is_running(), f"a worker has ended: {worker.errors()[-400:]}")
    c.until(lambda: c.count("chunk", "state < 2") == 0, "all is done")
    c.check(any("trying again" in w.errors() for w in workers), "no worker has noticed")
    c.check(any("there again" in w.errors() for w in workers), "no worker has told that the server is back")
    for worker in workers:
        worker.signal(signal.SIGTERM)
        c.check(worker.wait().status in (-15, 143), "a worker's end")
    c.equal(c.count("chunk", "state = 3"), 0, "chunks that failed")
    check_all(c, "load.txt", "load.txt", 3)
    check_all(c, "rows.abc", "rows.abc", 3)


@case("postgres")
def give_up(c):
    """A server that stays away: status 75, but not before --give-up; SIGTERM of who waits ends at once."""
    cluster = own_cluster(c)
    c.make_queue(lease=2, cluster=cluster)
    c.write("load.txt", load(5000, bits=7000))
    c.submit("load.txt", "--seed", "3", "--chunk", "10")
    gives_up = c.worker("--claim", "2", "--wait", "--give-up", "2")
    waits = c.worker("--claim", "2", "--wait")
    idle = c.worker("--claim", "1", "--wait", "--give-up", "1")
    c.until(lambda: c.count("result") > 3, "the first results")
    follower = c.start("collect", "--batch", "load.txt", "--follow", "--give-up", "1")
    patient = c.start("collect", "--batch", "load.txt", "--follow")
    time.sleep(1.5)  # so that both have opened the queue
    cluster.stop()
    away = time.monotonic()
    result = gives_up.wait()
    c.status_is(result, 75, "a worker that gives up")
    c.check(time.monotonic() - away >= 1.5, "it gave up early")
    c.check("trying again for 2 s" in result.errors, f"it says {result}")
    c.status_is(idle.wait(), 75, "another worker that gives up")
    result = follower.wait()
    c.status_is(result, 75, "collect --follow that gives up")
    for arguments in (["status"], ["collect", "--batch", "load.txt"], ["submit", "load.txt", "--name", "x"],
                      ["pause", "--batch", "load.txt"], ["verify", "--batch", "load.txt"], ["work", "--give-up", "0"],
                      ["work", "--give-up", "0.5"]):
        c.status_is(c.run(*arguments), 75, f"{arguments[0]} without a server")
    c.check(waits.is_running(), f"a worker has ended: {waits.errors()}")
    late = c.worker("--wait")
    time.sleep(0.5)
    late.signal(signal.SIGTERM)
    begun = time.monotonic()
    result = late.wait()
    c.check(result.status in (-15, 143), f"SIGTERM of who waits for a server: {result}")
    c.check(time.monotonic() - begun < 60, "SIGTERM of who waits for a server takes its time")
    cluster.start()
    c.until(lambda: c.count("chunk", "state < 2") == 0, "all is done")
    waits.signal(signal.SIGTERM)
    result = waits.wait()
    c.check(result.status in (-15, 143) and "there again" in result.errors, f"a worker that waited: {result}")
    check_all(c, "load.txt", "load.txt", 3)
    # As of a run of check, with its bad lines.
    wanted = c.check_run("--file", "load.txt", "--seed", "3")
    found = patient.wait()
    c.equal((found.output, found.status), (wanted.output, wanted.status), "collect --follow across the gap")


@case("postgres")
def network_cut(c):
    """Three hosts; the network of one is cut for longer than its leases, and heals."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        raise Skipped("networks of its own need root and iproute2")

    def ip(*words):
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skipped(f"ip {' '.join(words)}: {done.stderr.strip()}")

    mark = f"prkq{os.getpid()}"
    server, hosts = f"{mark}s", [f"{mark}a", f"{mark}b"]
    for name in [server, *hosts]:
        ip("netns", "add", name)
        c.at_end(lambda name=name: subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False))
    ip("-n", server, "link", "set", "lo", "up")
    for i, host in enumerate(hosts, 1):
        ip("-n", server, "link", "add", f"to{i}", "type", "veth", "peer", "name", "net", "netns", host)
        ip("-n", server, "addr", "add", f"10.97.{i}.1/24", "dev", f"to{i}")
        ip("-n", host, "addr", "add", f"10.97.{i}.2/24", "dev", "net")
        ip("-n", server, "link", "set", f"to{i}", "up")
        ip("-n", host, "link", "set", "net", "up")
    cluster = own_cluster(c, addresses="*", trust=["10.97.0.0/16"], network=server)
    c.make_queue(lease=2, cluster=cluster, host="socket")

    def worker(i, *arguments):
        address = cluster.address("boss", c.queue.database, host=f"10.97.{i}.1") + "?sslmode=disable"
        return c.start(
            "work", "--pool", "threads", "-j", "1", "--host", f"host{i}", *arguments,
            prefix=["ip", "netns", "exec", hosts[i - 1]], environment={"PRIMALITY_QUEUE": address})

    c.write("a.txt", load(2000, bits=7000))
    for turn in range(1 if c.turns == 1 else max(1, c.turns // 20)):
        name = f"a{turn}"
        c.submit("a.txt", "--seed", str(turn), "--chunk", "10", "--name", name)
        one, two = worker(1, "--claim", "10", "--wait"), worker(2, "--claim", "3", "--wait")
        ident = c.batch(name)["id"]
        c.until(lambda: c.count("result", f"batch = {ident}") > 10, "the first results")
        # Cut off with leases of its own.
        c.until(
            lambda: c.count("chunk", "state = 1 and worker in (select id from primality.worker where host = 'host1')"),
            "the first host has leases")
        ip("-n", server, "link", "set", "to1", "down")
        time.sleep(c.rng.uniform(5, 8))
        c.until(lambda: c.count("chunk", f"batch = {ident} and state < 2") == 0, "the second host does all")
        c.check(one.is_running(), f"a worker has ended: {one.errors()}")
        two.signal(signal.SIGTERM)
        two.wait()
        ip("-n", server, "link", "set", "to1", "up")
        c.each_once(name)
        # The first one comes back.
        c.submit("a.txt", "--seed", str(1000 + turn), "--chunk", "40", "--name", f"b{turn}")
        again = c.batch(f"b{turn}")["id"]
        c.until(lambda: c.count("chunk", f"batch = {again} and state < 2") == 0, "the first host goes on")
        one.signal(signal.SIGTERM)
        result = one.wait()
        c.check(result.status in (-15, 143), f"its end: {result}")
        check_all(c, name, "a.txt", turn)
        check_all(c, f"b{turn}", "a.txt", 1000 + turn)
        c.equal(c.count("chunk", "state = 3"), 0, "chunks that failed")
    # What is not encrypted is refused unless the address says so.
    plain = cluster.address("boss", c.queue.database, host="10.97.2.1")
    refused = c.start(
        "status", prefix=["ip", "netns", "exec", hosts[1]], environment={"PRIMALITY_QUEUE": plain}).wait()
    c.check(refused.status == 2, f"a server of another host without a certificate: {refused}")


def small_disk(c, megabytes):
    place = tempfile.mkdtemp(prefix="disk-", dir=os.path.dirname(c.folder))
    os.chmod(place, 0o755)
    c.at_end(lambda: os.rmdir(place))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", place], capture_output=True, text=True,
        check=False)
    if done.returncode != 0:
        raise Skipped(f"no disk of its own: {done.stderr.strip()}")
    c.at_end(lambda: subprocess.run(["umount", "-l", place], capture_output=True, check=False))
    return place


def fill(place):
    """Takes all room that is left, but for some bytes."""
    with open(os.path.join(place, "fill"), "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass


@case()
def full_disk(c):
    """The disk fills under load: workers wait, commands say so, and nothing is lost when there is room."""
    if os.geteuid() != 0:
        raise Skipped("a small disk needs root")
    cluster = None
    if c.kind == "postgres":
        place = small_disk(c, 110)
        os.chmod(place, 0o777)
        cluster = own_cluster(
            c, data=os.path.join(place, "data"),
            settings=["max_wal_size = 32MB", "min_wal_size = 32MB", "wal_keep_size = 0"])
        c.make_queue(lease=2, cluster=cluster)
    else:
        place = small_disk(c, 6)
        folder, c.folder = c.folder, place
        c.make_queue(lease=2)
        c.folder = folder
    c.write("a.txt", load(3000, bits=3000))
    c.submit("a.txt", "--seed", "3", "--chunk", "5", "--name", "a", "--res64")
    workers = [c.worker("--claim", "2", "--wait"), c.worker("--wait")]
    c.until(lambda: c.count("result") > 5, "the first results")
    fill(place)
    # A submission that has no room is refused, and nothing of it is there.
    c.write("large.txt", "".join(f"{n}\n" for n in range(10**40 + 1, 10**40 + 400001, 2)))
    large = c.run("submit", "large.txt", "--name", "large", "--chunk", "1000")
    c.check(large.status in (74, 75), f"a submission without room: {large}")
    c.check(large.errors.strip() != "", f"a submission without room: {large}")
    time.sleep(2)
    status = c.run("status")
    c.check(status.status in (0, 75), f"status on a full disk: {status}")
    collected = c.run("collect", "--batch", "a")
    c.check(collected.status in (2, 75), f"collect on a full disk: {collected}")
    for worker in workers:
        c.check(worker.is_running(), f"a worker has ended on a full disk: {worker.errors()[-600:]}")
    os.unlink(os.path.join(place, "fill"))
    if cluster:
        has_pid = os.path.exists(f"{cluster.data}/postmaster.pid")
        if not has_pid or stat_fields(cluster.postmaster())[:1] in ([], [b"Z"]):
            c.notes.append("the server had ended")
            cluster.start_after_kill()
    c.until(lambda: c.count("chunk", "state < 2") == 0 or not any(w.is_running() for w in workers), "all is done")
    for worker in workers:
        worker.signal(signal.SIGTERM)
        result = worker.wait()
        c.check(result.status in (-15, 143), f"a worker's end: {result}")
    c.notes.append(f"{sum('trying again' in w.errors() for w in workers)} of 2 workers waited")
    c.run("work", "-j", "1")
    c.equal([b["name"] for b in c.facts()["batches"]], ["a"], "batches")
    c.equal(c.count("chunk", "state = 3"), 0, "chunks that failed")
    c.each_once("a")
    c.same("a", "a.txt", 3, ["--res64"], formats=("jsonl",))


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
/* The time of day is so many seconds off as a file says, which is shared. */
static long offset(void) {
    static volatile long *shared;
    if (!shared) {
        int file = open(getenv("CLOCK_OFFSET"), O_RDONLY);
        void *place = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
        static long zero;
        shared = place == MAP_FAILED ? &zero : place;
        if (file >= 0) close(file);
    }
    return *shared;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += offset();
    return status;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec time;
    (void)zone;
    int status = clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return status;
}
time_t time(time_t *now) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    if (now) *now = time.tv_sec;
    return time.tv_sec;
}
"""


@case()
def clock_jumps(c):
    """The clock of a worker jumps by a day, to and fro: leases are the store's, and results are there once."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Skipped("there is no C compiler")
    c.write("clock.c", CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", "clock.so", "clock.c", "-ldl"], cwd=c.folder, check=True)
    offset = os.path.join(c.folder, "offset")
    with open(offset, "wb") as file:
        file.write(struct.pack("q", 0))
    with open(offset, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    c.make_queue(lease=2)
    c.write("a.txt", load(2000, bits=7000))
    c.submit("a.txt", "--seed", "3", "--chunk", "10", "--name", "a")
    jumping = {"LD_PRELOAD": os.path.join(c.folder, "clock.so"), "CLOCK_OFFSET": offset}
    # SQLite's store has the clock of this host, which jumps for all.
    workers = [
        c.worker("--claim", "5", environment=jumping),
        c.worker("--claim", "5", environment=jumping if c.kind == "sqlite" else None)]
    c.until(lambda: c.count("result") > 5, "the first results")
    for jump in (86400, 0, -86400, 0):
        shared[:8] = struct.pack("q", jump)
        time.sleep(c.rng.uniform(0.2, 0.6))
        if c.kind == "postgres":
            silent = [w["secondsSilent"] for w in c.facts(environment=jumping)["workers"]]
            c.check(all(-5 < s < 200 for s in silent), f"seconds since workers were heard of: {silent}")
    for worker in workers:
        result = worker.wait()
        c.status_is(result, 0, "a worker")
        if c.kind == "postgres":
            c.check("not wanted" not in result.errors, f"a worker whose clock jumps has lost leases: {result}")
    c.equal(c.count("chunk", "state = 3"), 0, "chunks that failed")
    c.equal(c.count("chunk", "state = 1"), 0, "leases")
    check_all(c, "a", "a.txt", 3)
    shared.close()


__all__ = ["Failed"]
