"""Random programs through the fast path and through the exact lowering.

    fuzz.py --count 1000 [--seed 0]    # programs of the seeds 0 … 999
    fuzz.py --seed 4711                # one program
    fuzz.py --show 4711                # its text

Every program runs compiled both ways, with every buffer against an inaccessible
page, and three times in a row with 1, 2 and 7 threads. It fails where it does not
run, where the three differ in a bit, and where the two ways differ from what
../Integration/oracle.py expects, or from each other, by more than rounding may do.
Vector widths and block sizes vary from batch to batch. What fails is made smaller as
long as it fails in the same way, and kept with its inputs and a command line that
runs it. The last line counts.
"""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import random
import shutil
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import spec as specs  # noqa: E402
from build import build  # noqa: E402
from elements import decode, encode  # noqa: E402
from run import against_oracle, differences  # noqa: E402

THREADS = (1, 2, 7)
BATCH = 12
# The bounds of oracle.py hold for what is likely; here are many thousand rows.
SLACK = 4


@dataclasses.dataclass
class Way:
    """How a batch is compiled."""

    vector_bits: int
    registers: int
    options: str

    @property
    def fast(self) -> str:
        return f"attention-to-llvm{{{self.options}}}"

    exact = "attention-to-llvm{exact=true}"


def random_way(seed: int) -> Way:
    rng = random.Random(f"way {seed}")
    bits, registers = rng.choice(((256, 16), (256, 16), (128, 16), (512, 32), (128, 32)))
    options = []
    if rng.random() < 0.4:
        options += [f"query-block={rng.choice((8, 16, 24, 64))}", f"key-block={rng.choice((1, 3, 8, 16, 20, 64))}"]
    if rng.random() < 0.25:
        options.append(f"key-splits={rng.choice((1, 2, 3, 7))}")
    return Way(bits, registers, " ".join(options))


# A parallel loop whatever becomes of those of the programs: only for one does the
# runner load OpenMP.
PARALLEL = """func.func private @omp_set_num_threads(i32)
func.func private @parallel() -> tensor<3xi64> {
  %empty = tensor.empty() : tensor<3xi64>
  %r = scf.forall (%i) in (3) shared_outs(%out = %empty) -> tensor<3xi64> {
    %n = arith.index_cast %i : index to i64
    %s = tensor.from_elements %n : tensor<1xi64>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %out[%i] [1] [1] : tensor<1xi64> into tensor<3xi64>
    }
  }
  return %r : tensor<3xi64>
}
"""


def module_text(calls: list, way: Way, repeat: int) -> str:
    """The programs, and @main, which calls each `repeat` times."""
    passthrough = 'passthrough = ["noinline", "minsize", "optsize"], llvm.linkage = #llvm.linkage<internal>'
    programs, arguments, results, types, lines = [], [], [], [], []
    for number, call in enumerate(calls):
        programs.append(call.text.replace("func.func @NAME", f"func.func private @program{number}")
                        .replace("{\n", f"attributes {{{passthrough}}} {{\n", 1))
        inputs = [f"%in{number}_{n}" for n in range(len(call.inputs))]
        arguments += [f"{name}: {value.type}" for name, value in zip(inputs, call.inputs)]
    for turn in range(repeat):
        if repeat > 1:
            lines += [f"  %threads{turn} = arith.constant {THREADS[turn]} : i32",
                      f"  func.call @omp_set_num_threads(%threads{turn}) : (i32) -> ()"]
        for number, call in enumerate(calls):
            inputs = ", ".join(f"%in{number}_{n}" for n in range(len(call.inputs)))
            count = len(call.result_types)
            out = f"%out{turn}_{number}"
            lines.append(f"  {out}:{count} = func.call @program{number}({inputs}) : "
                         f"({', '.join(v.type for v in call.inputs)}) -> ({', '.join(call.result_types)})")
            results += [f"{out}#{n}" for n in range(count)]
            types += call.result_types
    if repeat > 1:
        lines.append("  %parallel = func.call @parallel() : () -> tensor<3xi64>")
        results.append("%parallel")
        types.append("tensor<3xi64>")
    facts = (f'"attention.vector_bits" = {way.vector_bits} : i64, '
             f'"attention.vector_registers" = {way.registers} : i64')
    body = (PARALLEL if repeat > 1 else "") + "\n".join(programs)
    main = (f"func.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {{\n" + "\n".join(lines)
            + f"\n  return {', '.join(results)} : {', '.join(types)}\n}}\n")
    return (f'module attributes {{dlti.target_system_spec = #dlti.target_system_spec<"CPU" = '
            f"#dlti.target_device_spec<{facts}>>}} {{\n{body}\n{main}}}\n")


class Failed(Exception):
    pass


