#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check-vectors.sh PRIMALITY SHARED: `primality check` against each line of SHARED/vectors/*.tsv, and once more by
# transforms against those that they take. `composite` accepts neither for 0 and 1, `prime` accepts probable prime
# above 2^64.
set -eu
primality=$1
shared=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
total=0
# The lines of $work/expected, by an engine.
compare() {
    cut -f 1 "$work/expected" | "$primality" check --engine "$2" --format csv --file - >"$work/csv"
    # Bits and verdict, without the header.
    tail -n +2 "$work/csv" | cut -d, -f 2-4 | tr ',' '\t' >"$work/found"
    paste "$work/expected" "$work/found" | awk -F '\t' -v file="$(basename "$1")" -v engine="$2" '
        $1 != $3 { print file ": line " NR ": " $1 " came back as " $3; wrong++; next }
        $2 == "composite" && ($5 == "composite" || ($5 == "neither" && $4 <= 1)) { next }
        $2 == "prime" && ($5 == "prime" || ($5 == "probable-prime" && $4 > 64)) { next }
        { print file ": line " NR ": " $1 " is " $2 ", not " $5 ", by " engine; wrong++ }
        END { exit wrong > 0 }' >&2 || { echo "vectors: $1 disagrees" >&2; exit 1; }
}
by_transforms=0
for file in "$shared"/vectors/*.tsv; do
    grep -v '^#' "$file" | cut -f 1,2 >"$work/expected"
    compare "$file" auto
    total=$((total + $(wc -l <"$work/expected")))
    # From 2048 bits on.
    grep -v '^#' "$file" | cut -f 1,2 | awk -F '\t' 'length($1) >= 617' >"$work/expected"
    if [ -s "$work/expected" ]; then
        compare "$file" fft
        by_transforms=$((by_transforms + $(wc -l <"$work/expected")))
    fi
done
[ "$total" -gt 0 ] || { echo "vectors: nothing in $shared/vectors" >&2; exit 1; }
echo "vectors: $total lines, $by_transforms of them by transforms too, all verdicts agree"
