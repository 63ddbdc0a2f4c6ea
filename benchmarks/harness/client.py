"""Systems to measure. Both kinds answer the same questions:

    prepare(case, folder) -> Estimate     folder has the inputs as NAME.npy
    sample(min_seconds) -> Sample         one round
    check(folder)                         writes the results as NAME.npy
    release()

Attention is compiled and called by attention-runner, a process a round. A peer lives
in a process of its own for all cases, which is stopped (SIGSTOP) while others are
measured, so that no thread of it waits in a loop for work.

Every process may use as many processors as it has threads, and has the same
environment but for that number.
"""

import ctypes
import dataclasses
import json
import math
import os
import pathlib
import resource
import select
import signal
import subprocess
import tempfile
import time

from harness import program
from harness.case import order_of_inputs
from harness.environment import BENCHMARKS


class Failed(Exception):
    """A system could not do a case; the text says why."""


class Unsupported(Failed):
    pass


@dataclasses.dataclass
class Sample:
    """What one round said: seconds of a call, or of compiling, and bytes."""

    seconds: float
    iterations: int = 1
    compile_seconds: dict = dataclasses.field(default_factory=dict)
    memory_bytes: int = None
    peak_gflops: float = None
    read_gbs: float = None
    others: float = 0.0  # processors that others kept busy meanwhile


@dataclasses.dataclass
class Estimate:
    seconds: float
    variant: str = ""
    compile_seconds: float = 0.0


def processors() -> list:
    return sorted(os.sched_getaffinity(0))


