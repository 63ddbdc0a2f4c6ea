"""A runner with a bug, for the tests of the tester: attention-runner, but

    planted.py mismatch RUNNER…  slopes of ALiBi have the other sign on the fast path
    planted.py crash RUNNER…     dies of programs with a union of sets
    planted.py threads RUNNER…   log-sum-exps of the second turn differ in a bit
"""

import os
import pathlib
import re
import subprocess
import sys

bug, runner, program, *arguments = sys.argv[1:]
text = pathlib.Path(program).read_text()
is_exact = any("exact=true" in a for a in arguments)
if bug == "mismatch" and not is_exact:
    program += ".planted"
    pathlib.Path(program).write_text(re.sub(r"(%b = arith\.mulf %f, %m .*\n\s*%y = arith\.)addf", r"\1subf", text))
if bug == "crash" and re.search(r"affine_set<[^>]*>.* or affine_set", text):
    os.abort()
code = subprocess.run([runner, program, *arguments]).returncode
if bug == "threads" and not is_exact:
    # Results that are one shorter in rank than the one before are log-sum-exps.
    import numpy as np

    outputs = [pathlib.Path(a.removeprefix("--output=@")) for a in arguments if a.startswith("--output=@")]
    for context, other in zip(outputs, outputs[1:]):
        if context.name.startswith("out1_") and context.name.split("_")[:2] == other.name.split("_")[:2]:
            lse = np.load(other)
            if lse.size and lse.ndim + 1 == np.load(context).ndim:
                lse.view(np.uint8).flat[0] ^= 1
                np.save(other, lse)
sys.exit(code)
