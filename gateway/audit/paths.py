"""The audit paths of many events: what the events of a tile have alike is found, and written as text, once."""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.trail import merkle
from gateway.trail.merkle import HASH_BYTES
from gateway.trail.models import Tile
from gateway.trail.tree import HEIGHT, WIDTH, Tree, TreeBroken


def text(path: Iterable[bytes]) -> str:
    """A path as a list in JSON, its hashes in base64."""
    return "[" + ",".join([_quoted(each) for each in path]) + "]"


def _quoted(digest: bytes) -> str:
    return f'"{b2a_base64(digest, newline=False).decode("ascii")}"'


class Paths:
    """Gives the audit paths of events in ascending order, under a tree of one size."""

    def __init__(self, db: Session, size: int) -> None:
        self._db, self._size, self._tree = db, size, Tree(db)
        self._whole = size - size % WIDTH  # leaves in full tiles

    def of(self, seqs: Sequence[int]) -> Iterator[str]:
        """The path of each of these events as text, as `text` gives it. Raises TreeBroken."""
        tiles = self._tiles({(seq - 1) // WIDTH for seq in seqs if seq <= self._whole})
        for place, group in groupby(seqs, lambda seq: (seq - 1) // WIDTH):
            if place * WIDTH < self._whole:
                yield from self._of_tile(place, tiles.get(place, b""), [(seq - 1) % WIDTH for seq in group])
            else:
                yield from (text(self._tree.inclusion(seq - 1, self._size)) for seq in group)

    def _tiles(self, places: set[int]) -> dict[int, bytes]:
        query = select(Tile.place, Tile.hashes).where(Tile.level == 0, Tile.place.in_(places))
        return {row.place: row.hashes for row in self._db.execute(query)}

    def _of_tile(self, place: int, hashes: bytes, within: Sequence[int]) -> Iterator[str]:
        """The paths of leaves of a full tile, by their places in it."""
        if len(hashes) != WIDTH * HASH_BYTES:
            raise TreeBroken
        above = text(merkle.inclusion(place * WIDTH, self._size, self._node)[HEIGHT:])
        ending = "]" if above == "[]" else "," + above[1:]
        siblings = []
        for height, level in enumerate(_levels(hashes)):
            asked = {(at >> height) ^ 1 for at in within}
            siblings.append({at: _quoted(level[at]) for at in asked})
        for at in within:
            yield "[" + ",".join([level[(at >> height) ^ 1] for height, level in enumerate(siblings)]) + ending

    def _node(self, level: int, index: int) -> bytes:
        """A node from the stored tree, but for those inside of a full tile: they are found with the tile."""
        return self._tree.node(level, index) if level >= HEIGHT or index << level >= self._whole else b""


def _levels(hashes: bytes) -> list[list[bytes]]:
    """All nodes over the leaves of a tile but its root, level by level."""
    levels = [[hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]]
    sha256 = hashlib.sha256
    while len(levels[-1]) > 2:
        below = levels[-1]
        levels.append([sha256(b"\1" + a + b).digest() for a, b in zip(below[::2], below[1::2], strict=True)])
    return levels
