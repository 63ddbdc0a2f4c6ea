"""Reads assembly for a target, `inner-loops.py TRIPLE CPU`, and prints a line for each
innermost loop with many multiply-adds: how many there are in it, how many vectors go to
or come from the stack, and how many cycles an iteration takes by LLVM's model of the
processor, with everything in the first-level cache:

    multiply-adds 48, spills 0, cycles 24.1
"""

import re
import subprocess
import sys

VECTOR_STACK = re.compile(r"(1[6-9]|[2-9][0-9])-byte (Folded )?(Spill|Reload)")
MULTIPLY_ADD = re.compile(r"^\s+(vf?n?m(add|sub)\w+ps|mulps|fmla)\b", re.M)
JUMP = re.compile(r"^\s+(?:j\w+|b\.\w+|cbn?z\s+\w+,)\s+(\.L\w+)\b")
ITERATIONS = 100


def count_cycles(loop: str, triple: str, cpu: str) -> float:
    """The cycles of an iteration by llvm-mca."""
    command = ["llvm-mca", f"-mtriple={triple}", f"-mcpu={cpu}", f"-iterations={ITERATIONS}"]
    report = subprocess.run(command, input=loop, capture_output=True, text=True, check=True)
    return int(re.search(r"Total Cycles:\s+(\d+)", report.stdout)[1]) / ITERATIONS


triple, cpu = sys.argv[1:]
lines = sys.stdin.read().splitlines()
label, start = None, 0
for number, line in enumerate(lines):
    if match := re.match(r"(\.L\w+):", line):
        label, start = match[1], number
    elif (match := JUMP.match(line)) and match[1] == label:
        loop = "\n".join(lines[start : number + 1])
        if (count := len(MULTIPLY_ADD.findall(loop))) >= 30:
            spills = len(VECTOR_STACK.findall(loop))
            cycles = count_cycles(loop, triple, cpu)
            print(f"multiply-adds {count}, spills {spills}, cycles {cycles:.1f}")
