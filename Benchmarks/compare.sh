#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make bench-compare BASE=commit: the micro-benchmarks of that commit and of what is here.
#
# compare.sh COMMIT [arguments of `swift package benchmark`]
#
# The commit is measured before and after, so that a second table tells how far the machine alone moves
# the figures; what is here differs where it differs by more.
set -eu

commit=${1:?"compare.sh: name the commit to compare with"}
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
# What a name like HEAD means here, it does not mean in the other folder.
commit_id=$(git -C "$root" rev-parse --verify --quiet "$commit^{commit}") || {
  echo "compare.sh: '$commit' is no commit of this repository" >&2
  exit 2
}
base=$root/.build-compare
baselines=.benchmarkBaselines

# The folder stays for the next time, since building it takes minutes.
if [ -e "$base/.git" ]; then
  git -C "$base" checkout --quiet --detach "$commit_id"
else
  git -C "$root" worktree prune
  git -C "$root" worktree add --quiet --force --detach "$base" "$commit_id"
fi

run() { # folder, arguments
  folder=$1
  shift
  (cd "$folder" && "${SWIFT:-swift}" package --disable-sandbox --allow-writing-to-package-directory benchmark "$@")
}

measure() { # folder, name, arguments: the baseline is written there and taken here
  folder=$1 name=$2
  shift 2
  run "$folder" --no-progress --quiet "$@" baseline update "$name" >&2
  [ "$folder" = "$here" ] || (cd "$folder" && tar -cf - "$baselines"/*/"$name") | (cd "$here" && tar -xf -)
}

measure "$base/Benchmarks" before "$@"
measure "$here" here "$@"
measure "$base/Benchmarks" after "$@"
names() { # name of a baseline
  grep -o '"name":"[^"]*"' "$here/$baselines"/*/"$1"/results.json | cut -d'"' -f4 | sort -u
}

names before >"$base/names.before"
names here >"$base/names.here"
for name in $(comm -3 "$base/names.before" "$base/names.here"); do
  echo "compare.sh: $name is on one side only and left out" >&2
done
echo "== $commit, and here"
run "$here" --no-progress "$@" baseline compare before here
echo "== $commit twice: what the machine does"
run "$here" --no-progress "$@" baseline compare before after
