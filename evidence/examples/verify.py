#!/usr/bin/env python3
"""Verify checks proofs of lmz without lmz: it needs nothing but this file.

    verify.py PROOF ROOT            a line is in the archive with this root: writes the line
    verify.py PROOF ROOT OLDROOT    the archive with this root extends the one with the older root

Roots are 64 hexadecimal digits. The exit code is 0 if the proof holds, or else 1.
"""

import base64
import hashlib
import json
import struct
import sys


class Wrong(Exception):
    """The proof does not hold."""


def want(condition, message):
    if not condition:
        raise Wrong(message)


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def hashes(text):
    """The hashes of a path, which are one behind the other, in base64."""
    path = base64.b64decode(text or "", validate=True)
    want(len(path) % 32 == 0, "the path is of a wrong length")
    return [path[at : at + 32] for at in range(0, len(path), 32)]


def number(document, name):
    n = document[name]
    want(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 1 << 63, "a number that is none")
    return n


def climb(h, i, n, path):
    """The root of a tree of n leaves, of which leaf i has hash h and this audit path
    (RFC 9162, 2.1.3.2)."""
    want(0 <= i < n, "leaf %d of %d" % (i, n))
    last = n - 1
    for p in path:
        want(last > 0, "the path is of a wrong length")
        if i & 1 or i == last:
            h = node(p, h)
            while not i & 1:
                i, last = i >> 1, last >> 1
        else:
            h = node(h, p)
        i, last = i >> 1, last >> 1
    want(last == 0, "the path is of a wrong length")
    return h


def verify_line(d, root):
    """The line, if the archive with this root has it."""
    text = base64.b64decode(d["text"], validate=True)
    line, before, frame, frames = (number(d, name) for name in ("line", "before", "frame", "frames"))
    i, leaves, opened = number(d, "leaf"), number(d, "leaves"), d["open"] is True
    want(line - 1 == before + i, "the line has another number")
    want(not (opened and i == 0), "the line does not begin in its frame")
    last = i == leaves - 1 and frame == frames - 1
    want(text and b"\n" not in text[:-1] and (text.endswith(b"\n") or last), "it is not one line")
    of_frame = climb(leaf(text), i, leaves, hashes(d["path"]))
    data = struct.pack(">QBQ", before, opened, leaves) + of_frame
    got = climb(leaf(data), frame, frames, hashes(d["frame_path"]))
    want(got == root, "the line is of an archive with root " + got.hex())
    return text


def verify_extension(d, then, now):
    """Checks that what has the root now begins with what had the root then (RFC 9162, 2.1.4.2)."""
    first, second, path = number(d["old"], "frames"), number(d["new"], "frames"), hashes(d["path"])
    empty = hashlib.sha256(b"").digest()
    want(first <= second and (first == 0) == (then == empty), "%d frames were extended to %d" % (first, second))
    if first in (0, second):
        want(not path and (first == 0 or then == now), "the roots are of other archives")
        return
    if first & (first - 1) == 0:
        path.insert(0, then)
    want(path, "the path is too short")
    i, last = first - 1, second - 1
    while i & 1:
        i, last = i >> 1, last >> 1
    older = newer = path[0]
    for p in path[1:]:
        want(last > 0, "the path is of a wrong length")
        if i & 1 or i == last:
            older, newer = node(p, older), node(p, newer)
            while not i & 1 and i:
                i, last = i >> 1, last >> 1
        else:
            newer = node(newer, p)
        i, last = i >> 1, last >> 1
    want(last == 0 and older == then and newer == now, "the roots are of other archives")


def run(arguments):
    want(len(arguments) in (2, 3), "want PROOF ROOT [OLDROOT]")
    with open(arguments[0], "rb") as f:
        document = json.load(f)
    roots = [bytes.fromhex(root) for root in arguments[1:]]
    want(all(len(root) == 32 for root in roots), "a root has 64 hexadecimal digits")
    kind = document["type"]
    if kind == "lmz line proof 1" and len(roots) == 1:
        sys.stdout.buffer.write(verify_line(document, roots[0]))
    elif kind == "lmz extension proof 1" and len(roots) == 2:
        verify_extension(document, roots[1], roots[0])
    else:
        raise Wrong("a document of type %r with %d roots" % (kind, len(roots)))


if __name__ == "__main__":
    try:
        run(sys.argv[1:])
    except (Wrong, OSError, ValueError, KeyError, TypeError) as wrong:
        sys.exit("verify.py: %s" % wrong)
