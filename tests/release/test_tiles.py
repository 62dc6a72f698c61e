"""The tiles on disk: never more than is set, the longest unused first out, whoever writes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.release.tiles import Access, Tiles

HERE = Access("grant", 1, 1)


def held(tiles: Tiles) -> int:
    return sum(path.stat().st_size for path in tiles.folder.rglob("*") if path.is_file() and path.name != "bytes")


def test_a_tile_is_given_back_under_the_same_leave_only(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path / "tiles", 10_000)
    tiles.put(HERE, "a", b"picture")
    assert tiles.get(HERE, "a") == b"picture"
    for other in (Access("other", 1, 1), Access("grant", 2, 1), Access("grant", 1, 2)):
        assert tiles.get(other, "a") is None
    assert tiles.get(HERE, "b") is None


def test_there_are_never_more_bytes_than_are_set(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path / "tiles", 10_000)
    for number in range(100):
        tiles.put(Access(f"grant {number % 3}", 1, 1), str(number), bytes(100 + 17 * number % 900))
        assert held(tiles) <= 10_000
    assert held(tiles) > 5_000


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path / "tiles", 1_000)
    for name, age in (("old", 300), ("used", 200), ("young", 100)):
        tiles.put(HERE, name, bytes(240))
        path = max((tmp_path / "tiles" / "grant").rglob("*"), key=lambda each: each.stat().st_mtime_ns * each.is_file())
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    assert tiles.get(HERE, "used") is not None
    for name in ("more", "most"):
        tiles.put(HERE, name, bytes(240))
    assert tiles.get(HERE, "old") is None
    assert tiles.get(HERE, "used") is not None


def test_a_lost_count_is_counted_again(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path / "tiles", 2_000)
    for number in range(8):
        tiles.put(HERE, str(number), bytes(240))
    (tmp_path / "tiles" / "bytes").write_bytes(b"nonsense")
    for number in range(8, 40):
        tiles.put(HERE, str(number), bytes(240))
        assert held(tiles) <= 2_000


def test_a_tile_that_is_large_for_the_folder_is_not_kept_and_none_where_nothing_may_be(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path / "tiles", 1_000)
    tiles.put(HERE, "large", bytes(300))
    assert tiles.get(HERE, "large") is None
    nowhere = Tiles(tmp_path / "none", 0)
    nowhere.put(HERE, "a", b"picture")
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_written_keeps_nothing_and_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "tiles").write_bytes(b"in the way")
    tiles = Tiles(tmp_path / "tiles", 1_000)
    tiles.put(HERE, "a", b"picture")
    assert tiles.get(HERE, "a") is None


def test_many_may_draw_at_once(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path / "tiles", 5_000)

    def draw(number: int) -> bytes | None:
        tiles.put(HERE, str(number % 20), bytes([number % 20]) * 200)
        return tiles.get(HERE, str(number % 20))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(draw, range(200)))
    assert held(tiles) <= 5_000
    assert all(body is None or (len(set(body)) == 1 and len(body) == 200) for body in found)
    assert any(found)


def test_tiles_are_for_the_gateway_alone(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path / "tiles", 5_000)
    tiles.put(HERE, "a", b"picture")
    assert {oct(path.stat().st_mode & 0o077) for path in (tmp_path / "tiles").rglob("*") if path.is_file()} == {"0o0"}
