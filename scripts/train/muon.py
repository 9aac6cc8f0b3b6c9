"""Muon: momentum whose update is made orthogonal by a Newton-Schulz iteration (K. Jordan et al., 2024), for matrices."""

import collections

import torch


def orthogonalize(g):
    """The nearest semi-orthogonal matrices, roughly (singular values 0.7 to 1.2); g: [count, rows, columns], rows <= columns."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (g / (g.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.float()


class Muon(torch.optim.Optimizer):
    """Learning rate: the RMS of an update is about lr / sqrt(columns)."""

    def __init__(self, params, lr=0.02, momentum=0.95, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = collections.defaultdict(list)
            for p in group["params"]:
                momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
                momentum.mul_(group["momentum"]).add_(p.grad)
                update = p.grad.add(momentum, alpha=group["momentum"])
                tall = p.shape[0] > p.shape[1]
                by_shape[tuple(sorted(p.shape))].append((p, update.T if tall else update, tall))
            for members in by_shape.values():
                updates = orthogonalize(torch.stack([update for _, update, _ in members]))
                for (p, _, tall), update in zip(members, updates):
                    scale = max(1, p.shape[0] / p.shape[1]) ** 0.5
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(update.T if tall else update, alpha=-group["lr"] * scale)
