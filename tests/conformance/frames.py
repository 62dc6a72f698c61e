"""WADO-RS: frames (PS3.18 10.4.1.1.6)."""

from __future__ import annotations

from pydicom.encaps import generate_frames

from tests.conformance.checks import Transaction
from tests.conformance.instances import LOSSY, NATIVE
from tests.conformance.parts import is_multipart, kind_of, parts
from tests.conformance.service import Image, Service
from tests.conformance.verdicts import DoesNotApply, expect

FRAMES = Transaction("Retrieve: frames")
OCTETS, MANY = "application/octet-stream", 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
JPEG = "1.2.840.10008.1.2.4.50"
ANY_IMAGE = 'multipart/related; type="image/*"; transfer-syntax=*'


def of_the_instance(service: Service, image: Image) -> list[bytes]:
    """The frames in the file of an instance."""
    dataset = service.dataset(image.path)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return list(generate_frames(dataset.PixelData, number_of_frames=image.frames))
    length = len(dataset.PixelData) // image.frames
    return [dataset.PixelData[n * length : (n + 1) * length] for n in range(image.frames)]


def _same(given: bytes, kept: bytes) -> bool:
    """Whether they are the same but for bytes that fill up an even length."""
    return given.rstrip(b"\0") == kept.rstrip(b"\0")


@FRAMES.check("10.4.4", 'one frame comes as multipart/related; type="application/octet-stream"')
def _(service: Service) -> None:
    for image in service.images[:4]:
        (part,) = parts(service.get(f"{image.path}/frames/1", MANY))
        expect(_same(part.body, of_the_instance(service, image)[0]), "it is another than in the instance")


@FRAMES.check("10.4.4", "one frame comes as it is, application/octet-stream in one part")
def _(service: Service) -> None:
    answer = service.get(f"{service.image.path}/frames/1", f"{OCTETS}; transfer-syntax=*")
    expect(kind_of(answer) == OCTETS, f"it comes as {kind_of(answer)}")
    expect(_same(answer.content, of_the_instance(service, service.image)[0]), "it is another than in the instance")


@FRAMES.check("10.4.1.1.6", "several frames come in parts, in the order that they are asked for")
def _(service: Service) -> None:
    image = service.image
    kept = of_the_instance(service, image)
    asked = [number for number in (2, 1, image.frames) if number <= image.frames]
    for between in (",", "%2C"):
        found = parts(service.get(f"{image.path}/frames/{between.join(map(str, asked))}", MANY))
        expect(len(found) == len(asked), f"{len(found)} parts for {len(asked)} frames")
        for number, part in zip(asked, found, strict=True):
            expect(_same(part.body, kept[number - 1]), f"frame {number} is another than in the instance")


@FRAMES.check("8.7.3.3", "a frame of JPEG comes as image/jpeg, and tells its transfer syntax in a part")
def _(service: Service) -> None:
    image = service.image_of((JPEG,))
    for accept in (f'multipart/related; type="image/jpeg"; transfer-syntax={JPEG}', ANY_IMAGE):
        (part,) = parts(service.get(f"{image.path}/frames/1", accept))
        expect(part.kind == "image/jpeg" and part.body[:3] == b"\xff\xd8\xff", f"{accept} gives {part.kind}")
        expect(part.parameter("transfer-syntax") in ("", JPEG), "it tells another transfer syntax")


@FRAMES.check("8.7.8.1", "a frame comes in some way where anything is accepted")
def _(service: Service) -> None:
    for accept in ("", "*/*"):
        answer = service.get(f"{service.image.path}/frames/1", accept)
        if is_multipart(answer):
            expect(len(parts(answer)) == 1, "one frame comes in several parts")
        expect(answer.content, "a frame of no bytes")
        answer = service.get(f"{service.image.path}/frames/1,1" if service.image.frames < 2
                             else f"{service.image.path}/frames/1,2", accept)  # fmt: skip
        expect(is_multipart(answer), "several frames come in one part")


@FRAMES.check("10.4.4", "one part alone is not acceptable for several frames")
def _(service: Service) -> None:
    service.refuses(f"{service.image.path}/frames/1,{service.image.frames}", (406,), OCTETS)


@FRAMES.check("8.7.8.1", "what a frame cannot be given as is answered with 406")
def _(service: Service) -> None:
    for accept in ("text/html", "image/gif", 'multipart/related; type="image/gif"', f"{OCTETS};q=0",
                   f"{OCTETS}; transfer-syntax=1.2.3.4"):  # fmt: skip
        service.refuses(f"{service.image.path}/frames/1", (406,), accept)


@FRAMES.check("8.7.3.3", "without a transfer syntax asked for, a frame of lossless data comes uncompressed")
def _(service: Service) -> None:
    for image in service.images:
        if service.syntax_of(image) in (*LOSSY, *NATIVE):
            continue
        answer = service.ask(f"{image.path}/frames/1", 'multipart/related; type="application/octet-stream"')
        if answer.status_code == 406:
            return
        kept = of_the_instance(service, image)[0]
        expect(not _same(parts(answer)[0].body, kept), "it comes compressed")
        return
    raise DoesNotApply("no image is compressed without loss")


@FRAMES.check("10.4.3.1", "frames that are not there are answered with 404, what is no number with 400")
def _(service: Service) -> None:
    image = service.image
    service.refuses(f"{image.path}/frames/{image.frames + 1}", (404, 400), MANY)
    service.refuses(f"{image.path}/frames/1,{image.frames + 1}", (404, 400), MANY)
    for numbers in ("0", "-1", "a", "1,,2", "1.5"):
        service.refuses(f"{image.path}/frames/{numbers}", (400, 404), MANY)
