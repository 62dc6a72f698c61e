"""Tools that researchers use, against the gateway as it is served: what they read equals the source."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pydicom
import pytest
import requests
from dicomweb_client import DICOMwebClient
from PIL import Image
from pydicom.pixels.processing import apply_rescale, apply_windowing
from wsidicom import WsiDicom, WsiDicomWebClient

from tests.release.served.houses import House, Reader, first, source_files

WSI = "1.2.840.10008.5.1.4.1.1.77.1.6"


def web_client(house: House, reader: Reader) -> DICOMwebClient:
    session = requests.Session()
    session.headers.update(reader.headers)
    return DICOMwebClient(house.url(reader), session=session)


def uids(told: dict, *tags: str) -> tuple[str, ...]:
    return tuple(str(first(told, tag)) for tag in tags)


class WholeFrames(WsiDicomWebClient):
    """dicomweb-client gives a frame as a bytearray, which pydicom takes for a list when the frame is native."""

    def get_frames(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        return map(bytes, super().get_frames(*args, **kwargs))


def slides(client: DICOMwebClient) -> list[tuple[str, str]]:
    found = client.search_for_series(search_filters={"Modality": "SM"})
    return [uids(each, "0020000D", "0020000E") for each in found]


def source_slide(house: House, size: tuple[int, int], region: np.ndarray, levels: int) -> bool:
    """Whether a slide of the archive has that size and, at its top left, that picture."""
    for folder in sorted(path for path in house.archive.rglob("SM") if path.is_dir()):
        with WsiDicom.open(folder) as slide:
            if (slide.size.width, slide.size.height) != size or len(slide.levels) != levels:
                continue
            if np.array_equal(np.asarray(slide.read_region((32, 32), 0, region.shape[1::-1])), region):
                return True
    return False


def test_wsidicom_reads_a_region_equal_to_the_sources(served: House, reader: Reader) -> None:
    client = web_client(served, reader)
    found = slides(client)
    assert len(found) == 14
    for study, series in found:
        with WsiDicom.open_web(WholeFrames(client), study, series) as slide:
            region = np.asarray(slide.read_region((32, 32), 0, (192, 128)))
            assert region.shape == (128, 192, 3)
            assert region.std() > 0
            assert source_slide(served, (slide.size.width, slide.size.height), region, len(slide.levels))


def test_dicomweb_client_finds_and_fetches_every_kind_of_thing(served: House, reader: Reader) -> None:
    client = web_client(served, reader)
    sources = {path.stat().st_size: path for path in source_files(served).values()}
    assert sources
    studies = client.search_for_studies(fields=["StudyDescription"], limit=3)
    assert len(studies) == 3
    (study,) = uids(studies[0], "0020000D")
    series = client.search_for_series(study)
    (series_uid,) = uids(series[0], "0020000E")
    instances = client.search_for_instances(study, series_uid)
    (uid,) = uids(instances[0], "00080018")
    whole = client.retrieve_instance(study, series_uid, uid)
    assert whole.SOPInstanceUID == uid
    told = pydicom.Dataset.from_json(client.retrieve_instance_metadata(study, series_uid, uid))
    assert told.SOPInstanceUID == uid
    assert len(client.retrieve_series_metadata(study, series_uid)) == len(instances)
    assert len(client.retrieve_study_metadata(study)) >= len(instances)
    assert len(client.retrieve_series(study, series_uid)) == len(instances)
    frames = client.retrieve_instance_frames(study, series_uid, uid, [1])
    assert frames[0] in whole.PixelData
    picture = client.retrieve_instance_rendered(study, series_uid, uid, media_types=("image/jpeg",))
    assert picture[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize("media_type", ["image/jpeg", "application/octet-stream"])
def test_dicomweb_client_gets_several_frames_in_one_answer(served: House, reader: Reader, media_type: str) -> None:
    client = web_client(served, reader)
    found = client.search_for_instances(search_filters={"Modality": "SM"})
    told = next(each for each in found if first(each, "00083002").endswith("4.50") and first(each, "00280008") > 3)
    study, series, uid = uids(told, "0020000D", "0020000E", "00080018")
    accepted = ((media_type, "1.2.840.10008.1.2.4.50" if media_type == "image/jpeg" else "*"),)
    frames = client.retrieve_instance_frames(study, series, uid, [1, 2, 3], media_types=accepted)
    whole = client.retrieve_instance(study, series, uid)
    assert len(frames) == 3
    assert all(frame in whole.PixelData for frame in frames)


def test_openslide_opens_a_download(served: House, reader: Reader, tmp_path: Path) -> None:
    client = web_client(served, reader)
    study, series = slides(client)[0]
    for number, level in enumerate(client.iter_series(study, series)):
        level.save_as(tmp_path / f"{number}.dcm")
    with openslide.OpenSlide(str(tmp_path / "0.dcm")) as slide:
        assert slide.level_count == 3
        shown = np.asarray(slide.read_region((32, 32), 0, (256, 256)))[..., :3]
        assert np.array_equal(shown, source_through_openslide(served, slide, shown))


def source_through_openslide(house: House, slide: openslide.OpenSlide, shown: np.ndarray) -> np.ndarray | None:
    """The same region of the archive's own slide of that size; where several have it, the one that equals."""
    found = None
    for folder in sorted(path for path in house.archive.rglob("SM") if path.is_dir()):
        volume = next(file for file in sorted(folder.glob("*.dcm")) if pydicom.dcmread(
            file, specific_tags=["ImageType"]).ImageType[2] == "VOLUME")  # fmt: skip
        try:
            source = openslide.OpenSlide(str(volume))
        except openslide.OpenSlideError:
            continue  # of a transfer syntax that it does not read
        with source:
            if source.level_dimensions == slide.level_dimensions:
                found = np.asarray(source.read_region((32, 32), 0, (256, 256)))[..., :3]
                if np.array_equal(found, shown):
                    return found
    return found


