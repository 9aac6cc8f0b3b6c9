"""Corpus: a pool of files POOL/<category>/<source>/… becomes one text file of pieces, split, weighted, without repeats.

Writes OUT/text.bin (pieces of at most 64 KiB, each valid UTF-8, back to back) and OUT/corpus.json:
{"sources": [{"name", "category", "weight", "xz", "train": [[offset, length], …], "val": […]}, …]}.
The same pool and options give the same bytes.
"""

import argparse
import hashlib
import json
import lzma
import os
import random

WINDOW = 2048   # bytes, about: the unit of de-duplication, cut at line ends
PIECE = 65536   # bytes, at most: the unit that is shuffled and held out
LONG_LINE = 32  # bytes; shorter lines ("}", "---") repeat in honest text and do not count as repeats
REPEATED = 0.8  # a window goes when at least this share of its bytes are long lines seen before

# What the model is for: the share of training windows by category.
SHARES = {"logs": 0.40, "text": 0.40, "code": 0.08, "structured": 0.12}

# Weights inside a category are xz size to this power: by information, yet small sources of many
# formats count.
TEMPER = 0.6

# Kinds that archives are full of, although little information is in the pool's sample of them:
# factors on that.
FAVOURED = {"logs/otrf-windows-events": 2, "logs/otrf-zeek": 2}

# No source is read more often than this by a run over so many bytes; what it leaves goes to the
# rest of its category.
MAX_PASSES, RUN_BYTES = 8, 2200e6


def windows(data):
    """Cuts data into windows of whole lines; a line longer than a window is cut by length."""
    start, size = 0, 0
    for line in data.splitlines(keepends=True):
        size += len(line)
        while size >= WINDOW:
            take = size if size < 2 * WINDOW else WINDOW
            yield data[start:start + take]
            start, size = start + take, size - take
    if size:
        yield data[start:start + size]


def utf8(data):
    """The bytes of data that are valid UTF-8: a piece must come back from its tokens."""
    return data.decode("utf-8", "ignore").encode()


class Deduplicator:
    """Remembers long lines, and drops windows that repeat what was seen."""

    def __init__(self):
        self.seen = set()

    def fresh(self, window):
        lines = [hash_of(line) for line in window.splitlines() if len(line) >= LONG_LINE]
        sizes = [len(line) for line in window.splitlines() if len(line) >= LONG_LINE]
        repeated = sum(size for line, size in zip(lines, sizes) if line in self.seen)
        self.seen.update(lines)
        return repeated < REPEATED * len(window)


def hash_of(line):
    return hashlib.blake2b(line, digest_size=8).digest()


def source_files(root):
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            yield os.path.join(folder, name)


def source_pieces(root, cap, seed):
    """Pieces of a source in a fixed random order, cap bytes at most; no file gives more than a quarter of cap."""
    rng = random.Random(seed)
    files = list(source_files(root))
    rng.shuffle(files)
    dedup, pieces, total = Deduplicator(), [], 0
    for path in files:
        if total >= cap:
            break
        size = os.path.getsize(path)
        take = min(size, cap // 4)
        with open(path, "rb") as f:
            f.seek(rng.randrange(size - take + 1))
            data = f.read(take)
        if data.count(0) > len(data) // 100:
            continue
        piece = bytearray()
        for window in windows(data):
            if not dedup.fresh(window):
                continue
            if len(piece) + len(window) > PIECE:
                pieces.append(utf8(bytes(piece)))
                piece.clear()
            piece += window
        if len(piece) >= 64:
            pieces.append(utf8(bytes(piece)))
        total = sum(map(len, pieces))
    rng.shuffle(pieces)
    return pieces


def hold_out(pieces, share):
    """Splits pieces into training and validation: about share of the bytes are held out, one piece at least."""
    want, held = share * sum(map(len, pieces)), []
    while len(pieces) > 1 and (not held or sum(map(len, held)) < want):
        held.append(pieces.pop())
    return pieces, held


def weigh(sources):
    for category in {s["category"] for s in sources}:
        members = [s for s in sources if s["category"] == category]
        left = SHARES.get(category, 0.1)
        while members:
            raw = {s["name"]: FAVOURED.get(s["name"], 1) * s["xz"] ** TEMPER for s in members}
            total = sum(raw.values())
            limits = {s["name"]: MAX_PASSES * sum(n for _, n in s["train"]) / RUN_BYTES for s in members}
            full = [s for s in members if left * raw[s["name"]] / total > limits[s["name"]]]
            if len(full) == len(members):  # a small pool: nothing to give the rest to
                full = []
            for s in full or members:
                s["weight"] = limits[s["name"]] if full else left * raw[s["name"]] / total
            left -= sum(s["weight"] for s in full)
            members = [s for s in members if full and s not in full]
    total = sum(s["weight"] for s in sources)
    for s in sources:
        s["weight"] /= total


def build(pool, out, cap, val_share):
    os.makedirs(out, exist_ok=True)
    sources, offset = [], 0
    with open(os.path.join(out, "text.bin"), "wb") as text:
        for category in sorted(os.listdir(pool)):
            for name in sorted(os.listdir(os.path.join(pool, category))):
                pieces = source_pieces(os.path.join(pool, category, name), cap, seed=f"lmz/{category}/{name}")
                if not pieces:
                    continue
                xz = len(lzma.compress(b"".join(pieces), preset=1))
                train, val = hold_out(pieces, val_share)
                source = {"name": f"{category}/{name}", "category": category, "xz": xz, "train": [], "val": []}
                for part, members in (("train", train), ("val", val)):
                    for piece in members:
                        text.write(piece)
                        source[part].append([offset, len(piece)])
                        offset += len(piece)
                sources.append(source)
    weigh(sources)
    with open(os.path.join(out, "corpus.json"), "w") as f:
        json.dump({"sources": sources}, f)
    for s in sources:
        size = sum(n for _, n in s["train"])
        print(f"{s['name']:40} {size:10} B  xz {s['xz']:9}  weight {s['weight']:.4f}")
    print(f"{'all':40} {offset:10} B")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("pool", help="folder of <category>/<source>/files")
    p.add_argument("out", help="working folder")
    p.add_argument("--cap", type=float, default=16, help="MiB of text taken per source (default 16)")
    p.add_argument("--val", type=float, default=0.02, help="share of each source that is held out (default 0.02)")
    a = p.parse_args()
    build(a.pool, a.out, int(a.cap * (1 << 20)), a.val)
