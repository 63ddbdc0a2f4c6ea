"""Plants a bug in the runner, and looks at what is left of a random program that has
it: shrinking.py BUG TMP."""

import argparse
import pathlib
import re
import subprocess
import sys

FUZZ = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(FUZZ))

from build import build  # noqa: E402
from fuzz import Tester  # noqa: E402
from spec import random_spec  # noqa: E402
from way import Way  # noqa: E402

bug, tmp = sys.argv[1], pathlib.Path(sys.argv[2])
pattern = {"mismatch": r"%y = arith.addf %x, %b", "crash": r"affine_set<[^>]*>.* or affine_set", "threads": "lse"}[bug]


def is_example(spec) -> bool:
    """Whether there is much to leave out."""
    return (len(spec.changes) > 2 and spec.batch and spec.layouts and spec.normaliser == "softmax"
            and min(spec.nq, spec.nkv, spec.d, spec.dv, *spec.batch) > 1 and spec.nq * spec.nkv < 2000
            and (spec.lse if bug == "threads" else re.search(pattern, build(spec).text)))


seed = next(n for n in range(100000) if is_example(random_spec(n)))
planted = f"{sys.executable} {pathlib.Path(__file__).parent / 'planted.py'} {bug} attention-runner"
options = argparse.Namespace(runner=planted, tmp=tmp, keep=tmp / "kept", shrink_seconds=1000)
tester, spec = Tester(options), random_spec(seed)
way = Way(128, 16, "query-block=8 key-block=3", 2, False, (1, 3, 2))
[problem] = tester.check([build(spec)], way)
print(tester.keep(seed, spec, problem, way))
folder = tmp / "kept" / f"seed-{seed}"
print((folder / "program.mlir").read_text())

# Kept as it is: fails with the bug, and without it does not.
for runner in (planted, "attention-runner"):
    replay = [sys.executable, FUZZ / "fuzz.py", "--replay", folder, "--runner", runner, "--tmp", tmp / "replay"]
    print("replay:", subprocess.run(replay, capture_output=True, text=True).stdout)
