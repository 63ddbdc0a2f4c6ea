"""Random programs through the fast path and through the exact lowering.

    fuzz.py --count 1000 [--seed 0]    # programs of the seeds 0 … 999
    fuzz.py --seed 4711                # one program
    fuzz.py --show 4711                # its text
    fuzz.py --replay fuzz-failures/seed-4711   # a failure, made smaller, again

Every program runs compiled both ways, with every buffer against an inaccessible
page, and three times in a row, each with another number of threads. It fails where it does not
run, where the three differ in a bit, and where the two ways differ from what
../Integration/oracle.py expects, or from each other, by more than rounding may do.
Facts of the target, block sizes and LLVM's level vary from batch to batch. What fails is made smaller as
long as it fails in the same way, and kept with its inputs and a command line that
runs it. The last line counts.
"""

import argparse
import concurrent.futures
import dataclasses
import itertools
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from build import build  # noqa: E402
from elements import decode  # noqa: E402
from module import module_text, output_files, write_inputs  # noqa: E402
from run import against_oracle, differences  # noqa: E402
from shrink import shrink  # noqa: E402
from spec import Spec, random_spec  # noqa: E402
from way import Way, random_way  # noqa: E402

BATCH = 12
PROGRESS = 600  # programs between two lines of it
TOGETHER = "does not run together with others"
# The bounds of oracle.py hold for what is likely; here are many thousand rows.
SLACK = 4


class Failed(Exception):
    pass


