"""A bar chart as an SVG file: a group a case, a bar a system, one panel a suite
and number of threads."""

from html import escape

from harness.measure import KEY_OF_MEASURE
from harness.report import format_bytes, format_seconds

# Distinct in grey, too, and for most of the colour-blind: ours is the strong one.
COLOURS = {"attention": "#d1495b", "torch-sdpa": "#30638e", "torch-flex": "#7fa7c9", "onnxruntime": "#00798c",
           "openvino": "#8a6fb0", "jax": "#b8b8b8", "torch-eager": "#d9b26f", "torch-compile": "#a67c2d"}
LEFT, WIDTH, BAR, GAP, RIGHT = 270, 520, 13, 14, 190


def value_of(row: dict):
    if row["measure"] == "time":
        return row.get("flops_fraction_of_peak")
    return row.get(KEY_OF_MEASURE[row["measure"]])


def label_of(row: dict) -> str:
    if row["measure"] == "time":
        ratio = f" · {row['time_over_reference']:.2f} × plain" if "time_over_reference" in row else ""
        return f"{row['flops_fraction_of_peak']:.1%} · {format_seconds(row['seconds_median'])}{ratio}"
    value = value_of(row)
    return format_bytes(value) if row["measure"] == "memory" else format_seconds(value)


TITLES = {"time": "share of the FMA peak", "memory": "memory beyond the inputs", "compile": "time to compile"}


def panels(rows: list) -> dict:
    found = {}
    for row in rows:
        if value_of(row) is not None:
            found.setdefault((row["suite"], row["measure"], row["threads"]), {}).setdefault(row["case"], []).append(row)
    return found


def text(x, y, content, anchor="start", size=12, weight="normal", fill="#222") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
            f'fill="{fill}">{escape(content)}</text>')


def draw(report: dict) -> str:
    parts, y = [], 30
    machine = report["machine"]
    parts.append(text(16, y, "Attention on one machine", size=17, weight="bold"))
    y += 19
    parts.append(text(16, y, f"{machine.get('cpu', '')}, {machine.get('isa', '')}, vectors of "
                      f"{machine.get('vector_bits', '?')} bits, commit {machine.get('commit', '')}", fill="#555"))
    y += 24
    x = 16
    for system in dict.fromkeys(row["system"] for row in report["cases"]):
        label = f"{report['systems'].get(system, system)}"
        label = f"{system} ({label})" if label != system else system
        if x + 18 + 7 * len(label) > LEFT + WIDTH + RIGHT:
            x, y = 16, y + 20
        parts.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{COLOURS.get(system, "#666")}"/>')
        parts.append(text(x + 18, y, label))
        x += 34 + 7 * len(label)
    for (suite, measure, threads), cases in panels(report["cases"]).items():
        y += 38
        largest = max(value_of(row) for rows in cases.values() for row in rows) or 1
        limit = max(1.0, largest) if measure == "time" else largest * 1.05
        title = f"{suite}: {TITLES[measure]}, {threads} thread{'s' if threads > 1 else ''}"
        if measure == "time":
            peak = next((p for p in machine.get("peaks", []) if p["threads"] == threads), None)
            title += f" (peak {peak['peak_gflops']:.0f} GF/s)" if peak else ""
        parts.append(text(16, y, title[0].upper() + title[1:], size=14, weight="bold"))
        y += 12
        top = y
        height = sum(len(rows) * BAR + GAP for rows in cases.values())
        if measure == "time":
            for tick in range(0, 101, 25):
                at = LEFT + WIDTH * tick / 100 / limit
                parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{top + height}" stroke="#ddd"/>')
                parts.append(text(at, top + height + 13, f"{tick}%", "middle", 10, fill="#555"))
        for case, rows in cases.items():
            y += GAP / 2
            parts.append(text(LEFT - 8, y + len(rows) * BAR / 2 + 4, case.removeprefix(rows[0]["suite"] + "-"), "end"))
            for row in rows:
                width = WIDTH * value_of(row) / limit
                colour = COLOURS.get(row["system"], "#666")
                parts.append(f'<rect x="{LEFT}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{BAR - 2}" '
                             f'fill="{colour}"><title>{escape(row["system"])}</title></rect>')
                parts.append(text(LEFT + width + 4, y + BAR - 3, label_of(row) + ("" if row["correct"] else " (wrong)"),
                                  size=10))
                y += BAR
            y += GAP / 2
        y = top + height + 14
    width, height = LEFT + WIDTH + RIGHT, int(y + 16)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="Helvetica, Arial, sans-serif">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")
