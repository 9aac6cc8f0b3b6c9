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
            params = group["params"]
            grads = [p.grad for p in params]
            momenta = [self.state[p].setdefault("momentum", torch.zeros_like(p)) for p in params]
            torch._foreach_mul_(momenta, group["momentum"])
            torch._foreach_add_(momenta, grads)
            updates = torch._foreach_add(grads, momenta, alpha=group["momentum"])
            by_shape = collections.defaultdict(list)
            for p, update in zip(params, updates):
                tall = p.shape[0] > p.shape[1]
                by_shape[tuple(sorted(p.shape)), tall].append((p, update.T if tall else update))
            if group["weight_decay"]:
                torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
            for (shape, tall), members in by_shape.items():
                steps = orthogonalize(torch.stack([update for _, update in members]))
                steps = steps * (max(1, members[0][0].shape[0] / members[0][0].shape[1]) ** 0.5)
                torch._foreach_add_([p for p, _ in members], [s.T if tall else s for s in steps], alpha=-group["lr"])
