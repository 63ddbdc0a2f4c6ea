"""Runs the cases of a subject through attention-runner and compares with the
oracle.

    run.py SUBJECT… [--runner PATH] [--pipeline P] [--tmp DIR]   # or `all`
    run.py --list                       # titles of all cases, by subject
    run.py masks --case "broadcast" -v  # cases whose title contains this

A process a call would spend its time starting up, so calls are batched: a module
holds the programs of many calls, each text once, and a function @main that makes
all the calls. Every buffer lies against an inaccessible page (--guard_pages), so
that an overrun is a fault. LLVM took most of the time; what is tested is what we
give it, so it optimises only a fourth of the programs, and none of the exact
lowering. Where a batch does not run to its end its calls are run one by one, and the
failing one is named.
"""

import argparse
import dataclasses
import itertools
import pathlib
import resource
import shutil
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cases  # noqa: E402
from cases import Finding, Relation  # noqa: E402
from elements import decode, round_to  # noqa: E402
from module import module_text, output_files, write_inputs  # noqa: E402
from program import Call, Expected  # noqa: E402

BATCH_PROGRAMS = 8  # programs a module
BATCH_CALLS = 32
# Of LLVM, for one program after the other.
OPT_LEVELS = (3, 0, 0, 0)


@dataclasses.dataclass
class Job:
    """One call of a case, and what came out."""

    case: str
    call: Call
    opt_level: int
    results: list = None
    error: str = ""

    @property
    def name(self) -> str:
        return f"{self.case}: {self.call.label}"


class CallFailed(Exception):
    pass


class Levels:
    """LLVM's level of each program: the same for a text and for programs whose results
    are compared with each other, as what it contracts may change bits."""

    def __init__(self):
        self.of_text = {}

    def choose(self, calls: list) -> int:
        turn = len(self.of_text) % len(OPT_LEVELS)
        known = [self.of_text[call.text] for call in calls if call.text in self.of_text]
        level = known[0] if known else OPT_LEVELS[turn]
        for call in calls:
            self.of_text.setdefault(call.text, level)
        return level


def batches(jobs: list):
    """Groups of jobs of one level with few programs and calls each; calls of one
    program are together, as every group compiles its programs anew."""
    group, texts = [], set()
    first = {}
    for job in jobs:
        first.setdefault(job.call.text, len(first))
    for job in sorted(jobs, key=lambda job: (-job.opt_level, first[job.call.text])):
        if group and (len(group) == BATCH_CALLS or job.opt_level != group[0].opt_level
                      or len(texts | {job.call.text}) > BATCH_PROGRAMS):
            yield group
            group, texts = [], set()
        group.append(job)
        texts.add(job.call.text)
    if group:
        yield group


class Runner:
    """Runs batches of jobs as processes in a scratch folder."""

    def __init__(self, options, tmp: pathlib.Path):
        self.options, self.tmp, self.processes = options, tmp, 0

    def run(self, jobs: list, threads=()) -> list:
        """The raw bytes of each result, of each number of threads; fills in the jobs'
        results, the first ones."""
        self.processes += 1
        folder = self.tmp / f"batch{self.processes}"
        folder.mkdir(parents=True)
        source = folder / "batch.mlir"
        calls = [dataclasses.replace(job.call, label=job.name) for job in jobs]
        source.write_text(module_text(calls, threads, self.options.speed))
        if self.options.opt:
            lowered = folder / "prepared.mlir"
            self._check(subprocess.run([*self.options.opt.split(), source, "-o", lowered],
                                       capture_output=True, text=True, errors="replace"))
            source = lowered
        if not self.options.runner:  # texts only
            return []
        paths, outputs = output_files(calls, folder, max(len(threads), 1))
        command = [*self.options.runner.split(), source, "--function=main", *self.options.runner_flags.split(),
                   f"--opt_level={jobs[0].opt_level}", f"--pipeline={self.options.pipeline}",
                   *write_inputs(calls, folder), *outputs]
        self._check(subprocess.run(command, capture_output=True, text=True, errors="replace"))
        raw = [[path.read_bytes() for results in turn for path in results] for turn in paths]
        for job, files in zip(jobs, paths[0]):
            job.results = [decode(np.load(file), e.element) for file, e in zip(files, job.call.expected)]
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


def run_all(runner: Runner, jobs: list, threads=()) -> list:
    """Runs the jobs in batches; those of a batch that fails, alone. The raw bytes of
    each number of threads."""
    raw = [[] for _ in threads or (None,)]

    def run(jobs):
        for part, found in zip(raw, runner.run(jobs, threads)):
            part += found

    for group in batches(jobs):
        try:
            run(group)
        except CallFailed as failure:
            if len(group) == 1:
                group[0].error = str(failure)
                continue
            for job in group:
                try:
                    run([job])
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
    jobs, relations, levels = [], [], Levels()
    fixed = 3 if options.speed else 0 if "exact=true" in options.pipeline else None
    for c in chosen:
        with np.errstate(all="ignore"):
            for item in itertools.islice(c.items(c.rng()), 0, None, options.sample):
                calls = item.calls if isinstance(item, Relation) else [item]
                level = fixed
                if fixed is None:
                    # Relations may be of bits: at level 0, LLVM contracts a loop, its tail
                    # and the loop that leaves values out each in its own way.
                    level = 3 if isinstance(item, Relation) else levels.choose(calls)
                made = [Job(c.title, call, level) for call in calls]
                if isinstance(item, Relation):
                    relations.append((c.title, item, made))
                jobs += made
    prepared = time.time() - start

    runner = Runner(options, tmp)
    failures = []
    counts = [int(n) for n in options.threads.split(",") if n]
    if counts:
        # In one process, twice with the last number; and in a process of its own.
        turns = [*counts, counts[-1]]
        bytes_of = [*run_all(runner, jobs, turns), *run_all(runner, jobs, counts[-1:])]
        for n, raw in zip([*counts, f"{counts[-1]}, again", f"{counts[-1]}, in another process"][1:], bytes_of[1:]):
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

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
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
          f"{len(failures)} failures, {time.time() - start:.1f} s ({prepared:.1f} s of them the oracle's); "
          f"the processes took {children.ru_utime + children.ru_stime:.1f} s of processors")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
