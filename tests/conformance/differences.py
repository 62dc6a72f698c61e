"""Where the gateway differs, and why: what the checker may find, and nothing else."""

from __future__ import annotations

DIFFERENCES = {
    "an attribute that is not kept for searches is taken as one without a value": (
        "It matches nothing, with a `Warning`: a search that is meant to be narrow never gives more than was asked for."
    ),
    "without a transfer syntax asked for, images compressed without loss come in explicit": (
        "Instances leave as they are stored: nothing is decompressed, so that pixels stay bit-identical."
    ),
    "without a transfer syntax asked for, a frame of lossless data comes uncompressed": (
        "Frames leave as they are stored; `/rendered` gives pictures of them."
    ),
    "it has the pixel data by address": (
        "Pixel data are had by frames, each of which is on the record, or with the whole instance."
    ),
    "pixel data come whole, at /pixeldata": (
        "Pixel data are had by frames, up to 256 in one request, or with the whole instance, in ranges."
    ),
}
