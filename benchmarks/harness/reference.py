"""Results of a case in float64 NumPy, of a sample of its rows, and how far others are off.

Errors of the context are in multiples of the values' root mean square, those of weights
in multiples of the largest weight of their row, those of the mass of a column in
multiples of the largest, and those of the log-sum-exp and the entropy absolute. A
listed key counts as the weight that it has: keys whose weights agree within rounding
may change places.
"""

import numpy as np

from harness.case import Case

# Rows that are compared, where there are more.
CHECKED_HEADS = 4
CHECKED_ROWS = 96


def scores_of(case: Case, x: dict, b: int, h: int, rows: np.ndarray) -> np.ndarray:
    """Scores of some queries of a head with all keys; −inf where masked."""
    q = case.head_of(x["q"], b, h)[rows].astype(np.float64)
    k = case.head_of(x["k"], b, h).astype(np.float64)
    i, j = rows[:, None], np.arange(case.key_count)[None, :]
    scores = case.score.evaluate(np, x, q, k) if case.score else q @ k.T / np.sqrt(case.head_dim)
    if case.modify:
        scores = case.modify(np, x, scores, b, h, i, j)
    if case.bias:
        scores = scores + x[case.bias][0, h % x[case.bias].shape[1], rows]
    if case.keep:
        scores = np.where(x[case.keep][0, 0, rows], scores, -np.inf)
    if case.allowed:
        scores = np.where(case.allowed(np, x, b, h, i, j), scores, -np.inf)
    if case.causal:
        scores = np.where(j <= i, scores, -np.inf)
    return scores


def evaluate(case: Case, x: dict, b: int, h: int, rows: np.ndarray) -> dict:
    """All results of some rows of a head."""
    scores = scores_of(case, x, b, h, rows)
    sink = float(x[case.sinks][h]) if case.sinks else -np.inf
    top = np.maximum(scores.max(-1, keepdims=True, initial=-np.inf), sink)
    finite = np.where(np.isneginf(top), 0, top)
    total = np.exp(scores - finite).sum(-1, keepdims=True) + np.exp(sink - finite)
    # A row without live pairs has weights of zero.
    weights = np.exp(scores - finite) / np.where(total == 0, 1, total)
    with np.errstate(divide="ignore"):
        lse = (finite + np.log(total))[:, 0]
    values = case.head_of(x["v"], b, h).astype(np.float64)
    return {"context": weights @ values, "weights": weights, "lse": lse}


def add_readings(case: Case, expected: dict) -> None:
    """What is read off the weights of rows."""
    weights = expected["weights"]
    top = -np.sort(-weights, -1)[:, :case.top]
    expected["top_weights"] = expected["top_keys"] = np.pad(top, [(0, 0), (0, case.top - top.shape[1])])
    expected["entropy"] = -(weights * np.log(np.where(weights == 0, 1, weights))).sum(-1)


def column_mass(case: Case, x: dict, b: int, h: int) -> np.ndarray:
    """Of one head, all of its rows."""
    total = np.zeros(case.key_count)
    for first in range(0, case.queries, 512):
        rows = np.arange(first, min(first + 512, case.queries))
        total += evaluate(case, x, b, h, rows)["weights"].sum(0)
    return total


def weights_of(keys: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weights that listed keys have; NaN for one that is listed twice or is none."""
    count = weights.shape[-1]
    keys = keys.astype(np.int64)
    found = np.take_along_axis(weights, np.clip(keys, 0, count - 1), -1)
    found = np.where(keys == -1, 0, np.where((keys >= 0) & (keys < count), found, np.nan))
    ordered = np.sort(keys, -1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(-1, keepdims=True)
    return np.where(twice, np.nan, found)


def sample_of(case: Case) -> tuple:
    """Heads and rows to look at."""
    rng = np.random.default_rng(0)
    heads = [(b, h) for b in range(case.batch) for h in range(case.heads)]
    if len(heads) > CHECKED_HEADS:
        inner = rng.choice(np.arange(1, len(heads) - 1), CHECKED_HEADS - 2, replace=False)
        heads = [heads[n] for n in [0, *sorted(inner), len(heads) - 1]]
    rows = np.arange(case.queries)
    if len(rows) > CHECKED_ROWS:
        # The first and the last ones: there blocks begin and tails end.
        third = CHECKED_ROWS // 3
        rows = np.concatenate([rows[:third], np.sort(rng.choice(rows[third:-third], third, replace=False)),
                               rows[-third:]])
    return heads, rows


def error_of(case: Case, x: dict, found: dict) -> float:
    """The largest error of all results; infinite for a NaN, a wrong shape or none."""
    if any(output not in found or found[output].shape != case.result_shape(output) for output in case.outputs):
        return np.inf
    worst = 0.0
    heads, rows = sample_of(case)
    for b, h in heads:
        expected = evaluate(case, x, b, h, rows)
        add_readings(case, expected)
        if "column_mass" in case.outputs:
            expected["column_mass"] = column_mass(case, x, b, h)
        values = case.head_of(x["v"], b, h).astype(np.float64)
        largest = np.maximum(expected["weights"].max(-1, keepdims=True, initial=0), 1e-300)
        scale = {"context": np.sqrt(np.mean(values**2)) or 1.0, "lse": 1.0, "entropy": 1.0,
                 "weights": largest, "top_weights": largest, "top_keys": largest,
                 "column_mass": np.max(expected.get("column_mass", 0), initial=1e-300)}
        for output in case.outputs:
            array = found[output]
            part = case.head_of(array, b, h) if output == "context" else array[b, h]
            part = part if output == "column_mass" else part[rows]
            if output == "top_keys":
                part = weights_of(part, expected["weights"])
            equal = part == expected[output]  # infinities
            with np.errstate(invalid="ignore"):
                error = np.abs(np.asarray(part, np.float64) - expected[output]) / scale[output]
            error = float(np.max(np.where(equal, 0, error), initial=0))
            worst = max(worst, error if np.isfinite(error) else np.inf)
    return worst


def judge(case: Case, x: dict, found: dict) -> dict:
    """How far results are off, for reports; no error is given that is not finite."""
    error = error_of(case, x, found)
    return {"max_error": error if np.isfinite(error) else None, "correct": bool(error <= case.tolerance)}
