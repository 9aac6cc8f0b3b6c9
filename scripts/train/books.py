"""Books: public-domain books in Markdown (the files of github.com/mlschmitt/classic-books-markdown) become a source of the pool.

Leaves out authors of the benchmark's files and books that share runs of words with FILE…: the benchmark's texts, so that they are
not learned by heart, and the pool's novels, so that no source holds what is held out of another. Every second book is wrapped at
60 to 76 columns, as plain text mostly is. The same books and files give the same bytes.
"""

import argparse
import hashlib
import os
import random
import re
import textwrap
import zlib

EXCLUDED = {"Charles Dickens", "Lewis Carroll", "John Milton", "William Shakespeare"}
RUN = 12      # words
SHARED = 0.01  # a book is left out when more of its runs are in a FILE


def runs(text):
    """Hashes of one in eight of the runs of RUN words."""
    words = re.findall(r"[a-z]+", text.lower())
    for i in range(len(words) - RUN + 1):
        h = zlib.crc32(" ".join(words[i:i + RUN]).encode())
        if h % 8 == 0:
            yield h


def read(path):
    with open(path, encoding="utf-8", errors="ignore") as f:
        return f.read()


def wrap(text, width):
    return "\n".join(textwrap.fill(line, width, break_long_words=False) for line in text.splitlines()) + "\n"


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("books", help="folder of <author>/<title>.md")
    p.add_argument("out", help="folder to write")
    p.add_argument("files", nargs="*", help="texts that no book may share runs of words with")
    p.add_argument("--cap", type=int, default=300_000, help="characters of a book (default 300000)")
    a = p.parse_args()
    known = set()
    for path in a.files:
        known.update(runs(read(path)))
    os.makedirs(a.out, exist_ok=True)
    total = 0
    for author in sorted(os.listdir(a.books)):
        folder = os.path.join(a.books, author)
        if author in EXCLUDED or not os.path.isdir(folder) or author.startswith("."):
            continue
        for name in sorted(os.listdir(folder)):
            rng = random.Random(name)
            text = read(os.path.join(folder, name))
            shared = [h in known for h in runs(text)]
            if sum(shared) > SHARED * len(shared):
                print(f"left out: {author}, {name}: {sum(shared) / len(shared):.3f}")
                continue
            start = rng.randrange(max(1, len(text) - a.cap))
            text = text[start:start + a.cap]
            if rng.random() < 0.5:
                text = wrap(text, rng.randint(60, 76))
            data = text.encode()
            total += len(data)
            path = os.path.join(a.out, hashlib.sha256(f"{author}/{name}".encode()).hexdigest()[:16] + ".txt")
            with open(path, "wb") as f:
                f.write(data)
    print(f"{total} bytes")
