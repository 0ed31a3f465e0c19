#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs the C library into a folder of its own and uses it as others would: from C and C++ through
# pkg-config, statically, and from Python. Folders are the ones that were asked for, and uninstall
# leaves none of its files.
set -eu
cd "$(dirname "$0")/../.."
: "${CC:=cc}" "${MAKE:=make}" "${PYTHON:=python3}"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT INT TERM
ours() { "$MAKE" --no-print-directory -s CC="$CC" "$@"; }

if ours install DESTDIR="$root" PREFIX=local 2>"$root/error" || ours install DESTDIR="$root" libdir=lib64 2>>"$root/error"; then
    echo "install: a relative folder was taken" >&2
    exit 1
fi
grep -q 'PREFIX=local is no absolute folder' "$root/error" && grep -q 'libdir=lib64 is no absolute' "$root/error" || {
    cat "$root/error" >&2
    exit 1
}
ours install DESTDIR="$root/d" PREFIX=/usr libdir=/usr/lib64 includedir=/opt/include
for file in usr/lib64/libprimality.so usr/lib64/libprimality.a usr/lib64/pkgconfig/primality.pc \
    opt/include/primality.h; do
    test -e "$root/d/$file" || { echo "install: $file is missing" >&2; exit 1; }
done
grep -qx 'libdir=${prefix}/lib64' "$root/d/usr/lib64/pkgconfig/primality.pc"
grep -qx 'includedir=/opt/include' "$root/d/usr/lib64/pkgconfig/primality.pc"
ours uninstall DESTDIR="$root/d" PREFIX=/usr libdir=/usr/lib64 includedir=/opt/include
left=$(find "$root/d" ! -type d)
test -z "$left" || { echo "uninstall: left $left" >&2; exit 1; }

ours install DESTDIR="$root" PREFIX=/opt/primality
prefix=$root/opt/primality
for file in include/primality.h include/prk_annotations.h include/prk_proof.h include/prk_long.h include/prk_search.h lib/libprimality.so lib/libprimality.a \
    lib/pkgconfig/primality.pc; do
    test -e "$prefix/$file" || { echo "install: $file is missing" >&2; exit 1; }
done

# Nothing but the interface is visible.
strange=$(nm -D --defined-only "$prefix/lib/libprimality.so" | awk '$3 !~ /^prk_/ { print $3 }')
test -z "$strange" || { echo "install: the library also defines $strange" >&2; exit 1; }
declared=$(sed -n 's/^PRK_API .*\(prk_[a-z0-9_]*\)(.*/\1/p' "$prefix"/include/pr*.h | sort)
defined=$(nm -D --defined-only "$prefix/lib/libprimality.so" | awk '{ print $3 }' | sort)
test "$declared" = "$defined" || {
    echo "install: the header declares" $declared "and the library defines" $defined >&2
    exit 1
}

if command -v pkg-config >/dev/null 2>&1; then
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
    flags=$(pkg-config --cflags --libs primality)
    static=$(pkg-config --cflags --libs --static primality)
else
    flags="-I$prefix/include -L$prefix/lib -lprimality"
    static="$flags -lgmp -lm"
fi
# shellcheck disable=SC2086
$CC -std=c17 -Wall -Wextra -Werror Tests/Install/client.c $flags -Wl,-rpath,"$prefix/lib" -o "$root/client"
"$root/client"
# shellcheck disable=SC2086
$CC -std=c17 Tests/Install/client.c -Wl,-Bstatic $(echo "$static" | sed "s/-lgmp//; s/-lm//") -Wl,-Bdynamic -lgmp -lm \
    -o "$root/client-static"
"$root/client-static"
if command -v c++ >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    c++ -std=c++17 -x c++ Tests/Install/client.c -x none $flags -Wl,-rpath,"$prefix/lib" -o "$root/client++"
    "$root/client++"
else
    echo "install: no c++ here, its client and examples/example.cpp left out"
fi

# README shows the examples as they are, but for their first line.
shown() { awk -v start="^\`\`\`$1\$" '$0 ~ start { on = 1; next } /^```/ { on = 0 } on' README.md; }
for example in c:example.c python:example.py; do
    tail -n +2 "examples/${example#*:}" >"$root/wanted"
    shown "${example%%:*}" | cmp - "$root/wanted" || {
        echo "install: README shows another examples/${example#*:}" >&2
        exit 1
    }
done
# shellcheck disable=SC2086
$CC examples/example.c $flags -o "$root/example"
test "$(LD_LIBRARY_PATH=$prefix/lib "$root/example")" = "3 1 3"
if command -v c++ >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror examples/example.cpp $flags -o "$root/example++"
    LD_LIBRARY_PATH=$prefix/lib "$root/example++" >"$root/printed"
    cmp "$root/printed" - <<'END' || { echo "install: examples/example.cpp printed" && cat "$root/printed"; exit 1; } >&2
1: neither by definition
231: composite by trial-division, factor 3
10000000f: prime by baillie-psw, Lucas P 4 Q 1
28000000000000000001: prime by proth, base 3
1ffffffffffffffffffffff: prime by lucas-lehmer, Lucas P 4 Q 1
ffffffffffffffffffffffffffffff61: probable-prime by baillie-psw, Lucas P 3 Q 1, random bases tried: 2
3ffffffffffffffdffffffe000000000000001: composite by strong-base-2
END
    # The last 16 digits are a limb of their own, and what is no digit may stand in any limb.
    for bad in 7x x000000000000000f 0x7 -7; do
        if LD_LIBRARY_PATH=$prefix/lib "$root/example++" "$bad" 2>"$root/error" >&2; then
            echo "install: examples/example.cpp took $bad" >&2
            exit 1
        fi
        grep -qx -- "$bad is not hexadecimal" "$root/error"
    done
fi
if command -v "$PYTHON" >/dev/null 2>&1; then
    test "$(LD_LIBRARY_PATH=$prefix/lib "$PYTHON" examples/example.py)" = True
    "$PYTHON" Tests/Install/client.py "$prefix/lib/libprimality.so.1"
else
    echo "install: no $PYTHON here, ctypes left out"
fi
if command -v cargo >/dev/null 2>&1 && command -v pkg-config >/dev/null 2>&1; then
    LD_LIBRARY_PATH=$prefix/lib CARGO_TARGET_DIR=$root/rust cargo test --offline --quiet \
        --manifest-path examples/rust/Cargo.toml || { echo "install: examples/rust" >&2; exit 1; }
else
    echo "install: no cargo or pkg-config here, examples/rust left out"
fi