def prepare(calls: list, way: Way, folder: pathlib.Path, threads) -> list:
    """Writes the module and the inputs; returns the arguments of the runner."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "program.mlir"
    source.write_text(module_text(calls, threads, attributes=way.attributes))
    return [str(source), "--function=main", "--guard_pages", *way.flags, *write_inputs(calls, folder)]


def message_of(done) -> str:
    """The first lines of what a process says, or of its stack."""
    lines = [line.strip()[:300] for line in (done.stderr or done.stdout).strip().splitlines()]
    frames = [re.sub(r"^#\d+ 0x\w+ ", "", line) for line in lines if line.startswith("#")]
    ours = [line for line in frames if not re.match(r"llvm::sys::|\(|__libc|_start", line)]
    return "\n    ".join(ours[:4] or lines[:6])


def run(calls: list, pipeline: str, way: Way, folder: pathlib.Path, options, threads=()) -> list:
    """The raw results: of each turn, of each call, a list of arrays."""
    arguments = prepare(calls, way, folder, threads)
    paths, outputs = output_files(calls, folder, max(len(threads), 1))
    command = [*options.runner.split(), *arguments, f"--pipeline={pipeline}", *outputs]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=1800)
    except subprocess.TimeoutExpired as late:
        raise Failed("does not end") from late
    if done.returncode:
        raise Failed(f"exit code {done.returncode}: {message_of(done)}")
    found = [[[np.load(path) for path in results] for results in turn] for turn in paths]
    shutil.rmtree(folder)
    return found


def loosened(finding):
    return finding._replace(tolerance=finding.tolerance * SLACK)


def problem_of(call, way: Way, fast: list, exact: list) -> str:
    """What is wrong with the results of one program, or nothing."""
    for turn, n in zip(fast[1:], way.threads[1:]):
        if any(a.tobytes() != b.tobytes() for a, b in zip(fast[0], turn)):
            return f"threads: {n} threads give other bits than {way.threads[0]}"
    for number, expected in enumerate(call.expected):
        findings = {}
        for name, results in (("fast", fast[0]), ("exact", exact[0])):
            finding = findings[name] = against_oracle(number, decode(results[number], expected.element), expected)
            if difference := differences(loosened(finding)):
                return f"{name}: {difference}"
        both = finding._replace(found=findings["fast"].found, expected=findings["exact"].found,
                                tolerance=2 * finding.tolerance)
        if difference := differences(loosened(both)):
            return f"fast against exact: {difference}"
    return ""


class Tester:
    def __init__(self, options):
        self.options, self.tmp, self.count = options, pathlib.Path(options.tmp), itertools.count()

    def check(self, calls: list, way: Way) -> list:
        """The problem of each program; runs those alone whose batch does not run."""
        folder = self.tmp / f"batch{next(self.count)}"
        try:
            fast = run(calls, way.fast, way, folder / "fast", self.options, way.threads)
            exact = run(calls, way.exact, way, folder / "exact", self.options)
        except Failed as failure:
            shutil.rmtree(folder, ignore_errors=True)
            if len(calls) == 1:
                return [f"does not run: {failure}"]
            problems = [self.check([call], way)[0] for call in calls]
            if not any(problems):
                problems[0] = f"{TOGETHER}: {failure}"
            return problems
        shutil.rmtree(folder, ignore_errors=True)
        with np.errstate(all="ignore"):
            return [problem_of(call, way, [turn[n] for turn in fast], [turn[n] for turn in exact])
                    for n, call in enumerate(calls)]

    def keep(self, number: int, spec, problem: str, way: Way) -> str:
        """Shrinks a failure and writes it down."""
        alone = lambda call, other: self.check([call], other)[0]
        spec, way, problem = shrink(spec, way, problem, alone, build, self.options.shrink_seconds)
        folder = pathlib.Path(self.options.keep) / f"seed-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        pipeline = way.exact if problem.startswith("exact") else way.fast
        threads = way.threads if problem.startswith("threads") else ()
        arguments = [*prepare([build(spec)], way, folder, threads), f"--pipeline={pipeline}"]
        (folder / "failure.json").write_text(json.dumps([dataclasses.asdict(spec), dataclasses.asdict(way)]))
        (folder / "README").write_text(f"{spec}\n{problem}\n\nscripts/fuzz --replay {folder}\n"
                                       f"attention-runner {shlex.join(arguments)}\n")
        return f"FAIL seed {number}: {problem}\n    made smaller: {spec}\n    {way}\n    {folder}"

    def keep_batch(self, numbers: list, calls: list, problem: str, way: Way) -> str:
        """Writes a batch down that fails only as a whole."""
        folder = pathlib.Path(self.options.keep) / f"seeds-{numbers[0]}-{numbers[-1]}"
        shutil.rmtree(folder, ignore_errors=True)
        arguments = [*prepare(calls, way, folder, way.threads), f"--pipeline={way.fast}"]
        (folder / "README").write_text(f"{problem}\n\nattention-runner {shlex.join(arguments)}\n")
        return f"FAIL seeds {numbers[0]} to {numbers[-1]}: {problem}\n    {way}\n    {folder}"

    def batch(self, numbers: list) -> tuple:
        """The failures among the programs of these seeds, as texts, and how many
        programs there were."""
        way = random_way(numbers[0] // BATCH)
        made = [random_spec(number) for number in numbers]
        calls = [build(spec) for spec in made]
        failures = []
        for number, spec, problem in zip(numbers, made, self.check(calls, way)):
            if problem.startswith(TOGETHER):
                failures.append(self.keep_batch(numbers, calls, problem, way))
            elif problem:
                failures.append(self.keep(number, spec, problem, way))
        return failures, len(made)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="the first program's")
    parser.add_argument("--count", type=int, default=1, help="programs, of consecutive seeds")
    parser.add_argument("--show", type=int, metavar="SEED", help="print a program")
    parser.add_argument("--replay", type=pathlib.Path, metavar="FOLDER", help="check a kept failure again")
    parser.add_argument("--runner", default="attention-runner")
    parser.add_argument("--jobs", type=int, default=1, help="batches at a time")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no batch after these")
    parser.add_argument("--shrink-seconds", type=float, default=120, help="for each failure")
    parser.add_argument("--tmp", default="/tmp/attention-fuzz", help="a scratch folder")
    parser.add_argument("--keep", default="fuzz-failures", help="where failures are kept")
    options = parser.parse_args()
    if options.show is not None:
        made = random_spec(options.show)
        print(f"// {made}\n{build(made).text}")
        return 0
    if options.replay:
        spec, way = json.loads((options.replay / "failure.json").read_text())
        spec, way = Spec.from_json(spec), Way(**{**way, "threads": tuple(way["threads"])})
        problem = Tester(options).check([build(spec)], way)[0]
        print(f"{spec}\n{problem or 'no failure'}")
        return 1 if problem else 0

    start = time.time()
    seeds = list(range(options.seed, options.seed + options.count))
    # Whole batches begin at multiples of BATCH, so that a seed always runs the same way.
    groups = {}
    for seed in seeds:
        groups.setdefault(seed // BATCH, []).append(seed)
    tester = Tester(options)
    failures, programs = [], 0

    def work(group):
        return tester.batch(group) if time.time() - start < options.seconds else ([], 0)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for found, count in pool.map(work, groups.values()):
            failures += found
            programs += count
            for failure in found:
                print(failure, flush=True)
            if programs % PROGRESS < count:
                print(f"{programs} of {len(seeds)} programs, {len(failures)} failures, "
                      f"{time.time() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"{programs} programs from seed {options.seed}, {len(failures)} failures, "
          f"{time.time() - start:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
