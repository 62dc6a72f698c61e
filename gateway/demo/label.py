"""The pictures that name the patient: the slide's label, and the overview that shows the label again."""

from __future__ import annotations

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from gateway.demo.tissue import Picture

LABEL_SIZE = (512, 512)  # width, height
OVERVIEW_SIZE = (1536, 512)


def label(name: str, nhs_number: str, accession: str, block: str, stain: str) -> Picture:
    """A printed label: name, NHS number, accession number, block, and a DataMatrix of the accession number."""
    image = Image.new("RGB", LABEL_SIZE, (252, 252, 248))
    draw = ImageDraw.Draw(image)
    grouped = f"{nhs_number[:3]} {nhs_number[3:6]} {nhs_number[6:]}"
    for line, (text, size) in enumerate(
        ((name, 34), (f"NHS {grouped}", 34), (accession, 40), (block, 32), (stain, 32))
    ):
        draw.text((24, 22 + 58 * line), text, fill=(20, 20, 24), font=ImageFont.load_default(size))
    code = Image.fromarray(np.array(zxingcpp.create_barcode(accession, zxingcpp.BarcodeFormat.DataMatrix).to_image()))
    image.paste(code.convert("RGB").resize((168, 168), Image.Resampling.NEAREST), (320, 320))
    return np.asarray(image, np.uint8)


def overview(label_picture: Picture, tissue: Picture) -> Picture:
    """The whole glass: label at the left, tissue at the right."""
    image = Image.new("RGB", OVERVIEW_SIZE, (225, 228, 230))
    image.paste(Image.fromarray(label_picture), (0, 0))
    piece = Image.fromarray(tissue)
    piece.thumbnail((880, 420))
    image.paste(piece, (560 + (900 - piece.width) // 2, (512 - piece.height) // 2))
    return np.asarray(image, np.uint8)
