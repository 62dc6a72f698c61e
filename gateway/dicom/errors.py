"""What can be wrong with a DICOM file. No message holds a value from the file."""

from __future__ import annotations

from gateway.errors import Invalid


class DicomError(Invalid):
    """The bytes are not a DICOM file that we can answer for."""

    code = "dicom-error"
    title = "This is not a DICOM file that can be read safely"


class NotDicom(DicomError):
    """No DICM prefix after the preamble (PS3.10 7.1)."""

    code = "not-dicom"
    title = "this is not a DICOM file: it has no DICM prefix"


class NotAnInstance(DicomError):
    """A media directory (PS3.10 8): it names the patients of every file beside it and holds no image."""

    code = "not-an-instance"
    title = "this is a directory of files (DICOMDIR), not an instance"


class Truncated(DicomError):
    """The bytes end before an element, item or frame does."""

    code = "truncated"
    title = "the file is truncated: it ends in the middle of an element"


class MissingMeta(DicomError):
    """File meta information is absent or lacks a needed element (PS3.10 7.1)."""

    code = "missing-meta"
    title = "the file meta information is missing or incomplete"


class UnknownTransferSyntax(DicomError):
    """A transfer syntax whose encoding is not known, so that nothing can be parsed."""

    code = "unknown-transfer-syntax"
    title = "the transfer syntax is not known"


class NestedTooDeep(DicomError):
    """Sequences within sequences beyond any sane depth."""

    code = "nested-too-deep"
    title = "sequences are nested too deep"


class BadElement(DicomError):
    """An element whose tag, VR or length cannot be right."""

    code = "bad-element"
    title = "an element has a wrong tag, VR or length"


class OutOfOrder(DicomError):
    """Elements twice, or not in ascending order of tag (PS3.5 7.1)."""

    code = "out-of-order"
    title = "elements are duplicated or not in ascending order"


class TooLarge(DicomError):
    """A header or inflated dataset beyond the bound."""

    code = "too-large"
    title = "the header is larger than the limit"


class BytesAfter(DicomError):
    """Bytes after the pixel data that are no elements: another file's, or somebody's note."""

    code = "bytes-after"
    title = "there are bytes after the dataset that do not belong to it"


class BadFrames(DicomError):
    """Pixel data whose offsets, items or size do not agree with the header."""

    code = "bad-frames"
    title = "the frames do not agree with the header"
