"""Reads assembly and prints a line for each innermost loop with many multiply-adds,
how many there are in it and how many vectors go to or come from the stack:

    multiply-adds 48, spills 0
"""

import re
import sys

VECTOR_STACK = re.compile(r"(1[6-9]|[2-9][0-9])-byte (Folded )?(Spill|Reload)")
MULTIPLY_ADD = re.compile(r"^\s+(vf?n?m(add|sub)\w+ps|mulps|fmla)\b", re.M)
JUMP = re.compile(r"^\s+(?:j\w+|b\.\w+|cbn?z\s+\w+,)\s+(\.L\w+)\b")

lines = sys.stdin.read().splitlines()
label, start = None, 0
for number, line in enumerate(lines):
    if match := re.match(r"(\.L\w+):", line):
        label, start = match[1], number
    elif (match := JUMP.match(line)) and match[1] == label:
        body = "\n".join(lines[start:number])
        if (count := len(MULTIPLY_ADD.findall(body))) >= 30:
            print(f"multiply-adds {count}, spills {len(VECTOR_STACK.findall(body))}")
