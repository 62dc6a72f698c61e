"""The modules that make an image a whole-slide image: its glass, its optics, the places of its frames."""

from __future__ import annotations

from functools import lru_cache
from struct import pack

from PIL import ImageCms
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.demo import codes
from gateway.demo.codes import code
from gateway.demo.uids import Uids


@lru_cache(maxsize=1)
def _colour_profile() -> bytes:
    """An sRGB profile, of even length; the time at which it was made (ICC.1:2022 7.2.1) always the same."""
    data = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data = data[:24] + pack(">6H", 2026, 1, 1, 0, 0, 0) + data[36:]
    return data + b"\0" * (len(data) & 1)


def whole_slide(
    dataset: Dataset, width: int, height: int, spacing: float, place: tuple[int, int], *, volume: bool
) -> None:
    """The whole slide microscopy image module (PS3.3 C.8.12.4); `place`: pixels left of and above the volume."""
    dataset.VolumetricProperties = "VOLUME"
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = width * spacing, height * spacing
    dataset.ImagedVolumeDepth = 1.0
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = width, height
    origin = Dataset()
    left, top = place
    origin.XOffsetInSlideCoordinateSystem = f"{20.0 + top * spacing:.8g}"
    origin.YOffsetInSlideCoordinateSystem = f"{40.0 + left * spacing:.8g}"
    dataset.TotalPixelMatrixOriginSequence = Sequence([origin])
    dataset.SpecimenLabelInImage = "NO" if volume else "YES"
    dataset.FocusMethod, dataset.ExtendedDepthOfField = "AUTO", "NO"
    dataset.ImageOrientationSlide = ["0", "-1", "0", "-1", "0", "0"]


def optical_path(dataset: Dataset) -> None:
    """The optical path module (PS3.3 C.8.12.5)."""
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    path.IlluminationTypeCodeSequence = Sequence([code(*codes.BRIGHTFIELD)])
    path.IlluminationColorCodeSequence = Sequence([code(*codes.FULL_SPECTRUM)])
    path.ICCProfile = _colour_profile()
    path.ObjectiveLensPower, path.ObjectiveLensNumericalAperture = "20", "0.75"
    dataset.OpticalPathSequence = Sequence([path])
    dataset.NumberOfOpticalPaths = 1
    dataset.TotalPixelMatrixFocalPlanes = 1


def functional_groups(
    dataset: Dataset, uids: Uids, flavour: list[str], spacing: float, places: list[tuple[int, int]] | None
) -> None:
    """Shared groups, and for sparse tiling those of each frame (PS3.3 C.7.6.16, C.7.6.17)."""
    measures, kind, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [f"{spacing:.8g}"] * 2, "0.001"
    kind.FrameType = flavour
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.WholeSlideMicroscopyImageFrameTypeSequence = Sequence([kind])
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    shared.OpticalPathIdentificationSequence = Sequence([path])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    organisation = Dataset()
    organisation.DimensionOrganizationUID = uids.new("dimensions")
    dataset.DimensionOrganizationSequence = Sequence([organisation])
    dataset.DimensionOrganizationType = "TILED_FULL" if places is None else "TILED_SPARSE"
    if places is not None:
        dataset.DimensionIndexSequence = Sequence([
            _dimension(organisation.DimensionOrganizationUID, pointer) for pointer in (0x0048021E, 0x0048021F)
        ])  # fmt: skip
        dataset.PerFrameFunctionalGroupsSequence = Sequence([_placed(place, spacing) for place in places])


def _dimension(organisation: str, pointer: int) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = organisation
    item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, 0x0048021A
    return item


def _placed(place: tuple[int, int], spacing: float) -> Dataset:
    left, top = place
    position, content, frame = Dataset(), Dataset(), Dataset()
    position.XOffsetInSlideCoordinateSystem = f"{20.0 - top * spacing:.6g}"
    position.YOffsetInSlideCoordinateSystem = f"{40.0 - left * spacing:.6g}"
    position.ZOffsetInSlideCoordinateSystem = "0"
    position.ColumnPositionInTotalImagePixelMatrix, position.RowPositionInTotalImagePixelMatrix = left + 1, top + 1
    content.DimensionIndexValues = [left + 1, top + 1]
    frame.FrameContentSequence = Sequence([content])
    frame.PlanePositionSlideSequence = Sequence([position])
    return frame
