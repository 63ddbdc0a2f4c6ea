"""Tests of .npy files: `npy.py MODE INPUTS-DIR TMP-DIR`.

roundtrip  every element type, shape and format version goes through and comes
           back as NumPy reads it
malformed  files that are refused, each with its message
fuzz       mutated files: read as NumPy reads them, or one line and exit code 2
"""

import io
import os
import random
import struct
import subprocess
import sys
import time

import numpy as np

MODE, INPUTS, TMP = sys.argv[1:]
os.makedirs(TMP, exist_ok=True)
MODULE = os.path.join(INPUTS, "tensors.mlir")


def run(function, path, *flags):
    return subprocess.run(
        ["attention-runner", MODULE, "--function=" + function, "--input=@" + path, *flags],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )


def file(name, data):
    path = os.path.join(TMP, name)
    with open(path, "wb") as out:
        out.write(data)
    return path


def bytes_of(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def with_header(header, data=b"", version=(1, 0), length=None):
    header = header.encode() if isinstance(header, str) else header
    length = len(header) if length is None else length
    size = struct.pack("<H" if version[0] == 1 else "<I", length)
    return b"\x93NUMPY" + bytes(version) + size + header + data


def check_roundtrip(function, array, descr, version=None):
    path = file("in.npy", bytes_of(array, version))
    out = os.path.join(TMP, "out.npy")
    done = run(function, path, "--output=@" + out, "--guard_pages")
    assert done.returncode == 0, (function, array.shape, done.stderr)
    result = np.load(out)
    assert descr.encode() in open(out, "rb").read(128), (function, descr)
    assert result.shape == array.shape, (function, result.shape)
    assert result.tobytes() == np.ascontiguousarray(array).tobytes(), function


def roundtrip():
    rng = np.random.default_rng(1)
    words = rng.integers(0, 2**16, (3, 5), dtype=np.uint16)
    check_roundtrip("i1", rng.integers(0, 2, (3, 5)).astype(bool), "|b1")
    for function, dtype, descr in [
        ("i8", np.int8, "|i1"), ("i8", np.uint8, "|i1"), ("i32", np.int32, "<i4"),
        ("i32", np.uint32, "<i4"), ("i64", np.int64, "<i8"), ("index", np.int64, "<i8"),
        ("index", np.uint64, "<i8"),
    ]:  # fmt: skip
        info = np.iinfo(dtype)
        check_roundtrip(function, rng.integers(info.min, info.max, (3, 5), dtype=dtype), descr)
    check_roundtrip("f16", words.view(np.float16), "<f2")
    check_roundtrip("bf16", words, "<V2")
    check_roundtrip("bf16", words.view("V2"), "<V2")
    floats = rng.standard_normal((3, 5))
    check_roundtrip("f32", floats.astype(np.float32), "<f4")
    check_roundtrip("f64", floats, "<f8")
    # Column-major order, the other format versions, no elements, one element.
    check_roundtrip("f64", np.asfortranarray(floats), "<f8")
    check_roundtrip("f64", floats.T, "<f8")
    check_roundtrip("f64", floats, "<f8", (2, 0))
    check_roundtrip("f64", floats, "<f8", (3, 0))
    check_roundtrip("f64", floats[:, :0], "<f8")
    check_roundtrip("f64", floats[:0], "<f8")
    check_roundtrip("scalar", np.float32(1.5).reshape(()), "<f4")
    # Bytes other than 0 and 1 are true.
    path = file("bytes.npy", bytes_of(np.array([[0, 1, 2, 255]], dtype=np.uint8)))
    assert "1x4xi1=[0 1 1 1]" in run("i1", path).stdout
    # Keys in another order, double quotes, no blanks.
    data = np.arange(4, dtype="<f4").tobytes()
    path = file("keys.npy", with_header('{"shape":(2,2),"fortran_order":False,"descr":"<f4"}', data))
    assert "2x2xf32=[0 1][2 3]" in run("f32", path).stdout


def malformed():
    good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
    data = bytes(16)
    dictionary = "its header is not a dictionary of descr, fortran_order and shape as NumPy writes it"

    def header(descr="'<f4'", order="False", shape="(2, 2)"):
        return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"

    cases = [
        (b"", "it is too short for a .npy file"),
        (b"\x93NUMPY\x01", "it is too short for a .npy file"),
        (b"\x93NUMPY\x02\x00\x01\x00\x00", "it is too short for a .npy file"),
        (b"\x93NUMPX\x01\x00" + bytes(64), r"it is not a .npy file: it does not start with \x93NUMPY"),
        (with_header(good, data, (4, 0)), "its format version is 4.0; 1.0, 2.0 and 3.0 are known"),
        (with_header(good, data, (1, 7)), "its format version is 1.7; 1.0, 2.0 and 3.0 are known"),
        (with_header(good, b"", length=1000), "it ends within its header, which says it has 1000 bytes"),
        (with_header(good, b"", (2, 0), 2**32 - 1), "it ends within its header, which says it has 4294967295 bytes"),
        (with_header(good + " " * 70000, data, (2, 0)), "its header of 70059 bytes is longer than 65536"),
        (with_header(good, data[1:]), "its shape 2x2xf32 needs 16 bytes, but 15 follow the header"),
        (with_header(good, data + b"x"), "its shape 2x2xf32 needs 16 bytes, but 17 follow the header"),
        (with_header(header(shape="(2, -2)"), data), "its shape 2x-2xf32 has a negative dimension"),
        (with_header(header(shape="(4294967296, 4294967296)"), data),
         "its shape 4294967296x4294967296xf32 is larger than memory can be"),
        (with_header(header(shape="(0, 4611686018427387904)"), b""),
         "its shape 0x4611686018427387904xf32 is larger than memory can be"),
        (with_header(header(shape="(1099511627776, 2)"), data),
         "its shape 1099511627776x2xf32 needs 8796093022208 bytes, but 16 follow the header"),
        (with_header(header(descr="'>f4'"), data),
         "its elements '>f4' are big-endian; write them little-endian: a.astype(a.dtype.newbyteorder('<'))"),
        (with_header(header(descr="'<c8'"), data * 2),
         "its elements '<c8' are not of a type that functions take; use f2, f4, f8, b1, i1, i4, i8, or V2 for bf16"),
        (with_header(header(descr="'<u2'"), data[:8]),
         "its elements '<u2' are two-byte words, which only stand for bf16, and that is not wanted here"),
        (with_header(header(descr="[('x', '<f4')]"), data), "it holds records, not numbers"),
    ]  # fmt: skip
    for text in [
        "", "{", "{}", "}", "{'descr'", "{'descr': '<f4", good[:-1], good + "x", good.replace("'", ""),
        header(order="None"), header(shape="(2)"), header(shape="2, 2"), header(shape="(2, 2"),
        header(shape="(2.0, 2)"), header(shape="(99999999999999999999,)"), header(shape="(" + "1," * 65 + ")"),
        header(descr="'<f4\\x00'"), header(descr="3"), good.replace("descr", "type"),
        good.replace("{", "{'descr': '<f4', "), good.replace(",", ""), good.replace("}", "'x': 1}"),
    ]:  # fmt: skip
        cases.append((with_header(text, data), dictionary))
    for content, message in cases:
        path = file("malformed.npy", content)
        expect(path, f"cannot read '{path}': {message}")
    expect(os.path.join(TMP, "none.npy"), f"cannot open '{TMP}/none.npy': No such file or directory")
    expect(TMP, f"cannot read '{TMP}': it is not a regular file")
    fifo = os.path.join(TMP, "fifo.npy")
    if not os.path.exists(fifo):
        os.mkfifo(fifo)
    expect(fifo, f"cannot read '{fifo}': it is not a regular file")


def expect(path, message):
    done = run("f32", path)
    wanted = f"attention-runner: error: --input=@{path}: {message}\n"
    assert (done.returncode, done.stderr) == (2, wanted), (done.returncode, done.stderr, wanted)


def fuzz():
    rng = random.Random(7)
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    seeds = [bytes_of(array), bytes_of(array, (2, 0)), bytes_of(np.asfortranarray(array))]
    tokens = [b"'", b"(", b")", b"{", b"}", b",", b"-", b"0", b"9" * 19, b"True", b"\x00", b"\xff", b"<V2", b">f8"]
    deadline = time.monotonic() + 20
    accepted = count = 0
    while count < 150 and time.monotonic() < deadline:
        content = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(min(len(content), 90)) if content else 0
            kind = rng.randrange(4)
            if kind == 0 and content:
                content[at] = rng.randrange(256)
            elif kind == 1:
                content[at:at] = rng.choice(tokens)
            elif kind == 2:
                del content[at : at + rng.randint(1, 8)]
            else:
                del content[rng.randrange(len(content) + 1) :]
        path = file("fuzz.npy", bytes(content))
        out = os.path.join(TMP, "fuzz-out.npy")
        done = run("f32", path, "--output=@" + out)
        count += 1
        if done.returncode == 0:
            accepted += 1
            # The last bytes of the file, in the file's order.
            wanted = np.load(path)
            assert np.load(out).tobytes() == np.ascontiguousarray(wanted).tobytes(), content
            continue
        assert done.returncode == 2, (done.returncode, done.stderr, bytes(content))
        lines = done.stderr.splitlines()
        assert len(lines) == 1 and lines[0].startswith("attention-runner: error: "), (done.stderr, bytes(content))
    assert count >= 10, "too slow to try anything"


{"roundtrip": roundtrip, "malformed": malformed, "fuzz": fuzz}[MODE]()
print(MODE, "passed")
