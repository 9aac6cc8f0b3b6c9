"""GGUF: a writer of version 3 files (ggml, docs/gguf.md), and ggml's reference quantization of a tensor's rows."""

import struct

import numpy as np

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5   # gguf_metadata_value_type
FORMATS = {"f32": (0, 0), "f16": (1, 1), "q4_0": (2, 2), "q8_0": (8, 7)}  # ggml_type, general.file_type
BLOCK = 32  # weights that share a scale


def half_away(x):
    """C's roundf: halves go away from zero."""
    return np.trunc(x + np.copysign(np.float32(0.5), x))


def inverse(scale):
    return np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)


def q8_0(rows):
    """Blocks of a float16 scale d and 32 int8: quantize_row_q8_0_ref."""
    blocks = rows.reshape(-1, BLOCK)
    d = np.abs(blocks).max(1, keepdims=True) / np.float32(127)
    return np.concatenate([d.astype("<f2").view(np.uint8),
                           half_away(blocks * inverse(d)).astype(np.int8).view(np.uint8)], 1)


def q4_0(rows):
    """Blocks of a float16 scale d and 32 nibbles, the second half of the block in the high ones: quantize_row_q4_0_ref."""
    blocks = rows.reshape(-1, BLOCK)
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)
    d = extreme / np.float32(-8)
    nibbles = np.minimum(15, np.trunc(blocks * inverse(d) + np.float32(8.5))).astype(np.uint8)
    return np.concatenate([d.astype("<f2").view(np.uint8), nibbles[:, :16] | nibbles[:, 16:] << 4], 1)


def encode(tensor, form):
    """The bytes of a float32 tensor; only matrices are quantized."""
    if tensor.ndim == 1 or form == "f32":
        return "f32", tensor.astype("<f4").tobytes()
    if form == "f16":
        return form, tensor.astype("<f2").tobytes()
    return form, {"q8_0": q8_0, "q4_0": q4_0}[form](tensor.astype(np.float32)).tobytes()


def string(s):
    data = s.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, v):
    if kind == STRING:
        return string(v)
    if kind == ARRAY:
        item, members = v
        return struct.pack("<IQ", item, len(members)) + b"".join(value(item, m) for m in members)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], v)


def write(path, metadata, tensors, form):
    """metadata: (key, kind, value) in order; tensors: name to float32 array [rows, columns] or [columns]."""
    data, infos = bytearray(), b""
    for name, tensor in tensors.items():
        used, content = encode(tensor, form)
        shape = tensor.shape[::-1]
        infos += string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, FORMATS[used][0], len(data))
        data += content + bytes(-len(content) % ALIGNMENT)
    metadata = metadata + [("general.file_type", UINT32, FORMATS[form][1])]
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    head += b"".join(string(key) + struct.pack("<I", kind) + value(kind, v) for key, kind, v in metadata) + infos
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT) + data)
