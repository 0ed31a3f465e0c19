# SPDX-License-Identifier: Apache-2.0
"""The floors of the house: who may lean on whom.

check-floors.py [OBJECT OF THE C LIBRARY …]

An arrow is an #include, an import or, where the objects of the C library are at hand, a symbol that one file
takes from another. Arrows point down. Rooms of one floor may have arrows between them, when those are listed
here. Files of one room may take symbols from each other, but not in a ring. Prints the floors; the exit status is
1 when an arrow runs up or sideways, or when there is a ring.
"""

import collections
import json
import os
import re
import subprocess
import sys

# From the ground up. A room is a folder of CKernels or of Sources.
C_FLOORS = [
    ["include", "tables"],
    ["u64"],
    ["cpu", "system", "numbers", "sieve"],
    ["ifma", "fft"],
    ["modular"],
    ["long", "curve"],
    ["share"],
    ["special", "factor"],
    ["ecpp"],
    ["engine", "verify", "prove"],
    ["job", "search"],
]
SWIFT_FLOORS = [
    ["CGMP"],
    ["CKernels"],
    ["CPool", "CProbes", "PurePrimality"],
    ["CModels", "Primality"],
    ["PrimalityExpressions", "PrimalityPool", "Charts"],
    ["PrimalityRuns", "PrimalityProof", "PrimalityKeys", "PrimalityModels", "PrimalityBench"],
    ["PrimalityQueue"],
    ["PrimalityCLI"],
]
# Arrows between rooms of one floor, each with its reason.
SIDEWAYS = {
    ("numbers", "cpu"): "the bound on a number's size",
    ("sieve", "cpu"): "the bound on a number's size",
    ("PrimalityBench", "PrimalityModels"): "the book's numbers",
    ("numbers", "system"): "SipHash, memory that is kept, and threads of a scratch",
    ("prove", "engine"): "the report of a composite, before anything is proved",
}
# Rooms beside the house: they lean on nothing of ours.
ASIDE = {"generate-tables"}

problems = []


def files(folder, endings):
    for path, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.join(path, name)


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check(floors, arrows):
    """Arrows are (room, room, what shows it)."""
    height = {room: i for i, rooms in enumerate(floors) for room in rooms}
    for above, below, where in sorted(set(arrows)):
        for room in (above, below):
            if room not in height:
                problems.append(f"{where}: {room} is on no floor: give it one in Tests/check-floors.py")
                height[room] = len(floors)
        if above == below or (above, below) in SIDEWAYS:
            continue
        if height[above] <= height[below]:
            way = "up" if height[above] < height[below] else "sideways"
            problems.append(f"{where}: an arrow {way}, from {above} to {below}")


def rings(graph):
    """The sets of two and more that reach each other (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            ring = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(ring) > 1:
                found.append(sorted(ring))

    for node in list(graph):
        if node not in index:
            visit(node)
    return found


def c_includes():
    for path in files("CKernels", (".c", ".h")):
        room = os.path.basename(os.path.dirname(path))
        for name in re.findall(r'^#include "(.*)"', text(path), re.M):
            target = os.path.normpath(os.path.join(os.path.dirname(path), name))
            yield room, os.path.basename(os.path.dirname(target)), f"{path} includes {name}"


def c_symbols(objects):
    """Arrows, and which file takes symbols from which."""
    defined, needed = {}, []
    for path in objects:
        name = "/".join(path.split("/")[-2:])[:-2] + ".c"
        for line in subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines():
            kind, symbol = line.split()[-2:]
            if kind == "U":
                needed.append((name, symbol))
            elif kind.isupper():
                defined[symbol] = name
    arrows, graph = [], collections.defaultdict(set)
    for name, symbol in needed:
        other = defined.get(symbol)
        if other not in (None, name):
            arrows.append((os.path.dirname(name), os.path.dirname(other), f"{name} calls {symbol} of {other}"))
            graph[name].add(other)
    return arrows, graph


def swift_imports(rooms):
    for room in sorted(os.listdir("Sources")):
        if room in ASIDE:
            continue
        for path in files(os.path.join("Sources", room), (".swift", ".c", ".h")):
            source = text(path)
            for name in re.findall(r"^\s*(?:\w+ )?import (\w+)", source, re.M):
                if name in rooms:
                    yield room, name, f"{path} imports {name}"
            for name in re.findall(r"^#include [<\"]((?:prk_|primality|cpool|cmodels)\w*\.h)", source, re.M):
                owner = next((r for r in rooms if os.path.exists(f"Sources/{r}/include/{name}")), "CKernels")
                yield room, owner, f"{path} includes {name}"


def draw(title, floors):
    print(title)
    for rooms in reversed(floors):
        print("    " + "  ".join(rooms))


def undeclared():
    """Imports that Package.swift does not name: which target is built first is then chance."""
    dump = subprocess.run([os.environ.get("SWIFT", "swift"), "package", "dump-package"], capture_output=True, text=True)
    if dump.returncode != 0:
        problems.append("swift package dump-package: " + dump.stderr.strip())
        return
    targets = json.loads(dump.stdout)["targets"]
    ours = {target["name"] for target in targets}
    for target in targets:
        name = target["name"]
        declared = {value[0] for entry in target["dependencies"] for value in entry.values()}
        folder = target.get("path") or os.path.join("Tests" if target["type"] == "test" else "Sources", name)
        for path in files(folder, (".swift",)):
            for module in re.findall(r"^\s*(?:@testable )?(?:\w+ )?import (\w+)", text(path), re.M):
                if module in ours - declared - {name}:
                    problems.append(f"{path} imports {module}, which Package.swift does not name for {name}")


def main():
    draw("Sources", SWIFT_FLOORS)
    check(SWIFT_FLOORS, list(swift_imports({room for rooms in SWIFT_FLOORS for room in rooms})))
    undeclared()
    draw("CKernels", C_FLOORS)
    check(C_FLOORS, list(c_includes()))
    if len(sys.argv) > 1:
        arrows, graph = c_symbols(sys.argv[1:])
        check(C_FLOORS, arrows)
        problems.extend("a ring of files: " + ", ".join(ring) for ring in rings(graph))
    for problem in problems:
        print("check-floors: " + problem, file=sys.stderr)
    print("check-floors: " + (f"{len(problems)} problems" if problems else "every arrow points down, and there is no ring"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
