"""Runs the cases of a subject through attention-runner and compares with the
oracle.

    run.py SUBJECT… [--runner PATH] [--pipeline P] [--tmp DIR]   # or `all`
    run.py --list                       # titles of all cases, by subject
    run.py masks --case "broadcast" -v  # cases whose title contains this

A process a call would spend its time starting up, so calls are batched: a module
holds the programs of many calls, each text once, and a function @main that makes
all the calls. Every buffer lies against an inaccessible page (--guard_pages), so
that an overrun is a fault. Where a batch does not run to its end its calls are run
one by one, and the failing one is named.
"""

import argparse
import dataclasses
import itertools
import pathlib
import re
import shutil
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cases  # noqa: E402
from cases import Finding, Relation  # noqa: E402
from elements import INTEGERS, decode, encode, round_to  # noqa: E402
from program import Call, Expected  # noqa: E402

BATCH_PROGRAMS = 8  # programs a module
BATCH_CALLS = 8


@dataclasses.dataclass
class Job:
    """One call of a case, and what came out."""

    case: str
    call: Call
    results: list = None
    error: str = ""

    @property
    def name(self) -> str:
        return f"{self.case}: {self.call.label}"


class CallFailed(Exception):
    pass


def batches(jobs: list):
    """Groups of jobs with few programs and calls each; calls of one program are
    together, as every group compiles its programs anew."""
    group, texts = [], set()
    first = {}
    for job in jobs:
        first.setdefault(job.call.text, len(first))
    for job in sorted(jobs, key=lambda job: first[job.call.text]):
        if group and (len(group) == BATCH_CALLS
                      or len(texts | {job.call.text}) > BATCH_PROGRAMS):
            yield group
            group, texts = [], set()
        group.append(job)
        texts.add(job.call.text)
    if group:
        yield group


def module_text(jobs: list, for_speed: bool) -> str:
    """The programs of the jobs and @main, which calls them in order."""
    names = {}
    for job in jobs:
        names.setdefault(job.call.text, f"program{len(names)}")
    arguments, types, results, lines = [], [], [], []
    for number, job in enumerate(jobs):
        call = job.call
        inputs = [f"%in{number}_{n}" for n in range(len(call.inputs))]
        input_types = [v.type for v in call.inputs]
        arguments += [f"{a}: {t}" for a, t in zip(inputs, input_types)]
        count = len(call.result_types)
        lines.append(f"  // {job.name}\n  %out{number}{f':{count}' if count > 1 else ''} = func.call "
                     f"@{names[call.text]}({', '.join(inputs)}) : "
                     f"({', '.join(input_types)}) -> ({', '.join(call.result_types)})")
        results += [f"%out{number}#{n}" if count > 1 else f"%out{number}" for n in range(count)]
        types += call.result_types
    # Inlined programs would make @main, whose compile time grows faster than its size.
    passthrough = '"noinline"' if for_speed else '"noinline", "minsize", "optsize"'
    noinline = f"attributes {{passthrough = [{passthrough}], llvm.linkage = #llvm.linkage<internal>}} {{\n"
    programs = "\n".join(text.replace("func.func @NAME", f"func.func private @{name}").replace("{\n", noinline, 1)
                         for text, name in names.items())
    return (f"{programs}\nfunc.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {{\n"
            + "\n".join(lines) + f"\n  return {', '.join(results)} : {', '.join(types)}\n}}\n")


