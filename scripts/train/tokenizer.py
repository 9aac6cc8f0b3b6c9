"""Tokenizer: byte-level BPE with the pre-tokenizer that GGUF calls "llama-bpe" (the Llama 3 one).

`tokenizer.py OUT` reads OUT/text.bin and OUT/corpus.json (corpus.py), learns OUT/tokenizer.json, and encodes all pieces
once: OUT/tokens.u16 (little-endian, a BOS before every piece) with OUT/tokens.json naming each source's token ranges and bytes.
Tokens 0..255 are the bytes, then the merges in order of rank; the last token is BOS.
"""

import argparse
import collections
import heapq
import json
import multiprocessing
import os
import random

import numpy as np
import regex

# llama.cpp, src/llama-vocab.cpp, LLAMA_VOCAB_PRE_TYPE_LLAMA3.
SPLIT = regex.compile(r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
                      r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
MAX_WORD = 24   # bytes: longer words teach no merge
MIN_COUNT = 3   # words seen fewer times teach no merge


class Tokenizer:
    """merges: pairs of byte strings, by rank. pieces[t] is the bytes of token t; BOS has none."""

    def __init__(self, merges, vocab_size=None):
        self.merges = merges
        self.pieces = [bytes([b]) for b in range(256)] + [a + b for a, b in merges]
        size = vocab_size or len(self.pieces) + 1
        self.unused = size - 1 - len(self.pieces)
        self.pieces += [b""] * (self.unused + 1)
        self.bos = size - 1
        self.ids = {piece: t for t, piece in enumerate(self.pieces) if piece}
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.cache = {}

    def word(self, word):
        """Tokens of one pre-token (str). A pre-token that is a piece is that piece, as llama-bpe's ignore_merges says."""
        data = word.encode()
        token = self.ids.get(data)
        if token is not None:
            return [token]
        parts = [data[i:i + 1] for i in range(len(data))]
        while len(parts) > 1:
            rank, at = min((self.ranks.get(pair, 1 << 30), i) for i, pair in enumerate(zip(parts, parts[1:])))
            if rank == 1 << 30:
                break
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        return [self.ids[part] for part in parts]

    def encode(self, text):
        tokens, cache = [], self.cache
        for word in SPLIT.findall(text):
            found = cache.get(word)
            if found is None:
                found = cache[word] = self.word(word)
            tokens += found
        if len(cache) > 1 << 21:
            cache.clear()
        return np.array(tokens, dtype=np.uint16)

    def decode(self, tokens):
        return b"".join(self.pieces[t] for t in tokens)

    def save(self, path):
        # latin-1 maps each byte to the character of the same number.
        merges = [[a.decode("latin-1"), b.decode("latin-1")] for a, b in self.merges]
        with open(path, "w") as f:
            json.dump({"vocab_size": len(self.pieces), "merges": merges}, f)

    @classmethod
    def load(cls, path):
        with open(path) as f:
            saved = json.load(f)
        return cls([(a.encode("latin-1"), b.encode("latin-1")) for a, b in saved["merges"]], saved["vocab_size"])


def learn(counts, vocab_size):
    """Learns the merges from counts of words (bytes): the most frequent pair first, ties by the pair's own bytes."""
    words = sorted(w for w, c in counts.items() if c >= MIN_COUNT and 1 < len(w) <= MAX_WORD)
    symbols = [[w[i:i + 1] for i in range(len(w))] for w in words]
    weights = [counts[w] for w in words]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, parts in enumerate(symbols):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += weights[i]
            where[pair].add(i)
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < vocab_size - 257:
        count, pair = heapq.heappop(heap)
        if -count != pairs[pair]:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
            continue
        if -count < 10:
            break
        merges.append(pair)
        changed = set()
        for i in where.pop(pair):
            parts = symbols[i]
            for old in zip(parts, parts[1:]):
                pairs[old] -= weights[i]
            merged, at = [], 0
            while at < len(parts):
                if at + 1 < len(parts) and (parts[at], parts[at + 1]) == pair:
                    merged.append(parts[at] + parts[at + 1])
                    at += 2
                else:
                    merged.append(parts[at])
                    at += 1
            symbols[i] = merged
            for new in zip(merged, merged[1:]):
                pairs[new] += weights[i]
                where[new].add(i)
                changed.add(new)
        for new in changed:
            heapq.heappush(heap, (-pairs[new], new))
    return merges


def sample_counts(text, sources, sample):
    """Counts words in about sample bytes, drawn from the sources by their weight."""
    rng, counts = random.Random("lmz/tokenizer"), collections.Counter()
    for source in sources:
        want = source["weight"] * sample
        for offset, length in rng.sample(source["train"], len(source["train"])):
            if want <= 0:
                break
            take = min(length, int(want) + 1, 16384)
            counts.update(SPLIT.findall(text[offset:offset + take].tobytes().decode("utf-8", "ignore")))
            want -= take
    bytes_counts = collections.Counter()
    for word, count in counts.items():
        bytes_counts[word.encode()] += count
    return bytes_counts


def encode_corpus(tokenizer, text, sources, out):
    global piece_tokens  # what is forked into the workers

    def piece_tokens(piece):
        offset, length = piece
        return np.append(np.uint16(tokenizer.bos), tokenizer.encode(text[offset:offset + length].tobytes().decode()))

    ranges, position = [], 0
    with open(os.path.join(out, "tokens.u16"), "wb") as f, multiprocessing.get_context("fork").Pool() as workers:
        for source in sources:
            entry = {key: source[key] for key in ("name", "category", "weight")}
            for part in ("train", "val"):
                start = position
                for tokens in workers.imap(call_piece_tokens, source[part], 4):
                    f.write(tokens.astype("<u2").tobytes())
                    position += len(tokens)
                entry[part], entry[part + "_bytes"] = [start, position], sum(length for _, length in source[part])
            ranges.append(entry)
            n = entry["train"][1] - entry["train"][0]
            print(f"{entry['name']:40} {n:9} tokens  {entry['train_bytes'] / max(1, n):.2f} bytes/token", flush=True)
    with open(os.path.join(out, "tokens.json"), "w") as f:
        json.dump({"bos": tokenizer.bos, "tokens": position, "sources": ranges}, f, indent=1)


def call_piece_tokens(piece):
    return piece_tokens(piece)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out", help="working folder of corpus.py")
    p.add_argument("--vocab", type=int, default=4096, help="tokens, BOS included (default 4096)")
    p.add_argument("--learned", action="store_true", help="encode with OUT/tokenizer.json as it is")
    p.add_argument("--sample", type=float, default=24, help="MiB of text to learn merges from (default 24)")
    a = p.parse_args()
    with open(os.path.join(a.out, "corpus.json")) as f:
        sources = json.load(f)["sources"]
    text = np.memmap(os.path.join(a.out, "text.bin"), dtype=np.uint8, mode="r")
    if a.learned:
        tokenizer = Tokenizer.load(os.path.join(a.out, "tokenizer.json"))
    else:
        merges = learn(sample_counts(text, sources, a.sample * (1 << 20)), a.vocab)
        print(f"{len(merges)} merges, last {merges[-1:]}", flush=True)
        tokenizer = Tokenizer(merges, a.vocab)
        tokenizer.save(os.path.join(a.out, "tokenizer.json"))
    encode_corpus(tokenizer, text, sources, a.out)
