"""Plot: RUN/log.jsonl becomes a picture of the losses over the tokens (SVG or PNG, by the file's ending)."""

import argparse
import json
import os

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "lmz"  # the same log gives the same file
import matplotlib.pyplot as plt  # noqa: E402


def kept(log):
    """The entries that count: a run that goes on from a checkpoint starts over what came after it."""
    entries = []
    for entry in log:
        if "options" in entry:
            entries = [e for e in entries if e["step"] <= entry["step"]]
        entries.append(entry)
    return entries


def plot(run, file, title):
    with open(os.path.join(run, "log.jsonl")) as f:
        entries = kept(json.loads(line) for line in f)
    steps = [e for e in entries if "loss" in e]
    validations = [e for e in entries if "validation" in e]
    figure, axes = plt.subplots(figsize=(6.4, 3.6), constrained_layout=True)
    axes.plot([e["tokens"] / 1e6 for e in steps], [e["loss"] for e in steps], color="0.75", linewidth=1, label="training")
    for category in sorted(validations[-1]["validation"], reverse=True) if validations else []:
        axes.plot([e["tokens"] / 1e6 for e in validations], [e["validation"][category][0] for e in validations],
                  marker=".", linewidth=2 if category == "all" else 1, label=f"validation, {category}")
    axes.set(xlabel="tokens, millions", ylabel="nats per token", title=title, ylim=(None, 6))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(file, metadata={"Date": None} if file.endswith(".svg") else None)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("run", help="folder of the run")
    p.add_argument("file", help="picture to write")
    p.add_argument("--title", default=None)
    a = p.parse_args()
    plot(a.run, a.file, a.title)
