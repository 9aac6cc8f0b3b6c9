"""Model: a llama (RMSNorm, rotary positions, SwiGLU, no biases) with one or few KV heads, as GGUF arch "llama" defines it."""

import dataclasses

import torch
import torch.nn.functional as F
from torch import nn

ROPE_BASE = 10000.0
EPSILON = 1e-5
QUERIES = 128  # rows of a block of attention
TIED_STD = 0.02  # of an embedding that is the output too, at the start


@dataclasses.dataclass
class Config:
    vocab: int = 4096
    width: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 1
    ffn: int = 704
    context: int = 512
    tied: bool = False  # the output matrix is the embedding
    rounded: bool = False  # train with the roundings of class exact

    @property
    def head_width(self):
        return self.width // self.heads

    @property
    def rounding(self):
        """What weights and activations go through."""
        return int8 if self.rounded else lambda t: t


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight).to(x.dtype)


def rotary(positions, head_width):
    """Tables [positions, head_width/2]: cos and sin of position times base^(-2i/head_width)."""
    inverse = ROPE_BASE ** (-torch.arange(0, head_width, 2).float() / head_width)
    angle = torch.arange(positions).float()[:, None] * inverse
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    """Rotates pairs (x[i], x[i + width/2]), which vectorises; export.py reorders the rows of attn_q and attn_k for arch
    "llama", whose pairs are neighbours. x: [batch, heads, time, width]."""
    a, b = x.float().chunk(2, -1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), -1).to(x.dtype)


def int8(x):
    """x as class exact rounds it, to 255 steps of its last dimension's greatest magnitude; gradients pass through."""
    wide = x.float()
    step = wide.detach().abs().amax(-1, keepdim=True).clamp(min=1e-20) / 127
    return (wide + ((wide / step).round() * step - wide).detach()).to(x.dtype)


def attention(q, k, v):
    """Causal attention; q: [batch, heads, time, width], k, v: [batch, kv_heads, time, width].

    On a CPU, plain matrix products by blocks of queries: several times faster there than scaled_dot_product_attention
    of PyTorch 2.6, and what lies above the diagonal is mostly skipped."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=q.shape[1] != k.shape[1])
    batch, heads, time, width = q.shape
    group, outputs = heads // k.shape[1], []
    for start in range(0, time, QUERIES):
        end = min(start + QUERIES, time)
        rows = q[:, :, start:end].reshape(-1, group * (end - start), width)
        keys, values = k[:, :, :end].reshape(-1, end, width), v[:, :, :end].reshape(-1, end, width)
        future = torch.ones(end - start, end, dtype=torch.bool, device=q.device).triu(start + 1)
        scores = (rows @ keys.transpose(1, 2)).view(-1, end - start, end).float() * width ** -0.5
        weights = scores.masked_fill(future, float("-inf")).softmax(-1).to(v.dtype)
        outputs.append((weights.view(rows.shape[0], -1, end) @ values).view(batch, heads, end - start, width))
    return torch.cat(outputs, 2)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        kv = c.kv_heads * c.head_width
        self.c = c
        self.attn_norm, self.ffn_norm = RMSNorm(c.width), RMSNorm(c.width)
        self.attn_q = nn.Linear(c.width, c.width, bias=False)
        self.attn_k = nn.Linear(c.width, kv, bias=False)
        self.attn_v = nn.Linear(c.width, kv, bias=False)
        self.attn_output = nn.Linear(c.width, c.width, bias=False)
        self.ffn_gate = nn.Linear(c.width, c.ffn, bias=False)
        self.ffn_up = nn.Linear(c.width, c.ffn, bias=False)
        self.ffn_down = nn.Linear(c.ffn, c.width, bias=False)
        for linear in (self.attn_q, self.attn_k, self.attn_v, self.ffn_gate, self.ffn_up):
            nn.init.normal_(linear.weight, std=c.width ** -0.5)
        nn.init.zeros_(self.attn_output.weight)
        nn.init.zeros_(self.ffn_down.weight)

    def forward(self, x, cos, sin):
        batch, time, width = x.shape
        rounded = self.c.rounding

        def heads(t):
            return t.view(batch, time, -1, self.c.head_width).transpose(1, 2)

        def product(matrix, t):
            return F.linear(t, rounded(matrix.weight))

        h = rounded(self.attn_norm(x))
        q = rounded(rotate(heads(product(self.attn_q, h)), cos, sin))
        k = rounded(rotate(heads(product(self.attn_k, h)), cos, sin))
        y = attention(q, k, rounded(heads(product(self.attn_v, h))))
        x = x + product(self.attn_output, rounded(y.transpose(1, 2).reshape(batch, time, width)))
        h = rounded(self.ffn_norm(x))
        return x + product(self.ffn_down, rounded(F.silu(product(self.ffn_gate, h)) * product(self.ffn_up, h)))


class Llama(nn.Module):
    """Parameters are named as GGUF tensors are, with "blk" for the list of blocks."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.token_embd = nn.Embedding(c.vocab, c.width)
        self.blk = nn.ModuleList([Block(c) for _ in range(c.layers)])
        self.output_norm = RMSNorm(c.width)
        self.output = nn.Linear(c.width, c.vocab, bias=False)
        nn.init.normal_(self.token_embd.weight, std=TIED_STD if c.tied else 0.5)
        nn.init.zeros_(self.output.weight)
        if c.tied:
            self.output.weight = self.token_embd.weight
        cos, sin = rotary(c.context, c.head_width)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, tokens):
        """tokens [batch, time] to what output_norm and output make logits of: [batch, time, width]."""
        time = tokens.shape[1]
        x = self.token_embd(tokens)
        for block in self.blk:
            x = block(x, self.cos[:time], self.sin[:time])
        return x

    def loss(self, tokens, targets):
        """Mean cross-entropy in nats per token; tokens, targets: [batch, time]."""
        return self.cost(self(tokens), targets)

    def logits(self, x):
        """What forward returned to logits, float32 [batch * time, vocab]."""
        rounded = self.c.rounding
        return F.linear(rounded(self.output_norm(x)), rounded(self.output.weight)).flatten(0, 1).float()

    def cost(self, x, targets):
        return F.cross_entropy(self.logits(x), targets.flatten())

    def distilled(self, tokens, targets, teacher, share):
        """(1 - share) of the cross-entropy and share of the divergence KL(teacher || model), nats per token."""
        with torch.no_grad():
            known = teacher(tokens)
        return self.taught(self(tokens), known, targets, teacher, share)

    def taught(self, x, known, targets, teacher, share):
        logits = self.logits(x)
        with torch.no_grad():
            soft = teacher.logits(known).log_softmax(-1)
        divergence = F.kl_div(logits.log_softmax(-1), soft, reduction="batchmean", log_target=True)
        return (1 - share) * F.cross_entropy(logits, targets.flatten()) + share * divergence

    def compile_parts(self):
        """One block is compiled and serves for all of them: a quarter of the wait, nearly all of the speed."""
        for block in self.blk:
            block.compile(dynamic=False)
        self.cost = torch.compile(self.cost, dynamic=False)
        self.taught = torch.compile(self.taught, dynamic=False)

    def matrices(self):
        """The blocks' weight matrices: what Muon trains."""
        return [p for name, p in self.named_parameters() if name.startswith("blk.") and p.ndim == 2]

    def others(self):
        """Embedding, output and norms: what AdamW trains."""
        return [p for name, p in self.named_parameters() if not (name.startswith("blk.") and p.ndim == 2)]
