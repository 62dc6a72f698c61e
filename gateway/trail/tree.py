"""The stored Merkle tree: hashes in tiles of 256 (C2SP tlog-tiles), to which leaves are appended; proofs from them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from gateway.errors import SlidegateError
from gateway.trail import merkle
from gateway.trail.merkle import HASH_BYTES
from gateway.trail.models import Tile

HEIGHT = 8
WIDTH = 1 << HEIGHT


class TreeBroken(SlidegateError):
    """The stored tree lacks a hash that it must have, or does not fit the last checkpoint."""

    code = "audit-tree-broken"
    status = 503
    title = "The audit log's tree is broken; nothing is signed"


class Tree:
    """Reads the stored tree; what was read once is kept, so use one for the length of one answer."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._nodes: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, index: int) -> bytes:
        """Hash of a node all of whose leaves are in the tree. Raises TreeBroken."""
        known = self._nodes.get((level, index))
        if known is None:
            known = self._nodes[level, index] = self._folded(level, index)
        return known

    def _folded(self, level: int, index: int) -> bytes:
        tile_level, above = divmod(level, HEIGHT)
        count = 1 << above
        place, start = divmod(index * count, WIDTH)
        held = self._tile(tile_level, place)[start * HASH_BYTES : (start + count) * HASH_BYTES]
        if len(held) != count * HASH_BYTES:
            raise TreeBroken
        return merkle.fold([held[at : at + HASH_BYTES] for at in range(0, len(held), HASH_BYTES)])

    def _tile(self, level: int, place: int) -> bytes:
        key = (level, place)
        if key not in self._tiles:
            tile = self._db.get(Tile, key)
            self._tiles[key] = tile.hashes if tile is not None else b""
        return self._tiles[key]

    def root(self, size: int) -> bytes:
        """Root over the first `size` leaves (RFC 6962 2.1)."""
        return merkle.root(size, self.node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of leaf `index`, from 0 (RFC 6962 2.1.1)."""
        return merkle.inclusion(index, size, self.node)

    def consistency(self, former: int, size: int) -> list[bytes]:
        """The proof that a former tree is a beginning of this one (RFC 6962 2.1.2)."""
        return merkle.consistency(former, size, self.node)


def append(db: Session, size: int, leaves: Iterable[bytes]) -> int:
    """Put the hashes of new leaves behind the first `size`; gives the new size. Only the sequencer calls this."""
    level, fresh = 0, list(leaves)
    grown = size + len(fresh)
    while fresh:
        fresh = _append(db, level, size >> (HEIGHT * level), fresh)
        level += 1
    return grown


def _append(db: Session, level: int, held: int, fresh: list[bytes]) -> list[bytes]:
    """Put hashes behind the `held` ones of a level; gives the roots of the tiles that this filled."""
    filled: list[bytes] = []
    made: list[dict[str, object]] = []
    place, within = divmod(held, WIDTH)
    at = 0
    while at < len(fresh):
        part = fresh[at : at + WIDTH - within]
        at += len(part)
        hashes = b"".join(part)
        if within:
            before = db.get(Tile, (level, place))
            if before is None or len(before.hashes) != within * HASH_BYTES:
                raise TreeBroken
            hashes = before.hashes + hashes
            db.execute(update(Tile).where(Tile.level == level, Tile.place == place).values(hashes=hashes))
        else:
            made.append({"level": level, "place": place, "hashes": hashes})
        if len(hashes) == WIDTH * HASH_BYTES:
            filled.append(merkle.fold([hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]))
        place, within = place + 1, 0
    if made:
        db.execute(insert(Tile), made)
    return filled
