"""What a file is, told from its content and not from its name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain; charset=utf-8",
}
STARTS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}


def file_type(content: bytes, among: Collection[str]) -> str | None:
    """The type of the content among those allowed, or None if it is none of them."""
    for kind, start in STARTS.items():
        if content.startswith(start):
            return kind if kind in among else None
    if "docx" in among and _is_plain_docx(content):
        return "docx"
    return "txt" if "txt" in among and _is_text(content) else None


def _is_plain_docx(content: bytes) -> bool:
    """A Word document without macros (ECMA-376 part 2)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    macros = any(name.lower().endswith((".bin", ".vbs", ".exe")) for name in names)
    return {"[Content_Types].xml", "word/document.xml"} <= names and not macros


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(ord(each) < 32 and each not in "\t\r\n\f" for each in text)
