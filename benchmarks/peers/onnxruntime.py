"""ONNX Runtime on the CPU: the fastest of its attention operators for a case."""

import os
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper
from peers import Prepared, Unsupported
from peers.forms import dense

SUMMARY = ("the fastest, case by case, of com.microsoft.MultiHeadAttention (fused where not causal), "
           "GroupQueryAttention (causal) and Attention-23")
REQUIRES = "onnxruntime and onnx"
COMPILES = False


def start(threads: int) -> None:
    pass


def version() -> str:
    return f"ONNX Runtime {ort.__version__}"


def session_of(nodes, inputs, outputs, threads):
    """A session of one graph, its inputs and its outputs (name -> shape) bound to memory."""
    values = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
              for name, x in inputs.items()]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "attention", values, results), ir_version=10,
        opset_imports=[helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)])
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    held = [ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(x)) for x in inputs.values()]
    for name, value in zip(inputs, held):
        binding.bind_ortvalue_input(name, value)
    bound = {name: ort.OrtValue.ortvalue_from_shape_and_type(list(shape), np.float32)
             for name, shape in outputs.items()}
    for name, value in bound.items():
        binding.bind_ortvalue_output(name, value)

    def call(held=held):
        session.run_with_iobinding(binding)

    return call, lambda: {name: value.numpy() for name, value in bound.items()}


def candidates_of(case, inputs) -> list:
    """(name, nodes, inputs, output shapes, the outputs' way back to a case's results)."""
    soft = {"softcap": case.hints["softcap"]} if "softcap" in case.hints else {}
    stated = bool(soft) and case.modify is not None
    weights = "weights" in case.outputs
    if stated:
        x = {name: inputs[name] for name in "qkv"}
    else:
        x = dense(case, inputs, ("context", "weights"))
    bhsd = case.layout == "bhsd"
    keys = x["k"].shape[2 if bhsd else 1]
    rows = {name: (x[name].transpose(0, 2, 1, 3) if bhsd else x[name]) for name in "qkv"}
    flat = {name: array.reshape(*array.shape[:2], -1) for name, array in rows.items()}
    heads = {name: np.ascontiguousarray(array.transpose(0, 2, 1, 3)) for name, array in rows.items()}
    flat_shape = {"o": (case.batch, case.queries, case.heads * case.value_features)}
    head_shape = {"o": (case.batch, case.heads, case.queries, case.value_features)}

    def from_flat(found):
        o = found["o"].reshape(case.batch, case.queries, case.heads, case.value_features)
        return {"context": o.transpose(0, 2, 1, 3) if bhsd else o}

    def from_heads(found):
        return {"context": found["o"]} | ({"weights": found["w"]} if weights else {})

    # Attention-23 takes a mask of booleans or numbers, MultiHeadAttention numbers.
    mask = {}
    if "bias" in x and "keep" in x:
        mask["m"] = np.where(x["keep"], x["bias"], -np.inf).astype(np.float32)
    elif "bias" in x or "keep" in x:
        mask["m"] = x.get("bias", x.get("keep"))
    if mask:
        mask["m"] = np.broadcast_to(mask["m"], (*mask["m"].shape[:2], case.queries, keys))
    bias = {name: (np.where(m, np.float32(0), np.float32(-np.inf)) if m.dtype == bool else m)
            for name, m in mask.items()}
    m = ["m"] if mask else []
    causal = {"is_causal": 1} if case.causal else {}
    found = []
    if case.score:
        weight = case.make_extra_inputs()
        (name, array), = weight.items()
        nodes = [helper.make_node("MatMul", ["q", name], ["p"]),
                 helper.make_node("Attention", ["p", "k", "v", *m], ["o"], scale=1.0, **causal)]
        return [("MatMul and Attention-23 [B, H, S, D]", nodes, heads | mask | weight, head_shape, from_heads)]
    if bhsd:
        outputs = ["o", "", "", "w"] if weights else ["o"]
        mode = {"qk_matmul_output_mode": 3} if weights else {}
        shape = head_shape | ({"w": (case.batch, case.heads, case.queries, keys)} if weights else {})
        found.append(("Attention-23 [B, H, S, D]",
                      [helper.make_node("Attention", ["q", "k", "v", *m], outputs, **causal, **soft, **mode)],
                      heads | mask, shape, from_heads))
    if weights:
        return found
    found.append(("Attention-23 [B, S, H·D]",
                  [helper.make_node("Attention", ["q", "k", "v", *m], ["o"], q_num_heads=case.heads,
                                    kv_num_heads=case.heads, **causal, **soft)], flat | mask, flat_shape, from_flat))
    if not soft:
        multi_head = helper.make_node("MultiHeadAttention", ["q", "k", "v", *(["", "", "m"] if mask else [])], ["o"],
                                      domain="com.microsoft", num_heads=case.heads, unidirectional=int(case.causal))
        found.append(("MultiHeadAttention", [multi_head], flat | bias, flat_shape, from_flat))
        if bhsd:
            # Keys and values by heads spare it two transposes.
            found.append(("MultiHeadAttention, k and v [B, H, S, D]", [multi_head],
                          {"q": flat["q"], "k": heads["k"], "v": heads["v"]} | bias, flat_shape, from_flat))
    window = case.hints.get("window")
    if (window or case.causal and case.is_plain) and case.queries == case.key_count == keys:
        lengths = {"n": np.full(case.batch, case.queries - 1, np.int32), "t": np.array(case.queries, np.int32)}
        grouped = helper.make_node("GroupQueryAttention", ["q", "k", "v", "", "", "n", "t"], ["o", "pk", "pv"],
                                   domain="com.microsoft", num_heads=case.heads, kv_num_heads=case.heads,
                                   local_window_size=window or -1)
        present = (case.batch, case.heads, case.queries, case.head_dim)
        found.append(("GroupQueryAttention", [grouped], flat | lengths, flat_shape | {"pk": present, "pv": present},
                      from_flat))
    return found


def prepare(case, inputs, threads) -> Prepared:
    if case.element != "f32":
        raise Unsupported(f"its CPU kernels have no {case.element}")
    best, problems = None, []
    for variant, nodes, arrays, shapes, back in candidates_of(case, inputs):
        try:
            call, found = session_of(nodes, arrays, shapes, threads)
            call()
        except Exception as error:  # another candidate may do
            problems.append(f"{variant}: {str(error).splitlines()[0][:200]}")
            continue
        begin = time.perf_counter()
        calls = 0
        while not calls or time.perf_counter() - begin < 0.1:
            call()
            calls += 1
        seconds = (time.perf_counter() - begin) / calls
        if best is None or seconds < best[0]:
            best = seconds, call, lambda found=found, back=back: back(found()), variant
        if os.environ.get("ATTENTION_BENCHMARK_VERBOSE"):
            print(f"onnxruntime: {case.name}: {variant}: {seconds * 1e3:.3f} ms")
    if best is None:
        raise Unsupported("; ".join(problems) or "it has no operator for it")
    return Prepared(*best[1:])
