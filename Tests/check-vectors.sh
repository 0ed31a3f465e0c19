#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check-vectors.sh PRIMALITY SHARED: `primality check` against each line of SHARED/vectors/*.tsv.
# `composite` accepts neither for 0 and 1, `prime` accepts probable prime above 2^64.
set -eu
primality=$1
shared=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
total=0
for file in "$shared"/vectors/*.tsv; do
    grep -v '^#' "$file" | cut -f 1,2 >"$work/expected"
    cut -f 1 "$work/expected" | "$primality" check --format csv --file - >"$work/csv"
    # Bits and verdict, without the header.
    tail -n +2 "$work/csv" | cut -d, -f 2-4 | tr ',' '\t' >"$work/found"
    count=$(wc -l <"$work/expected")
    paste "$work/expected" "$work/found" | awk -F '\t' -v file="$(basename "$file")" '
        $1 != $3 { print file ": line " NR ": " $1 " came back as " $3; wrong++; next }
        $2 == "composite" && ($5 == "composite" || ($5 == "neither" && $4 <= 1)) { next }
        $2 == "prime" && ($5 == "prime" || ($5 == "probable-prime" && $4 > 64)) { next }
        { print file ": line " NR ": " $1 " is " $2 ", not " $5; wrong++ }
        END { exit wrong > 0 }' >&2 || { echo "vectors: $file disagrees" >&2; exit 1; }
    total=$((total + count))
done
[ "$total" -gt 0 ] || { echo "vectors: nothing in $shared/vectors" >&2; exit 1; }
echo "vectors: $total lines, all verdicts agree"
