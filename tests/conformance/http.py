"""What HTTP itself asks for: HEAD, conditions, ranges, refusals (RFC 9110, PS3.18 8.4 and 8.5)."""

from __future__ import annotations

import httpx

from tests.conformance.checks import Transaction
from tests.conformance.parts import kind_of
from tests.conformance.service import DICOM, DICOMS, JSON, Service
from tests.conformance.verdicts import DoesNotApply, expect

RANGES = Transaction("HTTP: ranges and conditions")
REFUSALS = Transaction("HTTP: refusals")
WHOLE = f"{DICOM}; transfer-syntax=*"


def _ranged(service: Service) -> httpx.Response:
    """A whole instance of which parts may be asked for."""
    answer = service.get(service.image.path, WHOLE)
    if answer.headers.get("accept-ranges", "none") == "none":
        raise DoesNotApply("ranges are not offered")
    return answer


def _tag(answer: httpx.Response) -> str:
    tag = str(answer.headers.get("etag", ""))
    if not tag or tag.startswith("W/"):
        raise DoesNotApply("there is no strong ETag")
    return tag


@RANGES.check("RFC 9110 9.3.2", "HEAD gives the header of GET, and no body")
def _(service: Service) -> None:
    for path, accept in ((service.image.path, WHOLE), ("/studies?limit=1", JSON),
                         (f"{service.image.path}/metadata", JSON)):  # fmt: skip
        head, whole = service.ask(path, accept, "HEAD"), service.get(path, accept)
        expect(head.status_code == 200, f"HEAD gives {head.status_code}")
        expect(not head.content, "HEAD has a body")
        for name in ("content-type", "content-length", "etag", "accept-ranges"):
            expect(head.headers.get(name, whole.headers.get(name)) == whole.headers.get(name), f"{name} is another")


@RANGES.check("RFC 9110 14.2", "a range gives that part, and says where it lies")
def _(service: Service) -> None:
    whole = _ranged(service).content
    end = len(whole)
    for asked, start, stop in (("0-0", 0, 1), ("10-99", 10, 100), (f"{end - 5}-", end - 5, end), ("-7", end - 7, end),
                               (f"5-{end + 99}", 5, end)):  # fmt: skip
        answer = service.ask(service.image.path, WHOLE, Range=f"bytes={asked}")
        expect(answer.status_code == 206, f"{asked} gives {answer.status_code}")
        expect(
            answer.headers.get("content-range") == f"bytes {start}-{stop - 1}/{len(whole)}", "Content-Range is wrong"
        )
        expect(answer.content == whole[start:stop], "it is another part")


@RANGES.check("RFC 9110 15.5.17", "a range behind the end is answered with 416 and the length")
def _(service: Service) -> None:
    length = len(_ranged(service).content)
    answer = service.refuses(service.image.path, (416,), WHOLE, Range=f"bytes={length}-")
    expect(answer.headers.get("content-range") == f"bytes */{length}", "the length is not told")


@RANGES.check("RFC 9110 14.2", "several ranges, and what is no range, give the whole or what was asked for")
def _(service: Service) -> None:
    whole = _ranged(service).content
    for asked in ("bytes=0-1,5-6", "bytes=9-5", "lines=1-2", "bytes=a-b"):
        answer = service.ask(service.image.path, WHOLE, Range=asked)
        kind = kind_of(answer)
        fine = (answer.status_code == 200 and answer.content == whole) or kind == "multipart/byteranges"
        expect(fine or answer.status_code == 416, f"{asked} gives {answer.status_code}")


@RANGES.check("RFC 9110 13.1.5", "If-Range gives a part of the same, and the whole of another")
def _(service: Service) -> None:
    whole = _ranged(service)
    same = service.ask(service.image.path, WHOLE, Range="bytes=1-3", If_Range=_tag(whole))
    expect((same.status_code, same.content) == (206, whole.content[1:4]), f"the same gives {same.status_code}")
    other = service.ask(service.image.path, WHOLE, Range="bytes=1-3", If_Range='"another"')
    expect((other.status_code, other.content) == (200, whole.content), f"another gives {other.status_code}")


