"""OpenVINO's CPU plugin: opset13's ScaledDotProductAttention."""

import dataclasses

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
    # A change of scores that the operator has no input for leaves the expression.
    expressed = bool(case.modify) and not case.modify_adds
    if expressed and (case.bias or case.keep or case.allowed or case.causal or case.sinks or case.score):
        raise Unsupported("an expression with more than a modifier is not written yet")
    x = dense(dataclasses.replace(case, modify=None) if expressed else case, inputs)
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
    if expressed:
        scores = Value(ops.matmul(q, k, False, True)) * case.head_dim ** -0.5
        scores = case.modify(Nodes, None, scores, None, None, None, None).node
        node = ops.matmul(ops.softmax(scores, 3), v, False, False)
    else:
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

    return Prepared(call, lambda: {"context": request.get_output_tensor(0).data}, "expression" if expressed else "")


class Value:
    """A node of a graph with the arithmetic that modifiers do, whose numbers are f32 here."""

    def __init__(self, node):
        self.node = node

    def _with(self, operation, other):
        return Value(operation(self.node, ops.constant(np.float32(other))))

    def __mul__(self, other):
        return self._with(ops.multiply, other)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self._with(ops.divide, other)

    def __add__(self, other):
        return self._with(ops.add, other)


class Nodes:
    """What projections and modifiers ask of an array library, as nodes of a graph."""

    @staticmethod
    def tanh(value):
        return Value(ops.tanh(value.node))

    @staticmethod
    def matmul(a, b):
        return ops.matmul(a, b, False, False)
