"""The process of one peer at one number of threads, used by client.Worker.

    worker.py SYSTEM THREADS REQUESTS REPLIES      # two file descriptors

Reads a request a line, a JSON object whose `do` is prepare, time, check, memory or
release, and answers with one; {"error": …} and {"unsupported": …} are answers too.
"""

import gc
import importlib
import json
import math
import os
import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path[:] = [folder for folder in sys.path if folder != str(pathlib.Path(__file__).resolve().parent)]

import numpy as np  # noqa: E402

import peers  # noqa: E402
import suites  # noqa: E402


def resident(key: str) -> int:
    """VmRSS or VmHWM of this process in bytes."""
    for line in open("/proc/self/status"):
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    return 0


# Seconds of a call that takes no notice of what caches hold at its start.
LONG = 0.3


class Worker:
    def __init__(self, system: str, threads: int):
        self.system, self.threads = system, threads
        self.library = importlib.import_module(peers.module_of(system))
        self.library.start(threads)
        self.prepared = None

    def hello(self) -> dict:
        return {"version": self.library.version(), "summary": self.library.SUMMARY}

    def prepare(self, request: dict) -> dict:
        """Compiles and warms up; the seconds of a call are an estimate."""
        case = suites.find(request["case"])
        inputs = {path.stem: np.load(path) for path in pathlib.Path(request["inputs"]).glob("*.npy")}
        if case.measure == "compile" and not self.library.COMPILES:
            raise peers.Unsupported("nothing is compiled: its kernels are ready-made")
        begin = time.perf_counter()
        self.prepared = self.library.prepare(case, inputs, self.threads)
        self.prepared.call()
        first = time.perf_counter() - begin
        estimate = self.run(1)
        if estimate < LONG:
            estimate = self.run(2)
        # What compiling took is what the first call took longer than others.
        return {"seconds": estimate, "compile_seconds": max(first - estimate, 0), "variant": self.prepared.variant}

    def run(self, calls: int) -> float:
        call = self.prepared.call
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        return (time.perf_counter() - begin) / calls

    def time(self, request: dict) -> dict:
        """Seconds of a call, after one to warm caches up again."""
        calls = max(1, math.ceil(request["min_seconds"] / max(request["estimate"], 1e-7)))
        if request["estimate"] < LONG:
            self.run(1)
        return {"seconds": self.run(calls), "iterations": calls}

    def memory(self, request: dict) -> dict:
        """How much more a call holds at most than was held before, as attention-runner counts."""
        gc.collect()
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = resident("VmRSS")
        self.run(2)
        return {"bytes": max(resident("VmHWM") - before, 0)}

    def check(self, request: dict) -> dict:
        for name, array in self.prepared.results().items():
            np.save(pathlib.Path(request["folder"]) / f"{name}.npy", array)
        return {}

    def release(self, request: dict) -> dict:
        self.prepared = None
        gc.collect()
        return {}

    def answer(self, request: dict) -> dict:
        try:
            return getattr(self, request["do"])(request)
        except peers.Unsupported as reason:
            return {"unsupported": str(reason)}
        except Exception as error:
            traceback.print_exc()
            lines = [line for line in str(error).splitlines() if line.strip()] or [""]
            return {"error": f"{type(error).__name__}: {lines[0][:300]}"}


def main() -> None:
    system, threads, requests, replies = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    # Libraries may print: that is not the protocol.
    with os.fdopen(requests) as inbox, os.fdopen(replies, "w") as outbox:
        def reply(answer: dict) -> None:
            outbox.write(json.dumps(answer) + "\n")
            outbox.flush()

        try:
            worker = Worker(system, threads)
        except Exception as error:
            traceback.print_exc()
            reply({"error": f"{type(error).__name__}: {str(error)[:300]}"})
            return
        reply(worker.hello())
        for line in inbox:
            reply(worker.answer(json.loads(line)))


main()
