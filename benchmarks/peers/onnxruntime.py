"""ONNX Runtime on the CPU: the fastest of its attention operators for a case."""

import os
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper
from peers import Prepared, Unsupported

SUMMARY = "the fastest, case by case, of com.microsoft.MultiHeadAttention (fused where not causal) and Attention-23"
REQUIRES = "onnxruntime and onnx"
COMPILES = False

ELEMENTS = {"f32": TensorProto.FLOAT}


def start(threads: int) -> None:
    pass


def version() -> str:
    return f"ONNX Runtime {ort.__version__}"


def session_of(nodes, inputs, output_shape, threads, element):
    """A session of one graph, its inputs and its output bound to memory."""
    values = [helper.make_tensor_value_info(name, element, x.shape) for name, x in inputs.items()]
    output = helper.make_tensor_value_info("o", element, output_shape)
    model = helper.make_model(
        helper.make_graph(nodes, "attention", values, [output]), ir_version=10,
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
    result = ort.OrtValue.ortvalue_from_shape_and_type(list(output_shape), np.float32)
    binding.bind_ortvalue_output("o", result)

    def call(held=held):
        session.run_with_iobinding(binding)

    return call, result.numpy


def prepare(case, inputs, threads) -> Prepared:
    if case.element not in ELEMENTS:
        raise Unsupported(f"its CPU kernels have no {case.element}")
    element = ELEMENTS[case.element]
    bhsd = case.layout == "bhsd"
    rows = {name: (x.transpose(0, 2, 1, 3) if bhsd else x) for name, x in inputs.items()}
    flat = {name: x.reshape(*x.shape[:2], -1) for name, x in rows.items()}
    heads = {name: np.ascontiguousarray(x.transpose(0, 2, 1, 3)) for name, x in rows.items()}
    causal = {"is_causal": 1} if case.causal else {}
    flat_shape = (case.batch, case.queries, case.heads * case.value_features)
    head_shape = (case.batch, case.heads, case.queries, case.value_features)

    def from_flat(found):
        x = found.reshape(case.batch, case.queries, case.heads, case.value_features)
        return x.transpose(0, 2, 1, 3) if bhsd else x

    multi_head = helper.make_node("MultiHeadAttention", ["q", "k", "v"], ["o"], domain="com.microsoft",
                                  num_heads=case.heads, unidirectional=int(case.causal))
    attention_3d = helper.make_node("Attention", ["q", "k", "v"], ["o"], q_num_heads=case.heads,
                                    kv_num_heads=case.heads, **causal)
    candidates = [("MultiHeadAttention", [multi_head], flat, flat_shape, from_flat),
                  ("Attention-23 [B, S, H·D]", [attention_3d], flat, flat_shape, from_flat)]
    if bhsd:
        # Keys and values by heads spare it two transposes.
        candidates += [
            ("MultiHeadAttention, k and v [B, H, S, D]", [multi_head],
             {"q": flat["q"], "k": heads["k"], "v": heads["v"]}, flat_shape, from_flat),
            ("Attention-23 [B, H, S, D]", [helper.make_node("Attention", ["q", "k", "v"], ["o"], **causal)],
             heads, head_shape, lambda found: found)]
    best, problems = None, []
    for variant, nodes, arrays, shape, back in candidates:
        try:
            call, found = session_of(nodes, arrays, shape, threads, element)
            call()
            call()
        except Exception as error:  # another candidate may do
            problems.append(f"{variant}: {str(error).splitlines()[0][:200]}")
            continue
        begin = time.perf_counter()
        calls = 0
        while calls < 3 or time.perf_counter() - begin < 0.03:
            call()
            calls += 1
            if time.perf_counter() - begin > 2:
                break
        seconds = (time.perf_counter() - begin) / calls
        if best is None or seconds < best[0]:
            best = seconds, call, lambda found=found, back=back: back(found()), variant
        if os.environ.get("ATTENTION_BENCHMARK_VERBOSE"):
            print(f"onnxruntime: {case.name}: {variant}: {seconds * 1e3:.3f} ms")
    if best is None:
        raise Unsupported("; ".join(problems))
    return Prepared(best[1], best[2], best[3])
