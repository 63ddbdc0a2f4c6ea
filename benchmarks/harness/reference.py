"""Results of a case in float64 NumPy, of a sample of its rows, and how far others are off.

Errors of the context are in multiples of the values' root mean square, those of weights
in multiples of the largest weight of their row, and those of the log-sum-exp absolute.
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
    shapes = {"context": case.shape(case.queries, case.value_features),
              "weights": (case.batch, case.heads, case.queries, case.key_count),
              "lse": (case.batch, case.heads, case.queries)}
    if any(output not in found or found[output].shape != shapes[output] for output in case.outputs):
        return np.inf
    worst = 0.0
    heads, rows = sample_of(case)
    for b, h in heads:
        expected = evaluate(case, x, b, h, rows)
        values = case.head_of(x["v"], b, h).astype(np.float64)
        scale = {"context": np.sqrt(np.mean(values**2)) or 1.0, "lse": 1.0,
                 "weights": np.maximum(expected["weights"].max(-1, keepdims=True, initial=0), 1e-300)}
        for output in case.outputs:
            array = found[output]
            part = (case.head_of(array, b, h) if output == "context" else array[b, h])[rows]
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
