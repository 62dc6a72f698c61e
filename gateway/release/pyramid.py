"""A slide as the viewer wants it: its levels, where each frame lies, and the facts that the policy keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.release.colour import is_srgb, profile_of
from gateway.release.facts import first
from gateway.release.slide import Slide
from gateway.release.thumbnail import positions

Told = dict[str, Any]

COMPRESSIONS = {  # LossyImageCompressionMethod (PS3.3 C.7.6.1.1.5.1) -> what people call it
    "ISO_10918_1": "JPEG",
    "ISO_14495_1": "JPEG-LS, near-lossless",
    "ISO_15444_1": "JPEG 2000, lossy",
    "ISO_15444_15": "HTJ2K, lossy",
}


def level(slide: Slide, url: str) -> Told:
    """One level: size and tiles in pixels, spacing in microns, and the address of its frames.

    `query` has the frames drawn in sRGB where the slide's colours are others: a canvas on a screen knows no other.
    `frames` maps "column,row" of the tile grid to a frame number where tiling is sparse; None where it is full.
    """
    told = slide.metadata
    profile = profile_of(told)
    columns, rows = int(first(told, "00280011")), int(first(told, "00280010"))
    sparse = str(first(told, "00209311") or "") == "TILED_SPARSE" or "52009230" in told
    grid = None
    if sparse:
        grid = {f"{x // columns},{y // rows}": number + 1 for number, (x, y) in positions(slide).items()}
    return {
        "width": int(first(told, "00480006")),
        "height": int(first(told, "00480007")),
        "tileWidth": columns,
        "tileHeight": rows,
        "microns": spacing(told),
        "frames": grid,
        "url": url,
        "query": "" if profile is None or is_srgb(profile) else "?iccprofile=srgb",
    }


def spacing(told: Told) -> float | None:
    """Microns for each pixel, from PixelMeasuresSequence of the shared groups."""
    for shared in told.get("52009229", {}).get("Value") or []:
        for measures in shared.get("00289110", {}).get("Value") or []:
            value = first(measures, "00280030")
            return float(value) * 1000 if value is not None else None
    return None


def facts(told: Told) -> list[tuple[str, str]]:
    """(name, value) of what a person wants to know of a slide; everything stands in the released header."""
    method = str(first(told, "00282114") or "")
    named = [
        ("Patient", _name(first(told, "00100020"))),
        ("Tissue", ", ".join(_meanings(told, "00400560", "00082228"))),
        ("Stain", ", ".join(stains(told))),
        ("Objective", _times(_nested(told, "00480105", "00480112"))),
        ("Pixel size", f"{spacing(told):.3g} µm" if spacing(told) else ""),
        ("Size", f"{first(told, '00480006'):,} × {first(told, '00480007'):,} pixels"),
        ("Scanner", " ".join(str(first(told, tag) or "") for tag in ("00080070", "00081090")).strip()),
        ("Compression", COMPRESSIONS.get(method, method) or "lossless"),
    ]
    return [(name, value) for name, value in named if value]


def stains(told: Told) -> list[str]:
    """Substances used on the specimen, by the meaning of their codes (TID 8003)."""
    found = []
    for item in _deep(told, "00400560", "00400610", "00400612"):
        if any(first(code, "00080100") == "424361007" for code in _items(item, "0040A043")):
            found += [str(first(code, "00080104")) for code in _items(item, "0040A168")]
    return list(dict.fromkeys(found))


def _name(value: Any) -> str:
    return str(value or "")


def _times(value: Any) -> str:
    return f"{float(value):g}×" if value is not None else ""


def _items(told: Told, tag: str) -> list[Told]:
    return told.get(tag, {}).get("Value") or []


def _deep(told: Told, *tags: str) -> Iterator[Told]:
    """Every item at the end of a path of sequences."""
    if not tags:
        yield told
        return
    for item in _items(told, tags[0]):
        yield from _deep(item, *tags[1:])


def _meanings(told: Told, *tags: str) -> list[str]:
    return [str(first(item, "00080104") or "") for item in _deep(told, *tags)]


def _nested(told: Told, sequence: str, tag: str) -> Any:
    return next((first(item, tag) for item in _items(told, sequence)), None)
