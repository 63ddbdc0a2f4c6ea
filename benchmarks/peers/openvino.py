"""OpenVINO's CPU plugin: opset13's ScaledDotProductAttention."""

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from peers import Prepared, Unsupported
from peers.forms import dense

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
    x = dense(case, inputs)
    if "bias" in x and "keep" in x:
        x["bias"] = np.where(x.pop("keep"), x["bias"], -np.inf).astype(np.float32)
    names = ["q", "k", "v", *(name for name in ("bias", "keep") if name in x)]
    parameters = [ops.parameter(list(x[name].shape), x[name].dtype, name) for name in names]
    q, k, v, *mask = parameters
    order = ops.constant(np.array([0, 2, 1, 3], np.int64))
    if case.layout == "bshd":
        q, k, v = (ops.transpose(node, order) for node in (q, k, v))
    scale = []
    if case.score:
        q = case.score.project(Nodes, {name: ops.constant(array) for name, array in case.make_extra_inputs().items()},
                               q)
        scale = [ops.constant(np.float32(1))]
        mask = mask or [ops.constant(np.zeros((1, 1), np.float32))]
    node = ops.scaled_dot_product_attention(q, k, v, *mask, *scale, causal=case.causal)
    if case.layout == "bshd":
        node = ops.transpose(node, order)
    compiled = ov.Core().compile_model(ov.Model([node], parameters), "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        # Otherwise bf16 wherever the processor has it.
        "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False})
    request = compiled.create_infer_request()
    held = [ov.Tensor(np.ascontiguousarray(x[name]), shared_memory=True) for name in names]
    for index, tensor in enumerate(held):
        request.set_input_tensor(index, tensor)

    def call(held=held):
        request.infer()

    return Prepared(call, lambda: {"context": request.get_output_tensor(0).data})


class Nodes:
    """What a projection asks of an array library, as nodes of a graph."""

    @staticmethod
    def matmul(a, b):
        return ops.matmul(a, b, False, False)