def environment(threads: int, **more: str) -> dict:
    """The same for all systems. Nothing binds threads: the processors are theirs alone."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "XLA_", "JAX_", "TORCH"))}
    return {**kept, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), **more}


def confine(threads: int):
    """What a child does before it starts: takes its processors, and dies with us."""
    usable = processors()[:threads]
    libc = ctypes.CDLL(None)

    def child() -> None:
        os.sched_setaffinity(0, usable)
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    return child


# Processors that others may keep busy while a sample is taken.
DISTURBING = 0.15


class Patience:
    """Takes samples that nobody else's work has disturbed, or of a few the least
    disturbed; where others never stop, it stops trying."""

    def __init__(self, retakes: int):
        self.retakes, self.in_vain = retakes, 0

    def sample(self, system, min_seconds: float) -> Sample:
        best = None
        for _ in range(1 + (self.retakes if self.in_vain < 8 else 0)):
            others = Others(system)
            sample = system.sample(min_seconds)
            sample.others = others.processors()
            if best is None or sample.others < best.others:
                best = sample
            if best.others <= DISTURBING:
                self.in_vain = 0
                return best
        self.in_vain += 1
        return best


class Others:
    """How many processors anybody else keeps busy, on average, from one moment on."""

    def __init__(self, system):
        self.system = system
        self.start, self.busy, self.own = time.monotonic(), self._busy(), system.cpu_seconds()

    @staticmethod
    def _busy() -> float:
        """Processor seconds of everybody: user, nice, system, and what the host takes away."""
        fields = [int(field) for field in open("/proc/stat").readline().split()[1:9]]
        user, nice, kernel, _, _, interrupts, soft, steal = fields
        return (user + nice + kernel + interrupts + soft + steal) / os.sysconf("SC_CLK_TCK")

    def processors(self) -> float:
        elapsed = max(time.monotonic() - self.start, 0.05)
        taken = self._busy() - self.busy - (self.system.cpu_seconds() - self.own)
        return max(taken / elapsed, 0.0)


def calls_of(min_seconds: float, estimate: float) -> int:
    return max(1, math.ceil(min_seconds / max(estimate, 1e-7)))


class Attention:
    """Our compiler; by the pipeline that attention-runner has by itself if none is given."""

    name = "attention"

    def __init__(self, runner: pathlib.Path, threads: int, pipeline: str, scratch: pathlib.Path, timeout: float,
                 vector_bits: int = None):
        self.runner, self.threads, self.timeout = runner, threads, timeout
        self.options = [f"--pipeline={pipeline}"] if pipeline else []
        self.options += [f"--vector_bits={vector_bits}"] if vector_bits else []
        # A folder of its own: there may be several at work in turn.
        self.scratch = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        self.version = "attention-opt"
        self.machine, self.pipeline = {}, None

    def prepare(self, case, folder: pathlib.Path) -> Estimate:
        self.case = case
        self.file = self.scratch / f"{case.name}.mlir"
        self.file.write_text(program.write(case))
        order = order_of_inputs(path.stem for path in folder.glob("*.npy"))
        self.inputs = [f"--input=@{folder / name}.npy" for name in order]
        self.first = self._run(1, *(f"--output=@{self.scratch / name}.npy" for name in case.outputs))
        self.estimate = self.first.seconds
        return Estimate(self.estimate, self.pipeline, sum(self.first.compile_seconds.values()))

    def sample(self, min_seconds: float) -> Sample:
        return self._run(calls_of(min_seconds, self.estimate), "--output=")

    def check(self, folder: pathlib.Path) -> None:
        for name in self.case.outputs:
            os.replace(self.scratch / f"{name}.npy", folder / f"{name}.npy")

    def release(self) -> None:
        pass

    def close(self) -> None:
        pass

    def cpu_seconds(self) -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def _run(self, calls: int, *outputs: str) -> Sample:
        command = [str(self.runner), str(self.file), "--function=attention", *self.inputs, *outputs,
                   *self.options, f"--threads={self.threads}", "--benchmark",
                   "--benchmark_format=json", f"--benchmark_min_time={calls}x", "--benchmark_repetitions=1"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=self.timeout,
                                  env=environment(self.threads), preexec_fn=confine(self.threads))
        except subprocess.TimeoutExpired:
            raise Failed(f"not done after {self.timeout:.0f} s")
        if done.returncode:
            lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            raise Failed(" ".join(lines[:2])[:400] or f"attention-runner ends with {done.returncode}")
        report = json.loads(done.stdout)
        machine, measured = report["machine"], report["cases"][0]
        self.machine = {key: machine[key] for key in ("cpu", "isa", "vector_bits", "commit")}
        self.pipeline = measured["pipeline"]
        stages = {name: value for name, value in measured.items() if name.startswith("compile_")}
        return Sample(measured["seconds_min"], measured["iterations"], stages,
                      measured.get("peak_memory_increase_bytes"), machine["peak_gflops"], machine["read_gbs"])


class Worker:
    """A peer."""

    def __init__(self, name: str, python: pathlib.Path, threads: int, log: pathlib.Path, cache: pathlib.Path,
                 timeout: float, caches: bool = True):
        self.name, self.timeout, self.log_path = name, timeout, log
        request_read, self._requests = os.pipe()
        self._replies, reply_write = os.pipe()
        # What torch.compile has made may be used again, but not where compiling is measured.
        more = {"TORCHINDUCTOR_CACHE_DIR": str(cache)} if caches else {"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [str(python), str(BENCHMARKS / "harness" / "worker.py"), name, str(threads), str(request_read),
                 str(reply_write)], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=BENCHMARKS,
                pass_fds=(request_read, reply_write), preexec_fn=confine(threads),
                env=environment(threads, PYTHONDONTWRITEBYTECODE="1", **more))
        os.close(request_read)
        os.close(reply_write)
        self._buffer = b""
        try:
            self.version = self._receive()["version"]
        except Failed:
            self.close()
            raise
        self._stop()

    def prepare(self, case, folder: pathlib.Path) -> Estimate:
        self.case = case
        answer = self._ask(do="prepare", case=case.name, inputs=str(folder))
        self.estimate, self.folder = answer["seconds"], folder
        return Estimate(answer["seconds"], answer["variant"], answer["compile_seconds"])

    def sample(self, min_seconds: float) -> Sample:
        if self.case.measure == "memory":
            answer = self._ask(do="memory")
            return Sample(self.estimate, 1, memory_bytes=answer["bytes"])
        if self.case.measure == "compile":
            self._ask(do="release")
            again = self.prepare(self.case, self.folder)
            return Sample(again.seconds, 1, {"compile_seconds": again.compile_seconds})
        answer = self._ask(do="time", min_seconds=min_seconds, estimate=self.estimate)
        return Sample(answer["seconds"], answer["iterations"])

    def check(self, folder: pathlib.Path) -> None:
        self._ask(do="check", folder=str(folder))

    def release(self) -> None:
        if self.alive:
            self._ask(do="release")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self.process.kill()  # also one that is stopped
        self.process.wait()
        for pipe in (self._requests, self._replies):
            if pipe is not None:
                os.close(pipe)
        self._requests = self._replies = None

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def _ask(self, **request) -> dict:
        if not self.alive or self._requests is None:
            raise Failed(f"its process has ended; see {self.log_path}")
        self.process.send_signal(signal.SIGCONT)
        os.write(self._requests, (json.dumps(request) + "\n").encode())
        answer = self._receive()
        self._stop()
        return answer

    def _receive(self) -> dict:
        deadline = time.monotonic() + self.timeout
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._replies], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                self.process.kill()
                self.process.wait()
                raise Failed(f"not done after {self.timeout:.0f} s")
            piece = os.read(self._replies, 65536)
            if not piece:
                self.process.wait()
                raise Failed(f"its process ended; see {self.log_path}")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer = json.loads(line)
        if "unsupported" in answer:
            self._stop()
            raise Unsupported(answer["unsupported"])
        if "error" in answer:
            self._stop()
            raise Failed(answer["error"])
        return answer
