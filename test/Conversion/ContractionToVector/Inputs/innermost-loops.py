#!/usr/bin/env python3
"""Reads llc's assembly text (with its comments) from standard input, and prints of
each innermost loop that multiplies vectors how many multiplications it has, and how
many values it keeps on the stack for want of registers."""

import re
import sys

MULTIPLY = re.compile(r"\s+(vfmadd\w+ps|fmla|mulps)\s")

lines = sys.stdin.read().splitlines()
labels = {}
for number, line in enumerate(lines):
    if match := re.match(r"(\.L\w+):", line):
        labels[match[1]] = number
for label, start in labels.items():
    if not any("Inner Loop Header" in line for line in lines[start:start + 6]):
        continue
    # The loop ends with the last jump to its label.
    ends = [n for n, line in enumerate(lines) if n > start and re.search(rf"\s{re.escape(label)}\b", line)]
    body = lines[start:max(ends, default=start)]
    multiplications = sum(bool(MULTIPLY.match(line)) for line in body)
    spills = sum("Spill" in line or "Reload" in line for line in body)
    if multiplications:
        print(f"{multiplications} multiplications, {spills} spills")
