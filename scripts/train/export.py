"""Export: RUN/checkpoint.pt and OUT/tokenizer.json become a GGUF file of arch "llama"."""

import argparse
import hashlib
import os

import torch

import gguf
import model
from tokenizer import Tokenizer

NORMAL, CONTROL, UNUSED = 1, 3, 5  # llama_token_type


def byte_characters():
    """GPT-2's printable character for each byte, as GGUF spells byte-level pieces."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    other = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(other)}}


def vocabulary(tokenizer):
    characters = byte_characters()

    def spell(piece):
        return "".join(characters[b] for b in piece)

    first_unused = tokenizer.bos - tokenizer.unused
    tokens = [spell(piece) for piece in tokenizer.pieces[:first_unused]]
    tokens += [f"<|unused{i}|>" for i in range(tokenizer.unused)] + ["<|bos|>"]
    types = [NORMAL] * first_unused + [UNUSED] * tokenizer.unused + [CONTROL]
    merges = [f"{spell(a)} {spell(b)}" for a, b in tokenizer.merges]
    return [("tokenizer.ggml.model", gguf.STRING, "gpt2"),
            ("tokenizer.ggml.pre", gguf.STRING, "llama-bpe"),
            ("tokenizer.ggml.tokens", gguf.ARRAY, (gguf.STRING, tokens)),
            ("tokenizer.ggml.token_type", gguf.ARRAY, (gguf.INT32, types)),
            ("tokenizer.ggml.merges", gguf.ARRAY, (gguf.STRING, merges)),
            ("tokenizer.ggml.bos_token_id", gguf.UINT32, tokenizer.bos),
            ("tokenizer.ggml.eos_token_id", gguf.UINT32, tokenizer.bos),
            ("tokenizer.ggml.add_bos_token", gguf.BOOL, False)]


def architecture(c, name):
    return [("general.architecture", gguf.STRING, "llama"),
            ("general.name", gguf.STRING, name),
            ("general.license", gguf.STRING, "mit"),
            ("llama.context_length", gguf.UINT32, c.context),
            ("llama.embedding_length", gguf.UINT32, c.width),
            ("llama.block_count", gguf.UINT32, c.layers),
            ("llama.feed_forward_length", gguf.UINT32, c.ffn),
            ("llama.attention.head_count", gguf.UINT32, c.heads),
            ("llama.attention.head_count_kv", gguf.UINT32, c.kv_heads),
            ("llama.attention.layer_norm_rms_epsilon", gguf.FLOAT32, model.EPSILON),
            ("llama.rope.freq_base", gguf.FLOAT32, model.ROPE_BASE),
            ("llama.rope.dimension_count", gguf.UINT32, c.head_width),
            ("llama.vocab_size", gguf.UINT32, c.vocab)]


def tensors(c, state):
    """The parameters by GGUF name; the rows of attn_q and attn_k in the order of neighbouring rotary pairs."""
    out = {}
    for name, tensor in state.items():
        if name == "output.weight" and c.tied:
            continue
        if name.endswith(("attn_q.weight", "attn_k.weight")):
            tensor = tensor.view(-1, 2, c.head_width // 2, c.width).transpose(1, 2).reshape(-1, c.width)
        out[name] = tensor.float().numpy()
    return out


def load(run):
    state = torch.load(os.path.join(run, "checkpoint.pt"), map_location="cpu")
    return model.Config(**state["config"]), state


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out", help="working folder of tokenizer.py")
    p.add_argument("run", help="folder of the run")
    p.add_argument("file", help="GGUF file to write")
    p.add_argument("--type", choices=gguf.FORMATS, default="q8_0", help="of the matrices (default q8_0)")
    p.add_argument("--name", default="lmz", help="general.name (default lmz)")
    a = p.parse_args()
    config, state = load(a.run)
    tokenizer = Tokenizer.load(os.path.join(a.out, "tokenizer.json"))
    gguf.write(a.file, architecture(config, a.name) + vocabulary(tokenizer), tensors(config, state["model"]), a.type)
    with open(a.file, "rb") as f:
        print(a.file, os.path.getsize(a.file), "bytes, SHA-256", hashlib.sha256(f.read()).hexdigest())