@pytest.mark.parametrize("window", [(40, 400), (-600, 1500)])
def test_a_ct_is_rendered_through_the_window_asked_for(served: House, reader: Reader, window: tuple[int, int]) -> None:
    client = web_client(served, reader)
    told = client.search_for_instances(search_filters={"Modality": "CT"})[0]
    place = uids(told, "0020000D", "0020000E", "00080018")
    asked = {"window": f"{window[0]},{window[1]},linear"}
    picture = client.retrieve_instance_rendered(*place, media_types=("image/png",), params=asked)
    whole = client.retrieve_instance(*place)
    whole.WindowCenter, whole.WindowWidth = window
    low, high = apply_rescale(np.array([-32768, 32767]), whole)
    shown = apply_windowing(apply_rescale(whole.pixel_array, whole), whole)
    expected = (shown - low) / (high - low) * 255
    assert np.abs(np.asarray(Image.open(BytesIO(picture))) - expected).max() <= 1


def test_dicomweb_client_gets_pictures_of_frames_as_it_asks(served: House, reader: Reader) -> None:
    client = web_client(served, reader)
    told = client.search_for_instances(search_filters={"Modality": "SM"})[0]
    place = uids(told, "0020000D", "0020000E", "00080018")
    asked = {"viewport": "96,64", "iccprofile": "srgb", "quality": 70}
    picture = client.retrieve_instance_frames_rendered(*place, [1], media_types=("image/jpeg",), params=asked)
    image = Image.open(BytesIO(picture))
    assert (image.format, image.size) == ("JPEG", (64, 64))
    assert image.info["icc_profile"]


def test_dicomweb_client_gets_bulk_data_and_whole_studies(served: House, reader: Reader) -> None:
    client = web_client(served, reader)
    study, series = slides(client)[0]
    told = client.retrieve_series_metadata(study, series)
    url = served.url(reader, "studies", study, "series", series, "instances", first(told[0], "00080018"), "bulkdata")
    (profile,) = client.retrieve_bulkdata(f"{url}/00480105/1/00282000")
    whole = {each.SOPInstanceUID: each for each in client.retrieve_study(study)}
    assert whole.keys() >= {first(each, "00080018") for each in told}
    assert bytes(profile) == whole[first(told[0], "00080018")].OpticalPathSequence[0].ICCProfile
    rendered = client.retrieve_series_rendered(study, series)  # pictures of many come in parts (PS3.18 10.4.4)
    assert b"\xff\xd8\xff" in rendered


def test_dicomweb_client_searches_every_level(served: House, reader: Reader) -> None:
    client = web_client(served, reader)
    study, series = slides(client)[0]
    within = client.search_for_instances(study, series, fields=["LossyImageCompression"])
    assert {uids(each, "0020000D", "0020000E") for each in within} == {(study, series)}
    assert all(first(each, "00282110") in ("00", "01") for each in within)
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    every = client.search_for_instances()
    assert client.search_for_instances(limit=2, offset=1) == every[1:3]
    assert client.search_for_instances(limit=2, get_remaining=True) == every
    patient = first(every[0], "00100020")
    assert client.search_for_series(search_filters={"PatientID": patient[:4] + "*"}, fuzzymatching=True)


def test_a_search_inside_sequences_finds_the_slides_of_one_objective(served: House, reader: Reader) -> None:
    lens = "OpticalPathSequence.ObjectiveLensPower"
    with served.client(reader) as client:
        every = client.get("instances", params={"Modality": "SM", "includefield": "OpticalPathSequence"}).json()
        powers = {first(first(each, "00480105"), "00480112") for each in every}
        found = {power: client.get("instances", params={lens: f"{power:g}"}).json() for power in powers}
        assert client.get("instances", params={lens: "7"}).status_code == 204
    assert sum(map(len, found.values())) == len(every) > 0
    for power, hits in found.items():
        assert {first(first(each, "00480105"), "00480112") for each in hits} == {power}
