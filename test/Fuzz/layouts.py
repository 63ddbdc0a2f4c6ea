"""Tensors that lie otherwise in memory than attention reads them: transposed, a
part of a packed row, every second row, broadcast."""

import numpy as np

import oracle


def emit(p, element: str, dims, data, text: str):
    """A value of `text`, in which $T is its type."""
    value = p._new(element, tuple(dims), data)
    p.lines.append(f"{value.name} = {text.replace('$T', value.type)}")
    return value


def sizes(p, value) -> list:
    """The extents of a tensor as operands: constants, or values of tensor.dim."""
    result = []
    for axis, n in enumerate(value.dims):
        if n is not None:
            result.append(str(n))
            continue
        at = p.constant(str(axis), "index", axis)
        dim = p._new("index", None, None)
        p.lines.append(f"{dim.name} = tensor.dim {value.name}, {at.name} : {value.type}")
        result.append(dim.name)
    return result


def empty(p, element: str, dims, extents):
    dynamic = ", ".join(e for e, n in zip(extents, dims) if n is None)
    return emit(p, element, dims, None, f"tensor.empty({dynamic}) : $T")


def permute(data, order):
    if isinstance(data, oracle.Bounded):
        return oracle.Bounded(np.transpose(data.value, order), np.transpose(data.error, order))
    return np.transpose(data, order)


def transpose(p, rng, value, order=None):
    """`value` with its dimensions in another order, `order` of them."""
    order = rng.permutation(len(value.dims)) if order is None else order
    extents = sizes(p, value)
    dims = [value.dims[a] for a in order]
    out = empty(p, value.element, dims, [extents[a] for a in order])
    text = (f"linalg.transpose ins({value.name} : {value.type}) outs({out.name} : $T) "
            f"permutation = [{', '.join(map(str, order))}]")
    return emit(p, value.element, dims, permute(value.data, order), text)


def place(p, rng, layout: str, data: np.ndarray, element: str, static: tuple):
    """An argument made into the tensor `data`."""
    rank = data.ndim
    if layout == "transposed":
        order = rng.permutation(rank)
        stored = p.arg(np.transpose(data, np.argsort(order)), element,
                       tuple(n for n, a in enumerate(np.argsort(order)) if a in static))
        return transpose(p, rng, stored, order)
    if layout == "broadcast" and rank > 2 and 0 not in static and data.shape[0] > 0:
        stored = p.arg(data[0], element, tuple(a - 1 for a in static))
        count = p.scalar(data.shape[0], "index")
        dims = (None if p.dynamic else data.shape[0], *stored.dims)
        out = empty(p, element, dims, [count.name, *sizes(p, stored)])
        same = np.broadcast_to(stored.data, data.shape)
        return emit(p, element, dims, same, f"linalg.broadcast ins({stored.name} : {stored.type}) "
                    f"outs({out.name} : $T) dimensions = [0]")
    # tensor.extract_slice takes no offset in an extent of 0.
    if layout in ("packed", "every second row") and data.size:
        axis, step = (rank - 1, 1) if layout == "packed" else (rank - 2, 2)
        before, after = (int(n) for n in rng.integers(0, 4, 2))
        shape = list(data.shape)
        shape[axis] = before + step * shape[axis] + after
        whole = np.full(shape, np.nan)
        at = [slice(None)] * rank
        at[axis] = slice(before, before + step * data.shape[axis], step)
        whole[tuple(at)] = data
        stored = p.arg(whole, element, static)
        extents = sizes(p, stored)
        extents[axis] = str(data.shape[axis])
        if stored.dims[axis] is None:
            extents[axis] = p.scalar(data.shape[axis], "index").name
        offsets, strides = [0] * rank, [1] * rank
        offsets[axis], strides[axis] = before, step
        dims = list(stored.dims)
        dims[axis] = None if stored.dims[axis] is None else data.shape[axis]
        return emit(p, element, dims, stored.data[tuple(at)],
                    f"tensor.extract_slice {stored.name}{offsets} [{', '.join(extents)}] {strides} : "
                    f"{stored.type} to $T")
    return p.arg(data, element, static)
