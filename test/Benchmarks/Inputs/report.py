"""Checks a report of benchmarks/run against docs/Formats.md and prints what is fixed."""

import json
import sys

report = json.load(open(sys.argv[1]))
machine = report["machine"]
assert {"cpu", "isa", "commit", "processors", "peaks", "threads", "peak_gflops", "read_gbs"} <= set(machine), machine
assert all(peak["peak_gflops"] > 0 and peak["read_gbs"] > 0 for peak in machine["peaks"]), machine
for case in report["cases"]:
    assert case["name"] == case["case"], case
    assert 0 < case["seconds_min"] <= case["seconds_median"] <= case["seconds_max"], case
    assert 0 < case["flops_fraction_of_peak"] < 1.5, case
    assert case["flops"] > 0 and case["compile_seconds"] > 0 and case["compile_pipeline_seconds"] > 0, case
    assert 0 <= case["max_error"] < 1e-5, case
    assert case["peak_memory_increase_bytes"] >= 0, case
    assert "speedup_over_best_peer" not in case, case
    assert ("reference" in case) == ("time_over_reference" in case), case
    assert case.get("time_over_reference", 1) > 0, case
    print(report["schema"], case["case"], case["system"], case["threads"], case["repetitions"], case["flops"],
          case["correct"], *(case[key] for key in ("reference", "reference_by") if key in case))
