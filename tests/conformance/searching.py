"""QIDO-RS: the resources of a search, and what is told of each result (PS3.18 10.6.1.1 and 10.6.3.3)."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.conformance import json_model, xml_model
from tests.conformance.checks import Transaction
from tests.conformance.parts import kind_of, parts
from tests.conformance.service import INSTANCE, JSON, SERIES, STUDY, XML, Service, Told, first
from tests.conformance.verdicts import DoesNotApply, expect

SEARCH = Transaction("Search")
LEVELS = ("studies", "series", "instances")
OF_STUDY = (  # type R or U in table 10.6.3-3
    "00080020", "00080030", "00080050", "00080061", "00080090", "00100010", "00100020", "00100030", "00100040",
    "0020000D", "00200010", "00201206", "00201208",
)  # fmt: skip
OF_SERIES = ("00080060", "0020000E", "00200011", "00201209")  # in table 10.6.3-4
OF_INSTANCE = ("00080016", "00080018", "00081190", "00200013")  # in table 10.6.3-5
OF_PIXELS = ("00280008", "00280010", "00280011", "00280100")  # where they are known
URL = "00081190"


def resources(service: Service) -> list[str]:
    """The six searches of table 10.6.1-1."""
    image = service.image
    return ["/studies", "/series", "/instances", f"{image.of_study}/series", f"{image.of_study}/instances",
            f"{image.of_series}/instances"]  # fmt: skip


@SEARCH.check("10.6.1.1", "all six resources of table 10.6.1-1 answer with results")
def _(service: Service) -> None:
    for path in resources(service):
        expect(service.found(path), f"{path.rpartition('/')[2]} below a study or series gives nothing")


@SEARCH.check("10.6.4", "results are application/dicom+json where nothing is asked for")
def _(service: Service) -> None:
    for accept in ("", "*/*", JSON):
        expect(kind_of(service.get("/studies", accept)) == JSON, f"Accept: {accept} gives another media type")


@SEARCH.check("F.2.2", "results are well-formed JSON model objects")
def _(service: Service) -> None:
    for level in LEVELS:
        for told in service.some(level):
            json_model.well_formed(told)


@SEARCH.check("10.6.4", 'results also come as multipart/related; type="application/dicom+xml"')
def _(service: Service) -> None:
    for level in LEVELS:
        told = service.found(f"/{level}?limit=3")
        found = parts(service.get(f"/{level}?limit=3", XML))
        expect(len(found) == len(told), f"{len(found)} parts of XML for {len(told)} {level}")
        for each, same in zip(found, told, strict=True):
            xml_model.same_attributes(xml_model.read(each.body), same)


def _have(told: list[Told], tags: tuple[str, ...]) -> None:
    for each in told:
        missing = [tag for tag in tags if tag not in each]
        expect(not missing, f"a result is without {', '.join(missing)}")


@SEARCH.check("10.6.3.3.1", "studies have all required attributes of table 10.6.3-3, empty ones if not known")
def _(service: Service) -> None:
    _have(service.some("studies"), OF_STUDY)


@SEARCH.check("10.6.3.3.2", "series have all required attributes of table 10.6.3-4")
def _(service: Service) -> None:
    _have(service.some("series"), OF_SERIES)


@SEARCH.check("10.6.3.3.2", "all series have the attributes of their studies, too")
def _(service: Service) -> None:
    _have(service.some("series"), tuple(tag for tag in OF_STUDY if tag not in COUNTED))


COUNTED = ("00080061", "00201206", "00201208")


@SEARCH.check("10.6.3.3.3", "instances have all attributes of table 10.6.3-5")
def _(service: Service) -> None:
    told = service.some("instances")
    _have(told, OF_INSTANCE)
    _have([each for each in told if first(each, "00280010")], OF_PIXELS[1:])


@SEARCH.check("10.6.3.3.3", "all instances have the attributes of their series and studies, too")
def _(service: Service) -> None:
    told = service.some("instances")
    _have(told, tuple(tag for tag in OF_STUDY if tag not in COUNTED))
    _have(told, tuple(tag for tag in OF_SERIES if tag != "00201209"))


@SEARCH.check("10.6.3.3", "unique keys are unique, and results lie where they were searched for")
def _(service: Service) -> None:
    for level, key in zip(LEVELS, (STUDY, SERIES, INSTANCE), strict=True):
        uids = [first(each, key) for each in service.some(level)]
        expect(len(uids) == len(set(uids)) and all(uids), f"a UID stands for two {level}")
    image = service.image
    for each in service.found(f"{image.of_series}/instances"):
        expect((first(each, STUDY), first(each, SERIES)) in ((image.study, image.series), (None, image.series),
               (image.study, None), (None, None)), "an instance of another series")  # fmt: skip


@SEARCH.check("10.6.3.3.1", "the numbers of series and instances of a study are those that there are")
def _(service: Service) -> None:
    for told in service.some("studies")[:3]:
        path = f"/studies/{first(told, STUDY)}"
        counted = (int(first(told, "00201206")), int(first(told, "00201208")))
        found = (len(service.found(f"{path}/series")), len(service.found(f"{path}/instances")))
        expect(counted == found, f"a study says {counted}, and has {found}")


@SEARCH.check("10.6.3.3", "Retrieve URL leads to what it names")
def _(service: Service) -> None:
    for level, name in zip(LEVELS, (STUDY, SERIES, INSTANCE), strict=True):
        told = service.some(level)[0]
        url = str(first(told, URL) or "")
        if not url:
            raise DoesNotApply("nothing can be retrieved")
        expect(urlsplit(url).scheme in ("http", "https"), f"{level}: Retrieve URL is not absolute")
        _, found, below = url.partition("/studies/")
        expect(found and below.rpartition("/")[2] == first(told, name), f"{level}: Retrieve URL names another")
        (known, *_) = service.found(f"/studies/{below}/metadata")
        expect(first(known, name) == first(told, name), f"{level}: Retrieve URL leads to another")


@SEARCH.check("10.6.3.1", "a search that finds nothing is a success with no results")
def _(service: Service) -> None:
    for level, key in zip(LEVELS, ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"), strict=True):
        expect(service.found(f"/{level}?{key}=1.2.3.4") == [], f"{level} that are not there are found")


@SEARCH.check("8.7.8.1", "what results cannot be given as is answered with 406")
def _(service: Service) -> None:
    for accept in ("image/png", "application/dicom", f"{JSON};q=0"):
        service.refuses("/studies", (406,), accept)
