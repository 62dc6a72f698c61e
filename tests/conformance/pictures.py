"""WADO-RS: rendered resources and thumbnails (PS3.18 10.4.1.1.3, 10.4.1.1.4 and 8.3.5)."""

from __future__ import annotations

from io import BytesIO

import httpx
from PIL import Image as Pictures
from PIL import UnidentifiedImageError

from tests.conformance.checks import Transaction
from tests.conformance.parts import is_multipart, kind_of, parts
from tests.conformance.service import INSTANCE, Service, first
from tests.conformance.verdicts import DoesNotApply, expect

RENDERED = Transaction("Retrieve: rendered")
THUMBNAIL = Transaction("Retrieve: thumbnail")
BASELINE = b"\xff\xc0"
FEW = 32  # instances of a study that pictures are asked of


def drawn(body: bytes, kind: str) -> Pictures.Image:
    """The picture, if it is one of that media type. Raises Differs."""
    try:
        picture = Pictures.open(BytesIO(body))
        picture.load()
    except (UnidentifiedImageError, OSError):
        expect(False, f"{kind} holds no picture")
        raise
    expect(picture.get_format_mimetype() == kind, f"a picture of {picture.get_format_mimetype()} is told as {kind}")
    return picture


def _one(answer: httpx.Response) -> Pictures.Image:
    if is_multipart(answer):
        (part,) = parts(answer)
        return drawn(part.body, part.kind)
    return drawn(answer.content, kind_of(answer))


def _frame(service: Service, query: str = "", accept: str = "image/jpeg") -> Pictures.Image:
    return _one(service.get(f"{service.image.path}/frames/1/rendered{query}", accept))


@RENDERED.check("8.7.4", "a frame and an instance come as image/jpeg, whatever is accepted if it is images")
def _(service: Service) -> None:
    for accept in ("", "*/*", "image/*", "image/jpeg"):
        for path in (service.image.path, f"{service.image.path}/frames/1"):
            picture = _one(service.get(f"{path}/rendered", accept))
            expect(picture.get_format_mimetype() in ("image/jpeg", "image/png", "image/gif"), f"Accept: {accept}")
    _frame(service)


@RENDERED.check("8.7.4", "image/jpeg is baseline, of 8 bits")
def _(service: Service) -> None:
    answer = service.get(f"{service.image.path}/frames/1/rendered", "image/jpeg")
    body = parts(answer)[0].body if is_multipart(answer) else answer.content
    expect(BASELINE in body[:65536] and drawn(body, "image/jpeg").mode in ("L", "RGB"), "it is another process")


@RENDERED.check("8.7.4", "image/png is given too")
def _(service: Service) -> None:
    _frame(service, accept="image/png")


@RENDERED.check("10.4.1.1.3", "several frames come in parts")
def _(service: Service) -> None:
    if service.image.frames < 2:
        raise DoesNotApply("there is no image of several frames")
    found = parts(service.get(f"{service.image.path}/frames/1,2/rendered", 'multipart/related; type="image/jpeg"'))
    expect(len(found) == 2 and all(drawn(each.body, "image/jpeg") for each in found), f"{len(found)} parts")


@RENDERED.check("10.4.1.1.3", "a series and a study come in parts, a picture of each instance at least")
def _(service: Service) -> None:
    asked = False
    for path in (service.image.of_series, service.image.of_study):
        uids = [first(each, INSTANCE) for each in service.found(f"{path}/instances?limit={FEW + 1}")]
        if len(uids) <= FEW:
            asked = True
            found = parts(service.get(f"{path}/rendered", 'multipart/related; type="image/jpeg"'))
            expect(len(found) >= len(uids), f"{len(found)} pictures of {len(uids)} instances")
            for each in found:
                drawn(each.body, each.kind)
    if not asked:
        raise DoesNotApply("the series is large")


@RENDERED.check("10.4.4", "one part alone is not acceptable for a series or a study")
def _(service: Service) -> None:
    for path in (service.image.of_series, service.image.of_study):
        service.refuses(f"{path}/rendered", (406, 413), "image/jpeg")


@RENDERED.check("8.3.5.1.2", "a lower quality gives fewer bytes; what is no quality, 400")
def _(service: Service) -> None:
    path = f"{service.image.path}/frames/1/rendered"
    low, high = (len(service.get(f"{path}?quality={each}", "image/jpeg").content) for each in (5, 95))
    expect(low < high, f"{low} bytes at 5 and {high} at 95")
    for each in ("0", "101", "high", "-1"):
        service.refuses(f"{path}?quality={each}", (400,), "image/jpeg")


