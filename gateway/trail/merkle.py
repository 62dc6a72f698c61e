"""The Merkle tree of RFC 6962: hashes, proofs and the checking of proofs; pure, also used offline.

A node is named by its level (0: a leaf) and its index there; it stands for leaves [index * 2**level,
(index + 1) * 2**level), all of which are in the tree. Whoever asks for a proof hands in `node`, which finds the hash
of such a node. Hashes are 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]

HASH_BYTES = 32
EMPTY = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    """Hash of a leaf (RFC 6962 2.1)."""
    return hashlib.sha256(b"\0" + data).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """Hash of the node over two others (RFC 6962 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over hashes of one level, whose number is a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [parent(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


class Frontier:
    """A tree that grows leaf by leaf in memory of its logarithm: the roots of its full subtrees, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def append(self, leaf_hash: bytes) -> None:
        """Add a leaf's hash at the right end."""
        carry = self.size
        while carry & 1:
            leaf_hash = hashlib.sha256(b"\1" + self._roots.pop() + leaf_hash).digest()
            carry >>= 1
        self._roots.append(leaf_hash)
        self.size += 1

    def root(self) -> bytes:
        """The tree's hash as it stands."""
        if not self._roots:
            return EMPTY
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = parent(left, root)
        return root


def root(size: int, node: Node) -> bytes:
    """The hash of the tree over the first `size` leaves."""
    return _over(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of leaf `index`, from 0, in the tree of `size` leaves (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_over(middle, end, node))
            end = middle
        else:
            path.append(_over(start, middle, node))
            start = middle
    return path[::-1]


def consistency(former: int, size: int, node: Node) -> list[bytes]:
    """The proof that the tree of `former` leaves is a beginning of that of `size` (RFC 6962 2.1.2)."""
    if not 0 <= former <= size:
        raise ValueError("the former tree is larger than this one")
    if former in (0, size):
        return []
    proof: list[bytes] = []
    start, end, known = 0, size, True
    while former != end:
        middle = start + _split(end - start)
        if former <= middle:
            proof.append(_over(middle, end, node))
            end = middle
        else:
            proof.append(_over(start, middle, node))
            start, known = middle, False
    if not known:
        proof.append(_over(start, end, node))
    return proof[::-1]


def root_by_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to, None where it cannot be one (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf_hash
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = parent(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = parent(found, step)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(former: int, former_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that one tree is a beginning of another (RFC 9162 2.1.4.2)."""
    if former == size or former == 0:
        return not proof and (former_root == new_root if former else former_root == EMPTY)
    if former > size or not proof:
        return False
    steps = list(proof) if former & (former - 1) else [former_root, *proof]
    place, last = former - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = parent(step, old), parent(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = parent(new, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old == former_root and new == new_root


def _split(width: int) -> int:
    """The largest power of two below a width of at least two."""
    return 1 << ((width - 1).bit_length() - 1)


def _over(start: int, end: int, node: Node) -> bytes:
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(width)
    return parent(_over(start, middle, node), _over(middle, end, node))
