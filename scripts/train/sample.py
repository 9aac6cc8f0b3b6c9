"""Sample: writes RUN/sample.json, what the trainer says of a few validation windows, for `check` to compare libllama with.

{"nats": [mean loss per window, float32], "windows": [[token, …], …], "texts": [{"text": …, "tokens": […]}, …]}.
A window's first token is only read; each of the others is predicted from those before it.
"""

import argparse
import json
import os
import random

import numpy as np
import torch

import export
import model
from data import Data
from tokenizer import Tokenizer

# What pre-tokenizers disagree about.
HARD = ["I'll we'Re 'S don't", "\t\tif x {\r\n\n\n  }  \n", "1234567 1a2b 3.14 ½ ٣٤٥", "naïve Ünïcödé 日本語 текст 🙂🙂 e\u0301",
        "a  b   c\u00a0\u2003d \x0b\x0c e ", "!!!\n\n?? ...//  /* */", "Nov 24 01:59:10 host sshd[123]: x=0xDEADbeef", "\u2028\x85 \x1f\x00\x7f"]


@torch.no_grad()
def sample(out, run, windows, texts):
    config, state = export.load(run)
    net = model.Llama(config)
    net.load_state_dict(state["model"])
    data, tokenizer = Data(out), Tokenizer.load(os.path.join(out, "tokenizer.json"))
    rows, nats = [], []
    for _, x, y in data.validation(config.context, windows):
        for tokens, targets in zip(x, y):
            rows.append(tokens.tolist() + targets[-1:].tolist())
            nats.append(net.loss(tokens[None], targets[None]).item())
    with open(os.path.join(out, "corpus.json")) as f:
        pieces = [tuple(piece) for source in json.load(f)["sources"] for piece in source["val"]]
    raw = np.memmap(os.path.join(out, "text.bin"), dtype=np.uint8, mode="r")
    cut = [raw[at:at + size][:8192].tobytes().decode("utf-8", "ignore")
           for at, size in random.Random("lmz/sample").sample(pieces, min(texts, len(pieces)))]
    texts = [{"text": text, "tokens": tokenizer.encode(text).tolist()} for text in HARD + cut]
    with open(os.path.join(run, "sample.json"), "w") as f:
        json.dump({"nats": nats, "windows": rows, "texts": texts}, f)
    print(f"trainer: {np.mean(nats):.4f} nats per token over {len(rows)} windows of {config.context}")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out", help="working folder of tokenizer.py")
    p.add_argument("run", help="folder of the run")
    p.add_argument("--windows", type=int, default=1, help="per source (default 1)")
    p.add_argument("--texts", type=int, default=40, help="pieces of text (default 40)")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    sample(a.out, a.run, a.windows, a.texts)
