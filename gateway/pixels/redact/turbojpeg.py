"""libturbojpeg's lossless transform, by ctypes: the only part of it that is needed (turbojpeg.h, API of 2.0).

The library hands out every row of blocks of quantised DCT coefficients before it writes them again.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Container
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_short, c_ubyte, c_ulong, c_void_p
from ctypes.util import find_library
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gateway.pixels.redact.errors import CannotRedact, NoCodec

TRANSFORM, COPY_NO_MARKERS, PROGRESSIVE = 2, 64, 32  # TJINIT_TRANSFORM, TJXOPT_COPYNONE, TJXOPT_PROGRESSIVE
BLOCK = 64  # coefficients

Blocks = NDArray[np.int16]  # one row of blocks: (blocks, 64), in the library's own memory
Edit = Callable[[int, int, Blocks], None]  # component, row of blocks, blocks


class _Region(Structure):
    _fields_ = [("x", c_int), ("y", c_int), ("w", c_int), ("h", c_int)]  # ctypes' own form


_Filter = ctypes.CFUNCTYPE(c_int, POINTER(c_short), _Region, _Region, c_int, c_int, c_void_p)


class _Transform(Structure):
    _fields_ = [  # ctypes' own form
        ("r", _Region),
        ("op", c_int),
        ("options", c_int),
        ("data", c_void_p),
        ("customFilter", _Filter),
    ]


def loaded() -> None:
    """Have the library at hand. Raises NoCodec where it is not installed."""
    _library()


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    name = find_library("turbojpeg")
    if name is None:
        raise NoCodec
    library = ctypes.CDLL(name)
    library.tjInitTransform.restype = c_void_p
    library.tjTransform.argtypes = [
        c_void_p, c_char_p, c_ulong, c_int, POINTER(POINTER(c_ubyte)), POINTER(c_ulong), POINTER(_Transform), c_int,
    ]  # fmt: skip
    library.tjDestroy.argtypes = [c_void_p]
    library.tjFree.argtypes = [POINTER(c_ubyte)]
    return library


def transformed(jpeg: bytes, edit: Edit, *, progressive: bool, rows: Container[tuple[int, int]] | None = None) -> bytes:
    """The same coefficients written anew, but for what `edit` changed in place. Raises CannotRedact, NoCodec.

    `edit` is shown these (component, row of blocks) only, or all of them.
    """
    library = _library()
    handle = library.tjInitTransform()
    if not handle:
        raise CannotRedact
    faults: list[BaseException] = []

    def each(coefficients: POINTER(c_short), array: _Region, _plane: _Region, component: int, *_: int) -> int:  # type: ignore[valid-type]  # ctypes
        if rows is not None and (component, array.y // 8) not in rows:
            return 0
        try:
            shape = (array.w // 8 * (array.h // 8), BLOCK)
            edit(component, array.y // 8, np.ctypeslib.as_array(coefficients, shape))
        except BaseException as fault:  # noqa: BLE001  # nothing may pass through C; raised again below
            faults.append(fault)
            return -1
        return 0

    options = COPY_NO_MARKERS | (PROGRESSIVE if progressive else 0)
    transform = _Transform(op=0, options=options, customFilter=_Filter(each))
    target, size = POINTER(c_ubyte)(), c_ulong(0)
    try:
        status = library.tjTransform(handle, jpeg, len(jpeg), 1, byref(target), byref(size), byref(transform), 0)
        if faults:
            raise faults[0]
        if status != 0 or not target:
            raise CannotRedact
        return ctypes.string_at(target, size.value)
    finally:
        if target:
            library.tjFree(target)
        library.tjDestroy(handle)
