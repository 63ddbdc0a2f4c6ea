"""The program of a case in the attention dialect, a function @attention."""

from harness.case import Case, order_of_inputs

MLIR_TYPES = {"float32": "f32", "float64": "f64", "bool": "i1", "int32": "i32", "int64": "i64"}


def tensor(shape, element: str) -> str:
    return f"tensor<{'x'.join(map(str, shape))}x{element}>"


def _transpose(result: str, value: str, source: str, target: str) -> str:
    """[B, S, H, D] to [B, H, S, D] or back."""
    return (f"  {result}_empty = tensor.empty() : {target}\n"
            f"  {result} = linalg.transpose ins({value} : {source})\n"
            f"      outs({result}_empty : {target}) permutation = [0, 2, 1, 3]\n")


def write(case: Case) -> str:
    b, h, nq, nk = case.batch, case.heads, case.queries, case.key_count
    d, dv, element = case.head_dim, case.value_features, case.element
    if case.dynamic:
        if case.layout != "bhsd" or not case.is_plain:
            raise ValueError(f"{case.name}: a dynamic case of this kind is not written yet")
        b = h = nq = nk = "?"
    inside = {"q": tensor((b, h, nq, d), element), "k": tensor((b, h, nk, d), element),
              "v": tensor((b, h, nk, dv), element), "context": tensor((b, h, nq, dv), element),
              "weights": tensor((b, h, nq, nk), element), "lse": tensor((b, h, nq), element),
              "top_weights": tensor((b, h, nq, case.top), element), "top_keys": tensor((b, h, nq, case.top), "i32"),
              "entropy": tensor((b, h, nq), element), "column_mass": tensor((b, h, nk), element)}
    outside = dict(inside)
    transposed = case.layout == "bshd"
    if transposed:
        outside |= {"q": tensor((b, nq, h, d), element), "k": tensor((b, nk, h, d), element),
                    "v": tensor((b, nk, h, dv), element), "context": tensor((b, nq, h, dv), element)}
    extra = case.make_extra_inputs()
    types = {name: tensor(array.shape, MLIR_TYPES[array.dtype.name]) for name, array in extra.items()}
    scores = inside["weights"]
    lines = ""
    for name in "qkv":
        if transposed:
            lines += _transpose(f"%{name}_heads", f"%{name}", outside[name], inside[name])
    at = {name: f"%{name}_heads" if transposed else f"%{name}" for name in "qkv"}
    if case.score:
        lines += case.score.program(case).format(scores=scores, **at, tq=inside["q"], tk=inside["k"])
    else:
        lines += (f"  %s = attention.dot_score {at['q']}, {at['k']} scaled\n"
                  f"     : {inside['q']}, {inside['k']} -> {scores}\n")
    last = "%s"
    if case.changes:
        lines += case.changes.format(scores=scores, heads=case.heads, queries=nq, keys=nk)
        last = "%m"
    if case.causal:
        lines += (f"  %causal = attention.mask_scores {last}\n"
                  "      sets(affine_set<(b, h, i, j) : (i - j >= 0)>)\n"
                  f"    : {scores}\n")
        last = "%causal"
    sinks = f" sinks(%{case.sinks} : {types[case.sinks]})" if case.sinks else ""
    lse = (", %lse", f", {inside['lse']}") if "lse" in case.outputs else ("", "")
    lines += f"  %weights{lse[0]} = attention.softmax {last}{sinks} : {scores}{lse[1]}\n"
    if "context" in case.outputs:
        lines += (f"  %context = attention.context %weights, {at['v']}\n"
                  f"     : {scores}, {inside['v']} -> {inside['context']}\n")
    if {"top_weights", "top_keys"} & set(case.outputs):
        lines += (f"  %top_weights, %top_keys = attention.top_k %weights k({case.top})\n"
                  f"     : {scores} -> {inside['top_weights']}, {inside['top_keys']}\n")
    for name in ("entropy", "column_mass"):
        if name in case.outputs:
            lines += f"  %{name} = attention.{name} %weights\n     : {scores} -> {inside[name]}\n"
    results = {output: f"%{output}" for output in case.outputs}
    if transposed and "context" in results:
        lines += _transpose("%rows", "%context", inside["context"], outside["context"])
        results["context"] = "%rows"
    arguments = [f"%{name}: {outside.get(name) or types[name]}" for name in order_of_inputs(extra)]
    result_types = ", ".join(outside[output] for output in case.outputs)
    return (f"// {case.name}\n"
            f"func.func @attention({', '.join(arguments)})\n"
            f"    -> ({result_types}) {{\n{lines}"
            f"  return {', '.join(results.values())} : {result_types}\n}}\n")