@RANGES.check("RFC 9110 13.1.2", "If-None-Match of the same is answered with 304")
def _(service: Service) -> None:
    tag = _tag(service.get(service.image.path, WHOLE))
    answer = service.ask(service.image.path, WHOLE, If_None_Match=tag)
    expect(answer.status_code == 304 and not answer.content, f"it gives {answer.status_code}")
    service.get(service.image.path, WHOLE, If_None_Match='"another"')


@RANGES.check("RFC 9110 13.1.1", "If-Match of another is answered with 412")
def _(service: Service) -> None:
    tag = _tag(service.get(service.image.path, WHOLE))
    service.refuses(service.image.path, (412,), WHOLE, If_Match='"another"')
    service.get(service.image.path, WHOLE, If_Match=tag)


@RANGES.check("RFC 9110 8.6", "answers in parts have the length that they say")
def _(service: Service) -> None:
    for path in (service.image.path, service.image.of_series):
        answer = service.get(path, f"{DICOMS}; transfer-syntax=*")
        length = answer.headers.get("content-length")
        expect(length in (None, str(len(answer.content))), f"{length} is said, and {len(answer.content)} come")


@REFUSALS.check("10.4.3.1", "what is not there is answered with 404")
def _(service: Service) -> None:
    image = service.image
    nowhere = ("/studies/1.2.3", f"{image.of_study}/series/1.2.3", f"{image.of_series}/instances/1.2.3",
               f"/studies/1.2.3/series/{image.series}/instances/{image.uid}",
               f"{image.of_study}/series/1.2.3/instances/{image.uid}")  # fmt: skip
    for path in nowhere:
        service.refuses(path, (404, 410), f"{DICOMS}; transfer-syntax=*")
        service.refuses(f"{path}/metadata", (404, 410), JSON)
    service.refuses("/nosuchresource", (404,), JSON)


@REFUSALS.check("8.5", "a UID that is none is answered with 400 or 404")
def _(service: Service) -> None:
    for uid in ("abc", "1.2.%00", "1" * 200, "..%2F..", "1.2'--"):
        service.refuses(f"/studies/{uid}/metadata", (400, 404), JSON)


@REFUSALS.check("RFC 9110 15.5.6", "a method that is not offered is answered with 405, and which ones are")
def _(service: Service) -> None:
    for path in (service.image.path, f"{service.image.path}/metadata", f"{service.image.path}/frames/1"):
        for method in ("PUT", "PATCH"):
            answer = service.ask(path, JSON, method)
            expect(answer.status_code == 405, f"{method} gives {answer.status_code}")
            expect("GET" in answer.headers.get("allow", ""), "Allow does not name GET")


@REFUSALS.check("RFC 9110 15.5.2", "who does not say who they are is answered with 401 and how to")
def _(service: Service) -> None:
    if not service.lets_in:
        raise DoesNotApply("the service lets everybody in")
    for path in ("/studies", service.image.path, f"{service.image.path}/frames/1"):
        answer = service.stranger(path)
        expect(answer.status_code == 401, f"it gives {answer.status_code}")
        expect(answer.headers.get("www-authenticate"), "WWW-Authenticate is missing")


@REFUSALS.check("8.6.3", "a refusal says why in a way that a program can read, and names no file and no code")
def _(service: Service) -> None:
    for path, accept in (
        ("/studies/1.2.3/metadata", JSON),
        ("/studies?limit=a", JSON),
        (service.image.path, "image/gif"),
    ):
        answer = service.ask(path, accept)
        expect(400 <= answer.status_code < 500, f"it gives {answer.status_code}")
        expect("json" in kind_of(answer) or "xml" in kind_of(answer), f"it is {kind_of(answer)}")
        expect("Traceback" not in answer.text and ".py" not in answer.text, "it shows its insides")


@REFUSALS.check("8.5", "nothing that a client sends is an error of the service")
def _(service: Service) -> None:
    image = service.image
    for path in (f"{image.path}/frames/99999999999999999999", "/studies?limit=99999999999999999999",
                 "/studies?StudyDate=%FF", "/studies?includefield=", "/studies?0020000D", "/instances?PatientName=%00",
                 f"{image.path}/rendered?viewport=", f"{image.path}/rendered?window=,,"):  # fmt: skip
        answer = service.ask(path, "*/*")
        expect(answer.status_code < 500, f"{path.rpartition('/')[2]} gives {answer.status_code}")
