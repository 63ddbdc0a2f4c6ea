"""Measures cases: every system in turn, round after round, so that a change of the
machine's speed (another tenant, a warmer chip) meets all of them alike."""

import os
import pathlib
import shutil
import statistics
import sys

import numpy as np

import peers
import suites
from harness import reference
from harness.client import Attention, Failed, Patience, Unsupported, Worker, processors


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Measurement:
    """Rows of a report, one a case, system and number of threads."""

    def __init__(self, options, scratch: pathlib.Path, python, cache: pathlib.Path):
        self.options, self.scratch, self.python, self.cache = options, scratch, python, cache
        self.rows, self.peaks = [], {}
        self.patience = Patience(options.retakes)
        if python:
            cache.mkdir(parents=True, exist_ok=True)
        self.workers, self.unusable, self.versions = {}, {}, {}
        self.machine = {}

    # Systems.

    def attention(self, threads: int) -> Attention:
        return Attention(self.options.runner, threads, self.options.pipeline, self.scratch, self.options.timeout,
                         self.options.vector_bits)

    def system(self, name: str, threads: int, caches: bool):
        key = name, threads, caches
        if key in self.unusable:
            raise Failed(self.unusable[key])
        if key in self.workers and getattr(self.workers[key], "alive", True):
            return self.workers[key]
        if key in self.workers:
            self.workers.pop(key).close()
        try:
            if name == "attention":
                made = self.attention(threads)
            else:
                made = Worker(name, self.python, threads, self.cache / f"{name}-{threads}.log",
                              self.cache / "inductor", self.options.timeout, caches)
        except Failed as error:
            self.unusable[key] = f"does not start: {error}"
            raise Failed(self.unusable[key])
        self.workers[key] = made
        self.versions[name] = made.version
        return made

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()

    # Cases.

    def store(self, case, name: str) -> tuple:
        """A case's inputs, and a folder with them."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        inputs = case.make_inputs()
        for name, array in inputs.items():
            np.save(folder / f"{name}.npy", array)
        return inputs, folder

    def judge(self, case, inputs, system) -> dict:
        """Compares a system's results with the reference."""
        folder = self.scratch / "results"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        system.check(folder)
        verdict = reference.judge(case, inputs, {path.stem: np.load(path, mmap_mode="r")
                                                 for path in folder.glob("*.npy")})
        shutil.rmtree(folder)
        return verdict

    def run_case(self, case, threads: int) -> list:
        inputs, folder = self.store(case, "inputs")
        caches = case.measure != "compile"
        rows, ready, samples = {}, [], {}
        for name in self.options.systems:
            if name in peers.EXPRESSIONS and not case.score and not case.modify and case.outputs == ("context",):
                continue
            rows[name] = row = {"name": case.name, "case": case.name, "suite": case.suite, "system": name,
                                "threads": threads, "measure": case.measure, "flops": case.flops}
            try:
                system = self.system(name, threads, caches)
                say(f"  {name}: preparing")
                estimate = system.prepare(case, folder)
                if name == "attention":
                    self.machine = system.machine
                row |= self.judge(case, inputs, system)
            except Failed as error:
                row["unsupported" if isinstance(error, Unsupported) else "error"] = str(error)
                say(f"  {name}: {error}")
                continue
            if estimate.variant:
                row["pipeline" if name == "attention" else "variant"] = estimate.variant
            row["compile_seconds"] = estimate.compile_seconds
            samples[name] = []
            ready.append((name, system, estimate))
        # The plain case that ours is compared with takes its turn like a system.
        if case.reference and "attention" in samples:
            plain = self.attention(threads)
            try:
                ready.append(("", plain, plain.prepare(case.reference, self.store(case.reference, "reference")[1])))
                samples[""] = []
            except Failed as error:
                say(f"  the plain case: {error}")
        self.take_rounds(case, rows, ready, samples)
        plain = samples.pop("", [])
        ours = samples.get("attention") or [self.probe(threads)]
        peaks = {"peak_gflops": statistics.median(s.peak_gflops for s in ours + plain),
                 "read_gbs": statistics.median(s.read_gbs for s in ours + plain)}
        self.peaks.setdefault(threads, []).append(peaks)
        for name, taken in samples.items():
            if taken and "error" not in rows[name]:
                self.fill(rows[name], case, taken, peaks)
        self.compare(rows)
        if plain and "seconds_median" in rows["attention"]:
            self.compare_with_plain(rows["attention"], case, plain)
        self.rows += rows.values()
        return list(rows.values())

    def take_rounds(self, case, rows: dict, ready: list, samples: dict) -> None:
        for number in range(self.options.rounds):
            say(f"  round {number + 1} of {self.options.rounds}")
            # Every system has every place in the order now and then.
            turn = number % max(len(ready), 1)
            for name, system, estimate in ready[turn:] + ready[:turn]:
                if "error" in rows.get(name, {}):
                    continue
                if samples[name] and estimate.seconds > self.options.slow:
                    continue
                try:
                    if system.name == "attention" and estimate.seconds > self.options.slow:
                        samples[name].append(system.first)
                    else:
                        samples[name].append(self.patience.sample(system, self.options.min_time))
                except Failed as error:
                    rows.get(name, {})["error"] = str(error)
        for name, system, _ in ready:
            try:
                system.release()
            except Failed as error:
                say(f"  {name}: {error}")

    def probe(self, threads: int):
        """The machine's peaks, where no case of attention has brought them along."""
        case = suites.load("smoke")[-1]
        system = Attention(self.options.runner, threads, None, self.scratch, self.options.timeout,
                           self.options.vector_bits)
        system.prepare(case, self.store(case, "probe")[1])
        self.machine = system.machine
        return system.first

    def fill(self, row: dict, case, samples: list, peaks: dict) -> None:
        times = [s.seconds for s in samples]
        row |= {"version": self.versions[row["system"]],
                "seconds_min": min(times), "seconds_median": statistics.median(times),
                "seconds_mean": statistics.mean(times), "seconds_max": max(times),
                "repetitions": len(times), "iterations": samples[-1].iterations, **peaks,
                "others_processors": round(statistics.median(s.others for s in samples), 2),
                "gflops": row["flops"] / statistics.median(times) * 1e-9}
        row["flops_fraction_of_peak"] = row["gflops"] / peaks["peak_gflops"]
        if case.score and not case.score.project:
            row["score_elements_per_second"] = case.live_pairs * case.score_features / row["seconds_median"]
        if row["system"] == "attention":
            for stage in samples[0].compile_seconds:
                row[stage] = statistics.median(s.compile_seconds[stage] for s in samples)
        compiling = [sum(s.compile_seconds.values()) for s in samples if s.compile_seconds]
        if compiling:
            row |= {"compile_seconds": statistics.median(compiling), "compile_seconds_min": min(compiling),
                    "compile_seconds_max": max(compiling)}
        memory = [s.memory_bytes for s in samples if s.memory_bytes is not None]
        if memory:
            row["peak_memory_increase_bytes"] = int(statistics.median(memory))
            if row["system"] == "attention":
                # Its first call makes the results; the rest is what it works with.
                row["extra_memory_bytes_per_thread"] = max(
                    0, row["peak_memory_increase_bytes"] - case.result_bytes) // row["threads"]

    @staticmethod
    def compare(rows: dict) -> None:
        """How many times as fast as the best peer that is right. Not so for memory: what
        peers keep from one call to the next is not seen in theirs."""
        ours = rows.get("attention", {})
        if ours.get("measure") == "memory":
            return
        value = KEY_OF_MEASURE[ours.get("measure", "time")]
        others = [row[value] for name, row in rows.items() if name != "attention" and value in row and row["correct"]]
        if others and ours.get(value):
            ours["speedup_over_best_peer"] = min(others) / ours[value]

    @staticmethod
    def compare_with_plain(row: dict, case, samples: list) -> None:
        """How many times as long as the plain case, for as many operations if so wanted."""
        plain = statistics.median(s.seconds for s in samples)
        expected = plain * (case.flops / case.reference.flops if case.reference_by == "operations" else 1)
        row |= {"reference": case.reference.name, "reference_by": case.reference_by,
                "reference_seconds": plain, "time_over_reference": row["seconds_median"] / expected}

    def report(self) -> dict:
        """The object of --format=json."""
        peaks = [{"threads": threads, "peak_gflops": statistics.median(p["peak_gflops"] for p in measured),
                  "read_gbs": statistics.median(p["read_gbs"] for p in measured)}
                 for threads, measured in sorted(self.peaks.items())]
        top = peaks[-1] if peaks else {}
        return {"schema": "attention-benchmark-1",
                "machine": {**self.machine, "processors": len(processors()), **top, "peaks": peaks,
                            "load_average": os.getloadavg()[0]},
                "settings": {"rounds": self.options.rounds, "min_time_seconds": self.options.min_time,
                             "slow_seconds": self.options.slow},
                "systems": self.versions, "cases": self.rows}


# What a case of a measure is compared by.
KEY_OF_MEASURE = {"time": "seconds_median", "memory": "peak_memory_increase_bytes", "compile": "compile_seconds"}
