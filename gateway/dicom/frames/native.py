"""Uncompressed pixel data: frames of equal size, one behind the other (PS3.5 8.1.1)."""

from __future__ import annotations

from array import array

from gateway.dicom.errors import BadFrames
from gateway.dicom.frames.index import FrameIndex


def of_equal_size(value_start: int, length: int, *, frames: int, frame_bytes: int) -> FrameIndex:
    """The index of frames of `frame_bytes` each; the value may be one byte longer, for padding."""
    if frames < 1 or frame_bytes < 1 or length - frames * frame_bytes not in (0, 1):
        raise BadFrames("the length of the pixel data is not that of its frames")
    starts = array("Q", range(value_start, value_start + frames * frame_bytes, frame_bytes))
    return FrameIndex(starts, array("Q", [frame_bytes]) * frames, None, value_start + length)
