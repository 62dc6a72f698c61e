"""The pictures that name the patient: the slide's label, and the overview that shows the label again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gateway.demo.tissue import Picture

if TYPE_CHECKING:
    from gateway.demo.slides import Case

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
LABEL_SIZE = (512, 512)  # width, height
OVERVIEW_SIZE = (1536, 512)
INK, PEN = (22, 22, 28), (24, 38, 96)
CLEAR = 246.0  # what bare glass is in a picture of tissue


def label(case: Case) -> Picture:
    """A printed label: name, NHS number, accession number, block, and a DataMatrix of the accession number."""
    image = Image.new("RGB", LABEL_SIZE, (251, 250, 244))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((6, 6, 505, 505), 18, outline=(196, 194, 186), width=3)
    lines = (
        (case.patient.printed, 36, 26),
        (f"NHS {case.patient.nhs_grouped}", 34, 84),
        (case.accession, 44, 144),
        (f"Block {case.block}", 32, 222),
        (case.spec.stain, 46, 330),
        (f"{case.date[6:]}/{case.date[4:6]}/{case.date[:4]}", 24, 400),
        (case.institution, 20, 452),
    )
    for text, size, top in lines:
        draw.text((24, top), text, fill=INK, font=_fitting(draw, text, size, 464))
    draw.line((24, 204, 488, 204), fill=(150, 148, 142), width=2)
    written = zxingcpp.create_barcode(case.accession, zxingcpp.BarcodeFormat.DataMatrix).to_image()
    code = Image.fromarray(np.array(written))
    image.paste(code.convert("RGB").resize((200, 200), Image.Resampling.NEAREST), (286, 228))
    return np.asarray(image, np.uint8)


def _fitting(
    draw: ImageDraw.ImageDraw, text: str, size: int, room: int
) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font, as much smaller as the text needs."""
    font = ImageFont.load_default(size)
    wide = draw.textlength(text, font=font)
    return font if wide <= room else ImageFont.load_default(int(size * room / wide))


def written_on(tissue: Picture, text: str) -> Picture:
    """A slide with a word written on its cover slip by a marker pen."""
    image = Image.fromarray(tissue)
    layer = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(layer)
    font = _fitting(draw, text, image.height // 6, image.width * 3 // 4)
    draw.text((image.width // 10, image.height // 12), text, fill=235, font=font, stroke_width=image.height // 250)
    image.paste(PEN, mask=layer.filter(ImageFilter.GaussianBlur(3)))
    return np.asarray(image, np.uint8)


def overview(label_picture: Picture, tissue: Picture) -> tuple[Picture, tuple[int, int, int]]:
    """The whole glass as a camera sees it from above: label at the left, tissue below its cover slip at the right.

    And where the tissue lies on it: left, top, and its width in pixels.
    """
    width, height = OVERVIEW_SIZE
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    light = 236 - 14 * np.hypot(x[None, :] * 0.8, y[:, None] * 0.6)
    glass = np.repeat(light[..., None], 3, axis=2) * np.array((0.99, 1.0, 1.005))
    image = Image.fromarray(np.clip(glass, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.rectangle((548, 22, 1490, 490), outline=(203, 209, 212), width=2)
    draw.line((550, 491, 1491, 491), fill=(243, 246, 247), width=2)
    draw.line((1491, 24, 1491, 491), fill=(243, 246, 247), width=2)
    piece = Image.fromarray(tissue)
    piece.thumbnail((880, 420))
    left, top = 556 + (928 - piece.width) // 2, (height - piece.height) // 2
    below = image.crop((left, top, left + piece.width, top + piece.height))
    seen = np.asarray(below, np.float32) * np.minimum(np.asarray(piece, np.float32) / CLEAR, 1.0)
    image.paste(Image.fromarray(seen.astype(np.uint8)), (left, top))
    shadow = Image.new("L", OVERVIEW_SIZE, 0)
    ImageDraw.Draw(shadow).rectangle((10, 12, 512, 504), fill=90)
    image.paste((90, 92, 96), mask=shadow.filter(ImageFilter.GaussianBlur(6)))
    image.paste(Image.fromarray(label_picture).resize((496, 496), Image.Resampling.LANCZOS), (8, 8))
    return np.asarray(image, np.uint8), (left, top, piece.width)