class Runner:
    """Runs batches of jobs as processes in a scratch folder."""

    def __init__(self, options, tmp: pathlib.Path):
        self.options, self.tmp, self.processes = options, tmp, 0

    def run(self, jobs: list, flags=()) -> list:
        """The raw bytes of each result; fills in the jobs' results."""
        self.processes += 1
        folder = self.tmp / f"batch{self.processes}"
        folder.mkdir(parents=True)
        source = folder / "batch.mlir"
        source.write_text(module_text(jobs, self.options.speed))
        if self.options.opt:
            lowered = folder / "prepared.mlir"
            self._check(subprocess.run([*self.options.opt.split(), source, "-o", lowered],
                                       capture_output=True, text=True, errors="replace"))
            source = lowered
        if not self.options.runner:  # texts only
            return []
        arguments, outputs = [], []
        for number, job in enumerate(jobs):
            for n, value in enumerate(job.call.inputs):
                if value.dims is None and value.element in ("index", "i32", "i64"):
                    arguments.append(f"--input={value.element}={int(value.data)}")
                    continue
                path = folder / f"in{number}_{n}.npy"
                np.save(path, encode(value.data, value.element))
                arguments.append(f"--input=@{path}")
            for n in range(len(job.call.result_types)):
                outputs.append(folder / f"out{number}_{n}.npy")
                arguments.append(f"--output=@{outputs[-1]}")
        command = [*self.options.runner.split(), source, "--function=main",
                   *self.options.runner_flags.split(), *flags, *arguments]
        command.append(f"--pipeline={self.options.pipeline}")
        self._check(subprocess.run(command, capture_output=True, text=True, errors="replace"))
        raw = [path.read_bytes() for path in outputs]
        paths = iter(outputs)
        for job in jobs:
            job.results = [decode(np.load(next(paths)), e.element) for e in job.call.expected]
        if not self.options.keep:
            shutil.rmtree(folder)
        return raw

    def _check(self, done) -> None:
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            end = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
            raise CallFailed(f"{end}: " + "\n      ".join(lines[:12]))


def differences(finding: Finding) -> str:
    """What is wrong, or nothing."""
    what, found, expected, tolerance = finding
    if found.shape != expected.shape:
        return f"{what}: expected shape {expected.shape}, found {found.shape}"
    with np.errstate(invalid="ignore"):
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
        excess = np.where(same, 0, np.abs(found - expected) - tolerance)
        wrong = ~same & ~(np.isfinite(found) & np.isfinite(expected) & (excess <= 0))
    if not wrong.any():
        return ""
    excess = np.where(wrong, np.nan_to_num(excess, nan=np.inf), -np.inf)
    worst = np.unravel_index(np.argmax(excess), excess.shape)
    return (f"{what}: element [{', '.join(map(str, worst))}] expected {expected[worst]:.17g}, "
            f"found {found[worst]:.17g}, tolerance {tolerance[worst]:.3g}; "
            f"{wrong.sum()} of {wrong.size} elements differ")


def against_oracle(number: int, found: np.ndarray, expected: Expected) -> Finding:
    if expected.judge:
        return Finding(f"result {number}, judged", expected.judge(found),
                       expected.value.astype(np.float64), expected.tolerance)
    rounded = round_to(expected.value, expected.element)
    tolerance = np.broadcast_to(expected.tolerance, rounded.shape)
    if expected.exact:
        return Finding(f"result {number}", found, rounded.astype(np.float64), np.zeros(rounded.shape))
    if expected.element == "f64":
        # Longdouble against double: half a unit of the last place is not the found's fault.
        tolerance = tolerance + np.abs(np.where(np.isfinite(rounded), rounded, 0)) * 2.0**-53
    # Where the rounded value overflows, infinity is right.
    value = np.where(np.isinf(rounded), rounded, expected.value)
    return Finding(f"result {number}", found, value.astype(np.float64), tolerance.astype(np.float64))


def usage_of_tolerance(finding: Finding) -> float:
    """The largest error as a part of its tolerance."""
    with np.errstate(all="ignore"):
        ratio = np.abs(finding.found - finding.expected) / finding.tolerance
    return float(np.max(np.where(np.isfinite(ratio), ratio, 0), initial=0))


