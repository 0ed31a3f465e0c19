#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# count.sh compare|update PROGRAM COMPILER: the instructions of each kernel, counted by callgrind,
# against those in instructions.tsv, or written there. Counts are exact, but another compiler has
# others, and so has another GMP: nothing is compared when a version is not the recorded one.
set -eu
mode=$1
program=$2
gmp=$(printf '#include <gmp.h>\n__GNU_MP_VERSION.__GNU_MP_VERSION_MINOR.__GNU_MP_VERSION_PATCHLEVEL\n' |
    "$3" -E -P - | tail -n 1 | tr -d ' ')
compiler="$3 $("$3" -dumpfullversion) $("$3" -dumpmachine), GMP $gmp"
baseline=$(dirname "$0")/instructions.tsv
tolerance=3 # per cent

command -v valgrind >/dev/null 2>&1 || { echo "count: valgrind is needed" >&2; exit 2; }
recorded=$(sed -n 's/^# compiler: //p' "$baseline" 2>/dev/null || true)
if [ "$mode" = compare ] && [ "$recorded" != "$compiler" ]; then
    echo "count: not compared: the baseline is of $recorded, here is $compiler"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
valgrind --tool=callgrind --toggle-collect='count_*' --compress-strings=no --compress-pos=no \
    --callgrind-out-file="$work/out" "$program" >"$work/levels" 2>"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
unsupported=$(sed -n 's/^unsupported //p' "$work/levels" | tr '\n' ' ')
[ -z "$unsupported" ] || echo "count: not supported here, so left out: $unsupported"
# What a function costs with all that it calls: its own lines, and the lines that follow calls=.
awk '/^fn=/ { name = substr($0, 4); next }
     /^[0-9]/ && name ~ /^count_/ { total[name] += $2 }
     END { for (name in total) {
               row = substr(name, 7)
               sub("_", "\t", row)
               print row "\t" total[name]
           } }' "$work/out" | LC_ALL=C sort >"$work/counts"
[ -s "$work/counts" ] || { echo "count: callgrind counted nothing" >&2; exit 1; }

if [ "$mode" = update ]; then
    [ -z "$unsupported" ] || { echo "count: a baseline needs every level" >&2; exit 1; }
    {
        echo "# Instructions on the numbers of count.c: level or engine, kernel, count."
        echo "# Written by make count-update, compared by make count."
        echo "# compiler: $compiler"
        cat "$work/counts"
    } >"$baseline"
    echo "count: $(grep -c . "$work/counts") rows written to $baseline"
    exit 0
fi
grep -v '^#' "$baseline" | awk -F '\t' -v tolerance="$tolerance" -v unsupported="$unsupported" '
    NR == FNR { counted[$1 " " $2] = $3; next }
    index(unsupported, $1 " ") { next }
    {
        row = $1 " " $2
        if (!(row in counted)) { print "count: " row " is in the baseline and was not counted"; bad++; next }
        change = 100 * (counted[row] - $3) / $3
        if (change != 0) { printf "%-26s %10d, was %10d: %+.2f %%\n", row, counted[row], $3, change }
        if (change > tolerance) { print "count: " row " takes over " tolerance " % more"; bad++ }
        if (change < -tolerance) { better++ }
        delete counted[row]
        rows++
    }
    END {
        for (row in counted) { print "count: " row " is not in the baseline"; bad++ }
        if (bad) { print "count: where that is meant, make count-update, and commit the baseline" }
        else {
            print "count: " rows " rows, none takes over " tolerance " % more"
            if (better) { print "count: " better " take less: make count-update keeps that" }
        }
        exit bad > 0
    }' "$work/counts" -
