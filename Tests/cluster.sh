#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# cluster.sh PRIMALITY: the recipes of docs/CLUSTER.md that need no server, by each launcher that is installed. One share
# is killed on its way, merge refuses what is there, the same command goes on, and the whole is that of one run. Slurm is
# not part of it.
set -eu
case $1 in /*) primality=$1 ;; *) primality=$PWD/$1 ;; esac
export primality
shares=4
work=$(mktemp -d)
launched=
trap '[ -z "$launched" ] || kill $launched 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
fail() { echo "cluster: $*" >&2; exit 1; }

# 6000 candidates, about a second in one thread: numbers of 60, 670 and 6000 bits, and lines that are skipped. Kinds come in
# threes and shares in fours, so each share has all.
awk 'BEGIN {
    for (i = 0; i < 6000; i++) {
        if (i % 10 == 0) print "# " i
        if (i % 3 == 0) print 2 * i + 1 "*2^6000+1"
        else if (i % 3 == 1) print "10^18+" i
        else print i "*10^200+1"
    }
}' >candidates.txt

# Share $1 of $2, in the process whose number pid.$1 has.
cat >share.sh <<'END'
echo $$ >pid.$1
exec "$primality" check --file ../candidates.txt --seed 21 -j 1 --shard $1/$2 --resume part.$1
END

# All but the time a test took, and the checksum, which is that of the time, too.
fields() { sed 's/"cpu_ns":[0-9]*,//; s/,"crc32":"[0-9a-f]*"//' "$1"; }
count() { grep -c '^{"i"' "$1" || :; }
is_finished() { tail -n 1 "$1" | grep -q '^{"results"'; }

"$primality" check --file candidates.txt --seed 21 -j 1 --resume serial.jsonl 2>serial.log || {
    cat serial.log >&2
    fail "the run in one piece failed"
}
fields serial.jsonl >serial.fields
[ "$(count serial.jsonl)" = 6000 ] || fail "the run in one piece has $(count serial.jsonl) results"

# --- Launchers: all shares, each by share.sh --------------------------------------------------------

by_shell() {
    pids= status=0
    for i in $(seq $shares); do
        sh ../share.sh "$i" $shares &
        pids="$pids $!"
    done
    for pid in $pids; do wait "$pid" || status=1; done
    return $status
}

by_mpirun() {
    # Containers run as root. --oversubscribe: also where there are fewer cores than shares.
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 60 mpirun --oversubscribe -n $shares \
        sh -c 'exec sh ../share.sh $((OMPI_COMM_WORLD_RANK + 1)) $OMPI_COMM_WORLD_SIZE'
}

by_parallel() {
    seq $shares | timeout 60 parallel -j $shares "exec sh ../share.sh {} $shares"
}

# Begins a launcher and kills share 2 when it has some results. False when the share was at its end before that.
kill_one() {
    rm -f part.* pid.*
    "$1" >killed.log 2>&1 &
    launched=$!
    waited=0
    until [ -s part.2 ] && [ "$(count part.2)" -ge 100 ]; do
        waited=$((waited + 1))
        [ $waited -le 500 ] || { cat killed.log >&2; fail "$name: no results of share 2 after 10 seconds"; }
        sleep 0.02
    done
    kill -KILL "$(cat pid.2)" 2>/dev/null || :
    status=0
    wait $launched || status=$?
    launched=
    ! is_finished part.2 || return 1
    [ $status -ne 0 ] || fail "$name: the status is 0, though a share was killed"
}

recipe() {
    name=$1 launcher=$2
    mkdir "$work/$launcher"
    cd "$work/$launcher"
    tries=0
    until kill_one "$launcher"; do
        tries=$((tries + 1))
        [ $tries -lt 5 ] || fail "$name: share 2 was always done before it could be killed"
    done
    before=$(count part.2)
    status=0
    "$primality" merge part.? --out whole.jsonl 2>merge.log || status=$?
    [ $status -eq 2 ] && [ ! -e whole.jsonl ] && grep -q '^primality: part.2 is unfinished' merge.log || {
        cat merge.log >&2
        fail "$name: merge took parts of which one was killed, with status $status"
    }
    "$launcher" >again.log 2>&1 || { cat again.log >&2; fail "$name: the same command did not go on"; }
    grep -q "^primality: part.2: going on after " again.log || { cat again.log >&2; fail "$name: share 2 began anew"; }
    "$primality" merge part.? --out whole.jsonl 2>merge.log || { cat merge.log >&2; fail "$name: merge refused the parts"; }
    fields whole.jsonl >whole.fields
    cmp "$work/serial.fields" whole.fields >&2 || fail "$name: the whole is not that of one run"
    echo "cluster: $name: killed after $before of $(count part.2) results of a share, went on, merged: the same as one run"
}

recipe "plain shell" by_shell
if mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
    recipe "mpirun" by_mpirun
else
    echo "cluster: no mpirun of Open MPI here, left out (openmpi-bin)"
fi
if parallel --version 2>/dev/null </dev/null | grep -q '^GNU parallel'; then
    recipe "GNU parallel" by_parallel
else
    echo "cluster: no GNU parallel here, left out (parallel)"
fi

# --- What goes wrong with arrays ------------------------------------------------------------------

cd "$work/by_shell"
# refuses STATUS I N FILE WORDS: share I of N into FILE ends with STATUS, and says WORDS.
refuses() {
    status=0
    "$primality" check --file ../candidates.txt --seed 21 -j 1 --shard "$2/$3" --resume "$4" >refused.log 2>&1 || status=$?
    [ $status -eq "$1" ] && grep -q -e "$5" refused.log || {
        cat refused.log >&2
        fail "share $2 of $3 into $4 ended with status $status"
    }
}
refuses 64 0 4 part.0 'counted from 1 to 4'
[ ! -e part.0 ] || fail "share 0 left a file"
# Tasks 1 and 2 of 4 submitted alone, with the count of tasks instead of the number of shares.
cp part.1 part.before
refuses 2 1 2 part.1 '--shard was 1/4 then and is 1/2 now'
cmp part.before part.1 >&2 || fail "a refused share changed its file"
rm part.2
status=0
"$primality" merge part.[1-4] >missing.out 2>missing.log || status=$?
[ $status -eq 2 ] && [ ! -s missing.out ] && grep -q 'share 2/4 is missing' missing.log || {
    cat missing.log >&2
    fail "merge without share 2 ended with status $status"
}
echo "cluster: arrays from 0, of another length and with a share missing are refused"
