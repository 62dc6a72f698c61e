"""A folder's images looked at one after another: a line for each in a journal, then a report and a contact sheet.

The journal beside the report makes it restartable: a file of the same size and time is not looked at twice by the same
models, but for one on which the reader died. Journal, report and sheet are private to their owner, as they name files
and show pixels.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from gateway.dicom.header import Header, read_header
from gateway.dicom.source import FileSource
from gateway.errors import Invalid, SlidegateError
from gateway.pixels.detect.apart import ReaderGone, reader_apart
from gateway.pixels.detect.model import model_hash
from gateway.pixels.encodings import decoded
from gateway.pixels.looks import shown
from gateway.pixels.screen import NOWHERE, Eyes, Screened, screen, screen_slide
from gateway.pixels.source import frames_of, level_of, pixel_facts

Progress = Callable[[int, int], None]
WIDE = 320  # pixels of a picture on the contact sheet


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in one file. `picture` is a small PNG with the boxes drawn, base64; empty where there are none."""

    file: str
    size: int
    changed: int  # nanoseconds since 1970
    model: str
    state: str  # clean, redacted (text was found and could be taken out), review, or failed
    reason: str = ""
    marks: list[list[int | str]] = field(default_factory=list)  # frame, kind, left, top, right, bottom
    picture: str = ""


def scan_folder(src: Path, report: Path, *, progress: Progress) -> Counter[str]:
    """Look at every file; gives how many of each state. Raises Invalid for an empty folder."""
    paths = sorted(path for path in src.rglob("*") if path.is_file() and not path.is_symlink())
    if not paths:
        raise Invalid("the folder holds no files")
    journal = report.with_name(report.name + ".journal")
    known = _known(journal)
    seen: list[Seen] = []
    with reader_apart() as eyes, os.fdopen(os.open(journal, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a") as kept:
        for number, path in enumerate(paths, 1):
            found = known.get(_key(src, path)) or _look(src, path, eyes)
            if _key(src, path) not in known and found.reason != ReaderGone.title:
                kept.write("\n" + json.dumps(asdict(found)) + "\n")  # a line that was cut off ends here
                kept.flush()
            seen.append(found)
            progress(number, len(paths))
    _write(report, json.dumps([{**asdict(each), "picture": None} for each in seen], indent=1, ensure_ascii=False))
    _write(report.with_suffix(".html"), _sheet(seen))
    return Counter(each.state for each in seen)


def _key(src: Path, path: Path) -> tuple[str, int, int, str]:
    about = path.stat()
    return str(path.relative_to(src)), about.st_size, about.st_mtime_ns, model_hash()


def _known(journal: Path) -> dict[tuple[str, int, int, str], Seen]:
    """What an earlier run has seen; a line that was cut off by its end is left out."""
    found: dict[tuple[str, int, int, str], Seen] = {}
    for line in journal.read_text("utf-8").splitlines() if journal.exists() else ():
        try:
            each = Seen(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue
        found[each.file, each.size, each.changed, each.model] = each
    return found


def _look(src: Path, path: Path, eyes: Eyes) -> Seen:
    key = _key(src, path)
    source = FileSource(path)
    try:
        header = read_header(source)
        try:
            outcome = _screened(header, eyes)
        except ReaderGone:  # of this picture or of an earlier one: a new one tells
            outcome = _screened(header, eyes)
        marks: list[list[int | str]] = [
            [m.frame, m.kind, m.box.left, m.box.top, m.box.right, m.box.bottom] for m in outcome.marks
        ]
        return Seen(*key, outcome.state, marks=marks, picture=_drawn(header, outcome) if marks else "")
    except SlidegateError as error:
        return Seen(*key, "failed", reason=error.message)
    finally:
        source.close()


def _screened(header: Header, eyes: Eyes) -> Screened:
    kind = (header.value(0x00080008) or b"").decode("latin-1").split("\\")
    if len(kind) > 2 and kind[2].strip() == "VOLUME" and header.value(0x00480006):
        return screen_slide([level_of(header)], eyes)[0]
    frames, count = frames_of(header)
    return screen(frames, count, pixel_facts(header), eyes)


def _drawn(header: Header, outcome: Screened) -> str:
    """The first frame on which something was found, small, with what was found in boxes."""
    facts, number = pixel_facts(header), outcome.marks[0].frame
    pixels = shown(decoded(frames_of(header)[0](number), facts), facts)
    image = Image.fromarray(np.asarray(pixels)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for mark in outcome.marks:
        if mark.frame == number and mark.box != NOWHERE:
            draw.rectangle((mark.box.left, mark.box.top, mark.box.right - 1, mark.box.bottom - 1), outline=(220, 0, 60),
                           width=max(2, image.width // 200))  # fmt: skip
    image.thumbnail((WIDE, WIDE))
    target = BytesIO()
    image.save(target, "PNG")
    return b64encode(target.getvalue()).decode("ascii")


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".part")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    fresh.replace(path)


STYLE = (
    "body{font:16px sans-serif;margin:32px;color:#16252b}"
    "ul{display:flex;flex-wrap:wrap;gap:24px;list-style:none;padding:0}"
    "figure{margin:0;max-width:320px}figcaption{overflow-wrap:anywhere}img{border:1px solid #d5dddf}"
)


def _sheet(seen: list[Seen]) -> str:
    found = [each for each in seen if each.state != "clean"]
    figures = "".join(
        f"<li><figure>{_image(each)}<figcaption><strong>{escape(each.state)}</strong> {escape(each.file)}"
        f"{': ' + escape(each.reason) if each.reason else ''}</figcaption></figure></li>"
        for each in found
    )
    counts = ", ".join(f"{count} {state}" for state, count in sorted(Counter(each.state for each in seen).items()))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Burnt-in text</title><style>{STYLE}</style>'
        f"<h1>Burnt-in text</h1><p>{len(seen)} files: {counts}. Clean ones are not shown.</p><ul>{figures}</ul></html>"
    )


def _image(each: Seen) -> str:
    if not each.picture:
        return ""
    return f'<img alt="What was found, in red boxes" src="data:image/png;base64,{each.picture}">'
