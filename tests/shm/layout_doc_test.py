#!/usr/bin/env python3
"""docs/layout.md says what the static_asserts of shm/ say: every size, every offset, no more, no
less."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = ROOT / "shm/include/ringside/shm"
DOC = ROOT / "docs/layout.md"

OFFSET = re.compile(r"static_assert\(offsetof\((\w+), (\w+)\) == (\d+)")
SIZE = re.compile(r"static_assert\(sizeof\((\w+)\) == (\d+)\)")
HEADING = re.compile(r"^### (\w+) \((\d+) bytes\)$")
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|")


def asserted():
    sizes, offsets = {}, {}
    for header in sorted(HEADERS.glob("*.hpp")):
        if header.name == "control.hpp":  # messages, not memory
            continue
        text = header.read_text()
        for name, field, offset in OFFSET.findall(text):
            offsets.setdefault(name, {})[field] = int(offset)
        for name, size in SIZE.findall(text):
            sizes[name] = int(size)
    return {name: (sizes.get(name), offsets[name]) for name in offsets}


def documented():
    types, current = {}, None
    for line in DOC.read_text().splitlines():
        if heading := HEADING.match(line):
            current = {}
            types[heading.group(1)] = (int(heading.group(2)), current)
        elif line.startswith("#"):
            current = None
        elif current is not None and (row := ROW.match(line)):
            current[row.group(2)] = int(row.group(1))
    return types


def main():
    want, have = asserted(), documented()
    wrong = 0
    for name in sorted(want.keys() | have.keys()):
        size, fields = want.get(name, (None, {}))
        if name in have and size is None:
            size = have[name][0]  # a size that is asserted by a formula
        if have.get(name) != (size, fields):
            wrong += 1
            print(f"{name}: asserted {size}, {fields}; docs/layout.md says {have.get(name)}")
    print(f"{len(want)} types compared, {wrong} differ")
    return 1 if wrong or not want else 0


if __name__ == "__main__":
    sys.exit(main())
