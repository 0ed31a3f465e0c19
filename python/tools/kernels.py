#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What meson.build asks about the kernels.

kernels.py version   the version, as primality.h has it
kernels.py sources   the C sources, a line each
kernels.py dist      in the folder of an sdist: puts copies where the tree has links
"""

import os
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
LINKS = ("CKernels", "LICENSE")


def version() -> str:
    header = (HERE / "CKernels/include/primality.h").read_text(encoding="utf-8")
    found = re.search(r'#define PRK_VERSION_STRING "(.*)"', header)
    if found is None:
        sys.exit("kernels.py: primality.h names no version")
    return found[1]


def sources() -> list[str]:
    names = sorted(str(path.relative_to(HERE)) for path in HERE.glob("CKernels/*/*.c"))
    if not names:
        sys.exit("kernels.py: no kernels below python/CKernels: build in a clone, or from an sdist")
    return names


def dist() -> None:
    root = pathlib.Path(os.environ["MESON_DIST_ROOT"])
    for name in LINKS:
        copy, original = root / name, HERE / name
        if copy.is_symlink() or not copy.exists():
            copy.unlink(missing_ok=True)
            if original.is_dir():
                shutil.copytree(original, copy)
            else:
                shutil.copy2(original, copy)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["version"]:
            print(version())
        case ["sources"]:
            print("\n".join(sources()))
        case ["dist"]:
            dist()
        case _:
            sys.exit(__doc__)
