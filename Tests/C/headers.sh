#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each header of an include folder compiles alone, as C and as C++, with each compiler at hand. Those of kernels and
# tests do so as C, with one compiler; what *_body.h and *_instance.h are built of is said by their includers.
set -eu
cd "$(dirname "$0")/../.."
for header in CKernels/include/*.h Sources/CPool/include/*.h Sources/CModels/include/*.h; do
    name=$(basename "$header")
    for compiler in "gcc -std=c17" "clang -std=c17" "g++ -std=c++17" "clang++ -std=c++17"; do
        command -v "${compiler%% *}" >/dev/null 2>&1 || continue
        case $compiler in *++*) language=c++ ;; *) language=c ;; esac
        printf '#include "%s"\n' "$name" |
            $compiler -x $language -Wall -Wextra -Werror -ICKernels/include -ISources/CPool/include -ISources/CModels/include -fsyntax-only - ||
            { echo "$name does not compile alone with $compiler" >&2; exit 1; }
    done
done
for compiler in gcc clang; do
    command -v $compiler >/dev/null 2>&1 || continue
    for header in CKernels/*/*.h Tests/C/*.h; do
        case $header in CKernels/include/* | *_body.h | *_instance.h) continue ;; esac
        printf '#include "%s"\n' "$header" |
            $compiler -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-variable -I. -ICKernels/include -ISources/CPool/include -fsyntax-only -x c - ||
            { echo "$header does not compile alone with $compiler" >&2; exit 1; }
    done
    break
done
echo "headers: each compiles alone as C and C++"