@RENDERED.check("8.3.5.1.3", "a viewport holds the picture, or the region asked for; what is none, 400")
def _(service: Service) -> None:
    whole = _frame(service)
    picture = _frame(service, "?viewport=64,48")
    expect(picture.width <= 64 and picture.height <= 48 and (picture.width == 64 or picture.height == 48),
           f"{picture.size} for 64,48")  # fmt: skip
    expect(abs(picture.width / picture.height - whole.width / whole.height) < 0.1, "its proportions are not kept")
    half = _frame(service, f"?viewport=4096,4096,0,0,{whole.width // 2},{whole.height}")
    expect(abs(half.width / half.height - whole.width / 2 / whole.height) < 0.1, "a region is not cut out")
    for each in ("0,0", "64", "a,b", "64,64,1", "64,64,100000,100000,1,1"):
        service.refuses(f"{service.image.path}/frames/1/rendered?viewport={each}", (400,), "image/jpeg")


@RENDERED.check("8.3.5.1.4", "a window changes a grey picture; what is no window, 400")
def _(service: Service) -> None:
    for image in service.images:
        (told,) = service.found(f"{image.path}/metadata")
        if str(first(told, "00280004") or "").startswith("MONOCHROME"):
            path = f"{image.path}/frames/1/rendered"
            narrow, wide = (service.get(f"{path}?window={each}", "image/png").content
                            for each in ("40,10,linear", "40,4000,linear"))  # fmt: skip
            expect(narrow != wide, "two windows give one picture")
            for each in ("40", "a,b,linear", "40,0,linear", "40,10,cubic"):
                service.refuses(f"{path}?window={each}", (400,), "image/jpeg")
            return
    raise DoesNotApply("no picture is grey")


@RENDERED.check("8.3.5.1.5", "iccprofile=yes puts a profile in, and iccprofile=no none")
def _(service: Service) -> None:
    if _frame(service).mode == "L":
        raise DoesNotApply("the picture has no colours")
    for asked, wanted in (("yes", True), ("no", False), ("srgb", True)):
        has = bool(_frame(service, f"?iccprofile={asked}").info.get("icc_profile"))
        expect(has is wanted, f"iccprofile={asked} gives {'one' if has else 'none'}")
    service.refuses(f"{service.image.path}/frames/1/rendered?iccprofile=nonsense", (400,), "image/jpeg")


@RENDERED.check("8.3.5.1.5", "iccprofile=adobergb and rommrgb are done, or answered with an error")
def _(service: Service) -> None:
    for each in ("adobergb", "rommrgb"):
        answer = service.ask(f"{service.image.path}/frames/1/rendered?iccprofile={each}", "image/jpeg")
        expect(answer.status_code in (200, 400), f"{each} gives {answer.status_code}")
        if answer.status_code == 200 and _one(answer).mode != "L":
            expect(_one(answer).info.get("icc_profile"), f"{each} gives a picture without a profile")


@RENDERED.check("8.3.5.1.1", "annotation=patient is heard or ignored, and no error")
def _(service: Service) -> None:
    _frame(service, "?annotation=patient")


@RENDERED.check("8.7.8.1", "what pictures cannot be given as is answered with 406")
def _(service: Service) -> None:
    for accept in ("application/dicom", "text/html", "image/jpeg;q=0", 'multipart/related; type="application/dicom"'):
        service.refuses(f"{service.image.path}/rendered", (406,), accept)


@THUMBNAIL.check("10.4.1.1.4", "an instance, a frame, a series and a study have one picture each, in one part")
def _(service: Service) -> None:
    image = service.image
    for path in (image.path, f"{image.path}/frames/1", image.of_series, image.of_study):
        for accept in ("image/jpeg", ""):
            answer = service.get(f"{path}/thumbnail", accept)
            drawn(answer.content, kind_of(answer))


@THUMBNAIL.check("8.3.5.2", "a thumbnail fits into the viewport that is asked for; what is none, 400")
def _(service: Service) -> None:
    for path in (service.image.path, service.image.of_series):
        picture = _one(service.get(f"{path}/thumbnail?viewport=40,30", "image/jpeg"))
        expect(picture.width <= 40 and picture.height <= 30, f"{picture.size} for 40,30")
        service.refuses(f"{path}/thumbnail?viewport=a,b", (400,), "image/jpeg")


@THUMBNAIL.check("8.7.8.1", "what a thumbnail cannot be given as is answered with 406")
def _(service: Service) -> None:
    service.refuses(f"{service.image.path}/thumbnail", (406,), "application/dicom")
