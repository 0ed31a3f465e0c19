# SPDX-License-Identifier: Apache-2.0
"""The Swift code of the articles in docs/site, as programs.

articles.py FOLDER: of each page with Swift code, writes FOLDER/NAME/main.swift, which is its blocks in their order,
and FOLDER/NAME.expected, which is what the page says that they print: its blocks of text. Prints the names.
No line of a block may be longer than the box that a browser draws for it.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
folder = pathlib.Path(sys.argv[1])
pages = sorted((ROOT / "docs/site").glob("*.docc/*.md"))
names = []
WIDTH = 72
for page in pages:
    for block in re.findall(r"^```\w*\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if len(line) > WIDTH:
                sys.exit(f"articles: {page.name} has a line of {len(line)} characters, and boxes show {WIDTH}: {line}")
    blocks = re.findall(r"^```(swift|text)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    code = "".join(text + "\n" for kind, text in blocks if kind == "swift")
    if not code:
        continue
    name = f"Page{page.stem}"
    names.append(name)
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "main.swift").write_text(code, encoding="utf-8")
    (folder / f"{name}.expected").write_text("".join(text for kind, text in blocks if kind == "text"), encoding="utf-8")
if len(names) < 7:
    sys.exit(f"articles: only {len(names)} of {len(pages)} pages have code")
print("\n".join(names))
