"""Training: OUT/tokens.u16 (tokenizer.py) becomes RUN/checkpoint.pt; a run that was stopped goes on from it.

The learning rate is warmed up, held and then brought to zero linearly (WSD), over --tokens or --minutes of training, whichever
ends first. RUN/log.jsonl holds the progress: losses, and on validation nats per token and bits per byte by source and category.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import time

import numpy as np
import torch

from data import Data
from model import Config, Llama
from muon import Muon

WARMUP = 50  # steps


def phases(text):
    """"256x24:0.5,512x16:1" is windows of 256 tokens, 24 at once, for the first half of the run, then 512, 16 at once."""
    out = []
    for part in text.split(","):
        shape, until = part.split(":")
        length, batch = shape.split("x")
        out.append((float(until), int(length), int(batch)))
    return out


def learning_rate(step, progress, stable):
    """The factor on every peak learning rate; progress runs from 0 to 1."""
    return min(1, (step + 1) / WARMUP) * min(1, max(0.01, (1 - progress) / (1 - stable)))


class Trainer:
    def __init__(self, a):
        self.a, self.data = a, Data(a.out, a.device)
        torch.manual_seed(a.seed)
        self.config = Config(vocab=self.data.bos + 1, width=a.width, layers=a.layers, heads=a.heads, kv_heads=a.kv_heads,
                             ffn=a.ffn, context=max(length for _, length, _ in phases(a.phases)), tied=a.tied, rounded=a.rounded)
        self.model = Llama(self.config).to(a.device)
        fused = {"fused": True} if a.device == "cuda" else {}
        if a.optimizer == "muon":
            self.optimizers = [Muon(self.model.matrices(), lr=a.muon_lr),
                               torch.optim.AdamW(self.model.others(), lr=a.adam_lr, betas=(0.9, 0.95), weight_decay=0, **fused)]
        else:
            self.optimizers = [torch.optim.AdamW(self.model.parameters(), lr=a.adam_lr, betas=(0.9, 0.95), weight_decay=0.1)]
        self.peaks = [o.param_groups[0]["lr"] for o in self.optimizers]
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.rng = torch.Generator(a.device).manual_seed(a.seed)
        self.stopped = False
        self.path = os.path.join(a.run, "checkpoint.pt")
        self.teacher = None
        if a.teacher:
            state = torch.load(os.path.join(a.teacher, "checkpoint.pt"))
            self.teacher = Llama(Config(**state["config"])).to(a.device)
            self.teacher.load_state_dict(state["model"])
            if a.compile:
                self.teacher.compile_parts()
        if a.compile:
            self.model.compile_parts()

    def loss(self, x, y):
        with torch.autocast(self.a.device, dtype=torch.bfloat16):
            if self.teacher and torch.is_grad_enabled():
                return self.model.distilled(x, y, self.teacher, self.a.distill)
            return self.model.loss(x, y)

    def progress(self):
        return max(self.tokens / self.a.tokens, self.seconds / 60 / self.a.minutes)

    def save(self):
        state = {"config": dataclasses.asdict(self.config), "model": self.model.state_dict(),
                 "optimizers": [o.state_dict() for o in self.optimizers], "rng": self.rng.get_state(),
                 "step": self.step, "tokens": self.tokens, "seconds": self.seconds}
        torch.save(state, self.path + ".new")
        os.replace(self.path + ".new", self.path)

    def resume(self):
        state = torch.load(self.path, map_location=self.a.device)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        self.rng.set_state(state["rng"].cpu())
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]

    def log(self, **entry):
        entry = {"step": self.step, "tokens": self.tokens, "seconds": round(self.seconds), **entry}
        line = json.dumps(entry)
        print(line if "sources" not in entry else line[:line.index('"sources"')], flush=True)
        with open(os.path.join(self.a.run, "log.jsonl"), "a") as f:
            f.write(line + "\n")

    @torch.no_grad()
    def validate(self, length, windows=4):
        """Nats per token by source; categories and the whole are means weighted as training is."""
        sources, groups = {}, {}
        eager = torch.compiler.set_stance("force_eager") if self.a.compile else contextlib.nullcontext()
        for source, x, y in self.data.validation(length, windows):
            with eager:
                nats = self.loss(x, y).item()
            bits = nats / np.log(2) / self.data.bytes_per_token(source)
            sources[source["name"]] = [round(nats, 4), round(bits, 4)]
            for key in (source["category"], "all"):
                groups.setdefault(key, []).append((source["weight"], nats, bits))
        means = {key: [round(float(np.average([r[i] for r in rows], weights=[r[0] for r in rows])), 4) for i in (1, 2)]
                 for key, rows in groups.items()}
        self.log(validation=means, length=length, sources=sources)

    def train(self):
        a = self.a
        mark, saved, validated = time.time(), self.seconds, self.seconds
        length, losses = 0, []
        while (progress := self.progress()) < 1 and not self.stopped:
            _, length, batch = next(p for p in phases(a.phases) if progress < p[0] or p[0] == 1)
            x, y = self.data.batch(self.rng, batch, length)
            loss = self.loss(x, y)
            loss.backward()
            rate = learning_rate(self.step, progress, a.stable)
            for optimizer, peak in zip(self.optimizers, self.peaks):
                optimizer.param_groups[0]["lr"] = peak * rate
                optimizer.step()
            self.model.zero_grad(set_to_none=True)
            losses.append(loss.detach())  # read only for the log: a GPU shall not wait for that
            now = time.time()
            self.seconds, mark = self.seconds + now - mark, now
            self.step, self.tokens = self.step + 1, self.tokens + batch * length
            if self.step % a.log_steps == 0:
                self.log(loss=round(torch.stack(losses).mean().item(), 4), rate=round(rate, 4), progress=round(progress, 4))
                losses = []
            if self.seconds - saved > 180:
                saved = self.seconds
                self.save()
            if self.seconds - validated > 60 * a.validate_minutes:
                validated = self.seconds
                self.validate(length)
        self.save()
        if not self.stopped:
            self.validate(length or phases(a.phases)[-1][1], windows=8)

    def stop(self, *_):
        """Lets the step end, saves and leaves: the run can go on later."""
        self.stopped = True


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("out", help="working folder of tokenizer.py")
    p.add_argument("run", help="folder of the run")
    p.add_argument("--tokens", type=float, default=1e9, help="tokens to train on at most")
    p.add_argument("--minutes", type=float, default=1e6, help="minutes to train at most")
    p.add_argument("--width", type=int, default=256)
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--kv-heads", type=int, default=1)
    p.add_argument("--ffn", type=int, default=704)
    p.add_argument("--tied", action="store_true", help="the output matrix is the embedding")
    p.add_argument("--phases", default="256x24:0.5,512x16:1", help="LENGTHxBATCH:UNTIL,…; the last UNTIL is 1")
    p.add_argument("--optimizer", choices=("muon", "adamw"), default="muon")
    p.add_argument("--muon-lr", type=float, default=0.02)
    p.add_argument("--adam-lr", type=float, default=3e-3)
    p.add_argument("--stable", type=float, default=0.4, help="share of the run before the learning rate falls")
    p.add_argument("--teacher", help="learn from the model of this run, of the same tokenizer, too")
    p.add_argument("--distill", type=float, default=0.5, help="weight of the teacher")
    p.add_argument("--rounded", action="store_true", help="train with the roundings of class exact")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--compile", action="store_true", help="torch.compile (PyTorch 2 with a C++ compiler): 2-3 times faster")
    p.add_argument("--log-steps", type=int, default=50)
    p.add_argument("--validate-minutes", type=float, default=10)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    os.makedirs(a.run, exist_ok=True)
    trainer = Trainer(a)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, trainer.stop)
    if os.path.exists(trainer.path):
        trainer.resume()
    trainer.log(parameters=sum(q.numel() for q in trainer.model.parameters()), options=vars(a), torch=torch.__version__)
    trainer.train()
