"""OpenVINO's CPU plugin: opset13's ScaledDotProductAttention."""

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from peers import Prepared, Unsupported

SUMMARY = "opset13 ScaledDotProductAttention, static shapes, f32 inference, latency hint"
REQUIRES = "openvino"
COMPILES = True


def start(threads: int) -> None:
    pass


def version() -> str:
    return f"OpenVINO {ov.__version__.split('-')[0]}"


def prepare(case, inputs, threads) -> Prepared:
    if case.element != "f32":
        raise Unsupported(f"a case of {case.element} is not written yet")
    parameters = [ops.parameter(list(inputs[name].shape), np.float32, name) for name in "qkv"]
    order = ops.constant(np.array([0, 2, 1, 3], np.int64))
    nodes = [ops.transpose(p, order) if case.layout == "bshd" else p for p in parameters]
    node = ops.scaled_dot_product_attention(*nodes, causal=case.causal)
    if case.layout == "bshd":
        node = ops.transpose(node, order)
    compiled = ov.Core().compile_model(ov.Model([node], parameters), "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        # Otherwise bf16 wherever the processor has it.
        "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False})
    request = compiled.create_infer_request()
    held = [ov.Tensor(np.ascontiguousarray(inputs[name]), shared_memory=True) for name in "qkv"]
    for index, tensor in enumerate(held):
        request.set_input_tensor(index, tensor)

    def call(held=held):
        request.infer()

    return Prepared(call, lambda: request.get_output_tensor(0).data)