def run_all(runner: Runner, jobs: list, flags=()) -> list:
    """Runs the jobs in batches; those of a batch that fails, alone."""
    raw = []
    for group in batches(jobs):
        try:
            raw += runner.run(group, flags)
        except CallFailed as failure:
            if len(group) == 1:
                group[0].error = str(failure)
                continue
            for job in group:
                try:
                    raw += runner.run([job], flags)
                except CallFailed as alone:
                    job.error = str(alone)
            if not any(job.error for job in group):
                group[0].error = f"fails only together with others: {failure}"
    return raw


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subjects", nargs="*", help="subjects of cases, or all")
    parser.add_argument("--list", action="store_true", help="print the titles of all cases")
    parser.add_argument("--runner", default="attention-runner", help="empty: make texts only")
    parser.add_argument("--runner-flags", default="--guard_pages")
    # Without run-time checks: overruns are for the guard pages to find.
    parser.add_argument("--pipeline", default="attention-to-llvm", help="the runner's")
    parser.add_argument("--opt", default="", help="a command run on each module before")
    parser.add_argument("--tmp", default="/tmp/attention-numerics", help="a scratch folder, emptied")
    parser.add_argument("--case", default="", help="only cases whose title contains this")
    parser.add_argument("--core", action="store_true", help="only the cases marked core")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every Nth call of each case")
    parser.add_argument("--threads", default="", help="numbers of threads to compare bit for bit")
    parser.add_argument("--speed", action="store_true",
                        help="compile programs for speed, as users do, and not in half the time for size")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    parser.add_argument("-v", action="store_true", help="time and use of the tolerance of each case")
    options = parser.parse_args()

    chosen = [c for c in cases.load()
              if (not options.subjects or "all" in options.subjects or c.subject in options.subjects)
              and options.case in c.title and (c.core or not options.core)]
    if options.list:
        for subject, group in itertools.groupby(chosen, lambda c: c.subject):
            print(f"{subject}:")
            for c in group:
                print(f"  {c.title}{' (core)' if c.core else ''}")
        return 0
    if not chosen:
        parser.error("no such cases")

    tmp = pathlib.Path(options.tmp)
    shutil.rmtree(tmp, ignore_errors=True)
    start = time.time()
    jobs, relations = [], []
    for c in chosen:
        with np.errstate(all="ignore"):
            for item in itertools.islice(c.items(c.rng()), 0, None, options.sample):
                if isinstance(item, Relation):
                    made = [Job(c.title, call) for call in item.calls]
                    relations.append((c.title, item, made))
                else:
                    made = [Job(c.title, item)]
                jobs += made
    prepared = time.time() - start

    runner = Runner(options, tmp)
    failures = []
    counts = [n for n in options.threads.split(",") if n]
    if counts:
        bytes_of = [run_all(runner, jobs, [f"--threads={n}"]) for n in counts]
        bytes_of.append(run_all(runner, jobs, [f"--threads={counts[-1]}"]))  # another run
        for n, raw in zip([*counts[1:], f"{counts[-1]}, again"], bytes_of[1:]):
            if raw != bytes_of[0]:
                failures.append(f"results with --threads={n} differ from those with --threads={counts[0]}")
    else:
        run_all(runner, jobs)

    usage = {}
    for job in jobs:
        if job.error:
            failures.append(f"{job.name}\n    did not run: {job.error}")
        for number, (found, expected) in enumerate(zip(job.results or [], job.call.expected)):
            finding = against_oracle(number, found, expected)
            usage[job.case] = max(usage.get(job.case, 0), usage_of_tolerance(finding))
            problem = differences(finding)
            if problem:
                failures.append(f"{job.name}\n    {problem}")
    for title, relation, made in relations:
        if any(job.results is None for job in made):
            continue
        with np.errstate(all="ignore"):
            findings = relation.check([job.results for job in made])
        for finding in findings:
            problem = differences(finding)
            if problem:
                failures.append(f"{title}: {relation.label}\n    related {problem}")

    for failure in failures:
        print(f"FAIL {failure}")
    if options.v:
        for title, part in usage.items():
            print(f"{part:8.3f} of the tolerance used: {title}")
    if not options.keep and not failures:
        shutil.rmtree(tmp, ignore_errors=True)
    elif failures:
        print(f"inputs and programs: {tmp}")
    print(f"{len(chosen)} cases, {len(jobs)} calls, {len(relations)} relations, {runner.processes} processes: "
          f"{len(failures)} failures, {time.time() - start:.1f} s ({prepared:.1f} s of them the oracle's)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
