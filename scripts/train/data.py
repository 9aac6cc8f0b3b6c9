"""Data: windows of tokens drawn from OUT/tokens.u16 by the sources' weights; fixed validation windows per source."""

import json
import os

import numpy as np
import torch


class Data:
    """tokens lie on device, so that a GPU draws its windows itself."""

    def __init__(self, out, device="cpu"):
        with open(os.path.join(out, "tokens.json")) as f:
            index = json.load(f)
        self.bos, self.sources, self.device = index["bos"], index["sources"], device
        # PyTorch indexes int16 but not uint16: windows() takes the sign off again.
        self.tokens = torch.from_numpy(np.fromfile(os.path.join(out, "tokens.u16"), dtype="<i2")).to(device)
        self.weights = torch.tensor([s["weight"] for s in self.sources], device=device)
        self.ranges = torch.tensor([s["train"] for s in self.sources], device=device)

    def windows(self, starts, length, bos):
        """Inputs and targets [batch, length]; where bos is true the window opens as the codecs open theirs."""
        rows = self.tokens[starts[:, None] + torch.arange(length + 1, device=self.device)].long() & 0xffff
        rows[:, 0] = torch.where(bos, self.bos, rows[:, 0])
        return rows[:, :-1], rows[:, 1:]

    def batch(self, rng, batch, length):
        """batch windows at random places. One in eight opens without BOS, in the middle of a text."""
        start, end = self.ranges[torch.multinomial(self.weights, batch, replacement=True, generator=rng)].unbind(1)
        place = torch.rand(batch, generator=rng, device=self.device, dtype=torch.float64)
        start = start + (place * (end - length - start).clamp(min=1)).long()
        return self.windows(start, length, torch.rand(batch, generator=rng, device=self.device) < 0.875)

    def validation(self, length, windows):
        """For each source: its name, inputs and targets of up to `windows` windows spread over its validation part."""
        for source in self.sources:
            start, end = source["val"]
            count = min(windows, (end - start) // (length + 1))
            if count == 0:
                continue
            starts = torch.tensor(np.linspace(start, end - length - 1, count).astype(int), device=self.device)
            yield source, *self.windows(starts, length, torch.ones(count, dtype=torch.bool, device=self.device))

    def bytes_per_token(self, source):
        return source["val_bytes"] / max(1, source["val"][1] - source["val"][0])
