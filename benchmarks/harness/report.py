"""Tables for people."""

from harness.client import DISTURBING


def format_seconds(seconds: float) -> str:
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            break
    return f"{seconds / size:.3g} {unit}" if seconds < 1000 else f"{seconds:.0f} s"


def format_bytes(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 2**10:.0f} KiB"


# Memory a thread works with that is more than blocks.
NOTABLE_BYTES = 2**20

# What a case's reference stands for.
REFERENCES = {"time": "plain attention", "operations": "its live pairs at the plain rate"}


def heading(row: dict) -> str:
    threads = f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"
    return f"{row['case']}, {threads}"


def error_text(row: dict) -> str:
    error = "not finite" if row["max_error"] is None else f"{row['max_error']:.0e}"
    return error + ("" if row["correct"] else " WRONG")


def describe(row: dict) -> str:
    """One system at one case."""
    start = f"  {row['system']:<12}"
    if "error" in row or "unsupported" in row:
        return f"{start} {'unsupported' if 'unsupported' in row else 'failed'}: {row.get('unsupported') or row.get('error')}"
    if row["measure"] == "memory":
        cells = [f"{format_bytes(row['peak_memory_increase_bytes']):>12}"]
    elif row["measure"] == "compile":
        cells = [f"{format_seconds(row['compile_seconds']):>9}"]
    else:
        spread = (row["seconds_max"] - row["seconds_min"]) / row["seconds_median"]
        cells = [f"{format_seconds(row['seconds_median']):>9}", f"±{spread / 2:>4.0%}",
                 f"{row['gflops']:7.1f} GF/s", f"{row['flops_fraction_of_peak']:6.1%} of peak"]
    if "score_elements_per_second" in row:
        cells.append(f"{row['score_elements_per_second'] * 1e-9:.3g} G elements/s")
    extra = row.get("extra_memory_bytes_per_thread", 0)
    if "extra_memory_bytes_per_thread" in row and (row["measure"] == "memory" or extra > NOTABLE_BYTES):
        cells.append(f"{format_bytes(extra)} a thread beyond the result")
    if row["others_processors"] > DISTURBING:
        cells.append(f"(others kept {row['others_processors']:.1f} processors busy)")
    cells.append(f"error {error_text(row)}")
    if "speedup_over_best_peer" in row:
        cells.append(f"{row['speedup_over_best_peer']:.2f} × best peer")
    if "time_over_reference" in row:
        cells.append(f"{row['time_over_reference']:.2f} × the time of {REFERENCES[row['reference_by']]}")
    if row.get("variant"):
        cells.append(f"({row['variant']})")
    return "  ".join([start, *cells])


def print_case(rows: list) -> None:
    measured = [row for row in rows if "peak_gflops" in row]
    peak = (f": peak {measured[0]['peak_gflops']:.0f} GF/s, read {measured[0]['read_gbs']:.1f} GB/s" if measured else "")
    print(heading(rows[0]) + peak)
    for row in rows:
        print(describe(row))
    print(flush=True)


def summary(rows: list, systems: list) -> str:
    """Per cent of the peak, a case a line."""
    lines = {}
    for row in rows:
        if row["measure"] == "time":
            lines.setdefault((row["case"], row["threads"]), {})[row["system"]] = row
    if not lines:
        return ""
    width = max(len(case) for case, _ in lines)
    systems = [name for name in systems if any(name in of for of in lines.values())]
    raced = any("speedup_over_best_peer" in row for of in lines.values() for row in of.values())
    compared = any("time_over_reference" in row for of in lines.values() for row in of.values())
    text = ["Per cent of the FMA peak", f"{'case':<{width}}  threads" + "".join(f"{name:>15}" for name in systems)
            + ("     speedup" if raced else "") + ("    to plain" if compared else "")]
    for (case, threads), of in lines.items():
        cells = []
        for name in systems:
            fraction = of.get(name, {}).get("flops_fraction_of_peak")
            wrong = "" if of.get(name, {}).get("correct", True) else "!"
            cells.append(f"{'-' if fraction is None else f'{100 * fraction:.1f}{wrong}':>15}")
        speedup = of.get("attention", {}).get("speedup_over_best_peer")
        end = f"{speedup:>11.2f}×" if speedup else f"{'':>12}" if raced else ""
        ratio = of.get("attention", {}).get("time_over_reference")
        end += f"{ratio:>11.2f}×" if ratio else ""
        text.append((f"{case:<{width}}  {threads:>7}" + "".join(cells) + end).rstrip())
    return "\n".join(text)
