"""The checker can fail: of Orthanc it says what is known to be so, and what it must not say it does not say."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from tests.archive.stores import ORTHANC, PLUGIN, an_orthanc
from tests.conformance.checks import Outcome, run
from tests.conformance.service import Service
from tests.conformance.transactions import TRANSACTIONS
from tests.release.builders import an_archive

KNOWN = {  # of Orthanc's DICOMweb plug-in, as its own documentation has it
    "an instance comes as one application/dicom, a file of PS3.10",
    "an instance, a frame, a series and a study have one picture each, in one part",
    "pixel data come whole, at /pixeldata",
}
SOUND = {
    "all six resources of table 10.6.1-1 answer with results",
    'an instance comes as multipart/related; type="application/dicom"',
    "a series and a study come whole, with a part for each instance",
    "limit bounds the results, and offset skips as many",
    'one frame comes as multipart/related; type="application/octet-stream"',
    "what is not there is answered with 404",
}


@pytest.mark.skipif(ORTHANC is None or not PLUGIN.exists(), reason="Orthanc is not installed")
def test_orthanc_is_told_from_a_service_that_conforms(tmp_path: Path) -> None:
    an_archive(tmp_path / "archive")
    lets_in = {"Authorization": "Basic " + b64encode(b"gateway:a-password").decode()}
    with an_orthanc(tmp_path / "orthanc", tmp_path / "archive") as root:
        results = list(run(Service(root, lets_in), TRANSACTIONS))
    outcomes = {each.check.says: each.outcome for each in results}
    assert {outcomes[says] for says in KNOWN} == {Outcome.DIFFERS}
    assert {outcomes[says] for says in SOUND} == {Outcome.PASSED}
