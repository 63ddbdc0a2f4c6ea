"""Checks a benchmark report against docs/Formats.md and prints what is fixed."""

import json
import sys

report = json.load(open(sys.argv[1]))
assert set(report) == {"schema", "machine", "cases"}, report
machine, (case,) = report["machine"], report["cases"]
assert set(machine) == {"cpu", "isa", "threads", "vector_bits", "peak_gflops", "read_gbs", "commit"}, machine
assert machine["peak_gflops"] > 0 and machine["read_gbs"] > 0, machine
assert 0 < case["seconds_min"] <= case["seconds_median"], case
assert case["seconds_min"] <= case["seconds_mean"], case
assert case["iterations"] >= 1, case
for stage in ["parse", "pipeline", "translate", "optimize", "codegen"]:
    assert case[f"compile_{stage}_seconds"] > 0, case
assert case["peak_memory_bytes"] > case["peak_memory_increase_bytes"] >= 0, case
print(report["schema"], case["name"], case["pipeline"], case["inputs"], case["threads"], case["repetitions"],
      machine["vector_bits"])
