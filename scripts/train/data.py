"""Data: windows of tokens drawn from OUT/tokens.u16 by the sources' weights; fixed validation windows per source."""

import json
import os

import numpy as np
import torch


class Data:
    def __init__(self, out):
        with open(os.path.join(out, "tokens.json")) as f:
            index = json.load(f)
        self.bos, self.sources = index["bos"], index["sources"]
        self.tokens = np.memmap(os.path.join(out, "tokens.u16"), dtype="<u2", mode="r")
        self.weights = np.array([s["weight"] for s in self.sources])

    def window(self, start, length, bos):
        """Inputs and targets of length tokens; with bos the window opens as the codecs open theirs."""
        part = self.tokens[start:start + length + 1].astype(np.int64)
        if bos:
            part[0] = self.bos
        return part[:-1], part[1:]

    def batch(self, rng, batch, length):
        """batch windows at random places. One in eight opens without BOS, in the middle of a text."""
        rows = []
        for source in rng.choice(len(self.sources), batch, p=self.weights):
            start, end = self.sources[source]["train"]
            rows.append(self.window(rng.integers(start, max(start + 1, end - length)), length, rng.random() < 0.875))
        return [torch.from_numpy(np.stack(side)) for side in zip(*rows)]

    def validation(self, length, windows):
        """For each source: its name, inputs and targets of up to `windows` windows spread over its validation part."""
        for source in self.sources:
            start, end = source["val"]
            count = min(windows, (end - start) // (length + 1))
            if count == 0:
                continue
            rows = [self.window(at, length, True) for at in np.linspace(start, end - length - 1, count).astype(int)]
            x, y = (torch.from_numpy(np.stack(side)) for side in zip(*rows))
            yield source, x, y

    def bytes_per_token(self, source):
        return source["val_bytes"] / max(1, source["val"][1] - source["val"][0])
