"""A label of our own: as large and encoded as the archive's, with nothing on it but a pseudonym."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.pixels.detect.reader import Reader
from gateway.pixels.encodings import PixelFacts, decoded
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.stand_in import label

COLOUR = PixelFacts("1.2.840.10008.1.2.4.50", 512, 480, 3, photometric="YBR_FULL_422")


@pytest.mark.parametrize(
    "facts",
    [
        COLOUR,
        replace(COLOUR, photometric="RGB"),
        replace(COLOUR, transfer_syntax="1.2.840.10008.1.2.1", photometric="RGB"),
        replace(COLOUR, transfer_syntax="1.2.840.10008.1.2.1", photometric="RGB", planar=True),
        replace(COLOUR, transfer_syntax="1.2.840.10008.1.2.4.90", photometric="YBR_RCT"),
        replace(COLOUR, transfer_syntax="1.2.840.10008.1.2.4.80", photometric="RGB"),
        replace(COLOUR, transfer_syntax="1.2.840.10008.1.2.5", photometric="RGB"),
        PixelFacts("1.2.840.10008.1.2.1", 200, 401),
        PixelFacts("1.2.840.10008.1.2.4.50", 200, 400),
    ],
)
def test_it_decodes_to_a_picture_of_the_same_size(facts: PixelFacts) -> None:
    picture = decoded(label("K3F9A2M7QXWT", facts), facts)
    assert picture.shape == facts.shape
    assert picture.min() < 60 < 200 < np.median(picture)


def test_the_pseudonym_can_be_read_on_it() -> None:
    engine = Reader()._engine
    found, _times = engine(np.ascontiguousarray(decoded(label("K3F9A2M7QXWT", COLOUR), COLOUR)))
    words = {text.replace(" ", "") for _box, text, _score in found}
    assert "K3F9A2M7QXWT" in words
    assert words <= {"K3F9A2M7QXWT", "Patient", "labelreplaced"}


@pytest.mark.parametrize("facts", [replace(COLOUR, bits_allocated=16), replace(COLOUR, rows=9000)])
def test_what_it_cannot_be_is_refused(facts: PixelFacts) -> None:
    with pytest.raises(CannotRedact):
        label("K3F9A2M7QXWT", facts)
