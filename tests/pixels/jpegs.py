"""JPEGs of many kinds, as scanners, cameras and captures write them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import imagecodecs
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from gateway.pixels.boxes import Box

NAME = "Quillfeather"
TEXT = Box(40, 60, 230, 100)


def picture(width: int = 272, height: int = 200, seed: int = 1) -> Image.Image:
    """Speckled tissue with a name written on it, inside TEXT."""
    rng = np.random.default_rng(seed)
    ground = rng.normal(200, 12, (height // 8 + 1, width // 8 + 1, 3)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(ground).resize((width, height), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).text((TEXT.left + 4, TEXT.top + 2), NAME, fill=(10, 10, 30), font=ImageFont.load_default(28))
    return image


def saved(image: Image.Image, **options: object) -> bytes:
    target = BytesIO()
    image.save(target, "JPEG", **options)
    return target.getvalue()


def many() -> Iterator[tuple[str, bytes]]:
    """(what it is, the JPEG): sampling x quality x Huffman tables x restarts x process x colours x sizes."""
    for sampling in ("4:4:4", "4:2:2", "4:2:0"):
        for quality in (40, 82, 98):
            for optimize in (False, True):
                for restart in (0, 5):
                    options = {"quality": quality, "optimize": optimize, "restart_marker_blocks": restart}
                    yield (
                        f"{sampling} q{quality} {'own' if optimize else 'usual'} tables, restart {restart}",
                        saved(picture(), subsampling=sampling, **options),
                    )
        yield f"{sampling} progressive", saved(picture(), subsampling=sampling, progressive=True)
        for width, height in ((257, 193), (233, 101), (240, 256)):
            yield f"{sampling} {width}x{height}", saved(picture(width, height), subsampling=sampling)
    yield "grey", saved(picture().convert("L"))
    yield "CMYK with an Adobe segment", saved(picture().convert("CMYK"))
    yield (
        "RGB without a word of it",
        bytes(imagecodecs.jpeg8_encode(np.asarray(picture()), colorspace="RGB", outcolorspace="RGB")),
    )
    yield (
        "with comment, Exif and ICC",
        saved(
            picture(), comment=b"scanned for Quillfeather", exif=b"Exif\0\0Quillfeather", icc_profile=b"profile " * 20
        ),
    )


def real() -> Iterator[tuple[str, bytes]]:
    """JPEG frames of pydicom's own files."""
    for name in ("SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm",
                 "SC_rgb_dcmtk_+eb+cy+n2.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm",
                 "SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_jpeg_no_color_transform.dcm", "color3d_jpeg_baseline.dcm",
                 "examples_ybr_color.dcm"):  # fmt: skip
        path = get_testdata_file(name, download=False)
        dataset = dcmread(str(path)) if path else None
        if dataset is not None and str(dataset.file_meta.TransferSyntaxUID).endswith(".50"):
            count = int(dataset.get("NumberOfFrames", 1))
            yield name, next(generate_frames(dataset.PixelData, number_of_frames=count))