def prepare(calls: list, way: Way, folder: pathlib.Path, repeat: int) -> list:
    """Writes the module and the inputs; returns the arguments of the runner."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "program.mlir"
    source.write_text(module_text(calls, way, repeat))
    arguments = [str(source), "--function=main", "--guard_pages"]
    for number, call in enumerate(calls):
        for n, value in enumerate(call.inputs):
            if value.dims is None and value.element in ("index", "i32", "i64"):
                arguments.append(f"--input={value.element}={int(value.data)}")
                continue
            path = folder / f"in{number}_{n}.npy"
            np.save(path, encode(value.data, value.element))
            arguments.append(f"--input=@{path}")
    return arguments


def run(calls: list, pipeline: str, way: Way, folder: pathlib.Path, options, repeat: int) -> list:
    """The raw results: of each turn, of each call, a list of arrays."""
    arguments = prepare(calls, way, folder, repeat)
    outputs = []
    for turn in range(repeat):
        for number, call in enumerate(calls):
            outputs += [folder / f"out{turn}_{number}_{n}.npy" for n in range(len(call.result_types))]
    command = [*options.runner.split(), *arguments, f"--pipeline={pipeline}",
               *(f"--output=@{path}" for path in outputs), *(["--output="] if repeat > 1 else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=600)
    except subprocess.TimeoutExpired as late:
        raise Failed("does not end") from late
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f"exit code {done.returncode}: " + "\n    ".join(line[:300] for line in lines[:6]))
    arrays = iter([np.load(path) for path in outputs])
    found = [[[next(arrays) for _ in call.result_types] for call in calls] for _ in range(repeat)]
    shutil.rmtree(folder)
    return found


def loosened(finding):
    return finding._replace(tolerance=finding.tolerance * SLACK)


def problem_of(call, fast: list, exact: list) -> str:
    """What is wrong with the results of one program, or nothing."""
    for turn, n in zip(fast[1:], THREADS[1:]):
        if any(a.tobytes() != b.tobytes() for a, b in zip(fast[0], turn)):
            return f"threads: {n} threads give other bits than {THREADS[0]}"
    for number, expected in enumerate(call.expected):
        found = {}
        for name, results in (("fast", fast[0]), ("exact", exact[0])):
            found[name] = decode(results[number], expected.element)
            finding = against_oracle(number, found[name], expected)
            if difference := differences(loosened(finding)):
                return f"{name}: {difference}"
        both = finding._replace(found=found["fast"], expected=found["exact"], tolerance=2 * finding.tolerance)
        if difference := differences(loosened(both)):
            return f"fast against exact: {difference}"
    return ""


class Tester:
    def __init__(self, options):
        self.options, self.tmp, self.count = options, pathlib.Path(options.tmp), 0

    def check(self, calls: list, way: Way) -> list:
        """The problem of each program; runs those alone whose batch does not run."""
        self.count += 1
        folder = self.tmp / f"batch{self.count}-{way.vector_bits}-{random.random():.9f}"
        try:
            fast = run(calls, way.fast, way, folder / "fast", self.options, len(THREADS))
            exact = run(calls, way.exact, way, folder / "exact", self.options, 1)
        except Failed as failure:
            shutil.rmtree(folder, ignore_errors=True)
            if len(calls) == 1:
                return [f"does not run: {failure}"]
            problems = [self.check([call], way)[0] for call in calls]
            if not any(problems):
                problems[0] = f"does not run together with others: {failure}"
            return problems
        shutil.rmtree(folder, ignore_errors=True)
        with np.errstate(all="ignore"):
            return [problem_of(call, [turn[n] for turn in fast], [turn[n] for turn in exact])
                    for n, call in enumerate(calls)]

    def shrink(self, spec, problem: str, way: Way):
        """A smaller program that fails in the same way, and how it does."""
        kind = problem.split(":")[0]
        end = time.time() + self.options.shrink_seconds
        shrinks = True
        while shrinks and time.time() < end:
            shrinks = False
            for candidate in specs.smaller(spec):
                try:
                    found = self.check([build(candidate)], way)[0]
                except (ValueError, IndexError, ZeroDivisionError):  # not a program
                    continue
                if found.split(":")[0] == kind:
                    spec, problem, shrinks = candidate, found, True
                    break
        return spec, problem

    def keep(self, number: int, spec, problem: str, way: Way) -> str:
        folder = pathlib.Path(self.options.keep) / f"seed-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        pipeline = way.exact if problem.startswith("exact") else way.fast
        arguments = [*prepare([build(spec)], way, folder, len(THREADS)), f"--pipeline={pipeline}"]
        command = " ".join(f"'{a}'" if "{" in a else a for a in arguments)
        (folder / "README").write_text(f"{spec}\n{problem}\nattention-runner {command}\n")
        return f"FAIL seed {number}: {problem}\n    made smaller: {spec}\n    {folder}"

    def batch(self, numbers: list) -> tuple:
        """The failures among the programs of these seeds, as texts, and how many
        programs there were."""
        way = random_way(numbers[0] // BATCH)
        made = [specs.random_spec(number) for number in numbers]
        problems = self.check([build(spec) for spec in made], way)
        failures = []
        for number, spec, problem in zip(numbers, made, problems):
            if problem:
                failures.append(self.keep(number, *self.shrink(spec, problem, way), way))
        return failures, len(made)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="the first program's")
    parser.add_argument("--count", type=int, default=1, help="programs, of consecutive seeds")
    parser.add_argument("--show", type=int, metavar="SEED", help="print a program")
    parser.add_argument("--runner", default="attention-runner")
    parser.add_argument("--jobs", type=int, default=1, help="batches at a time")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no batch after these")
    parser.add_argument("--shrink-seconds", type=float, default=120, help="for each failure")
    parser.add_argument("--tmp", default="/tmp/attention-fuzz", help="a scratch folder")
    parser.add_argument("--keep", default="fuzz-failures", help="where failures are kept")
    options = parser.parse_args()
    if options.show is not None:
        made = specs.random_spec(options.show)
        print(f"// {made}\n{build(made).text}")
        return 0

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
    print(f"{programs} programs from seed {options.seed}, {len(failures)} failures, "
          f"{time.time() - start:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
