"""Builders for the tests of releases: a small real archive, its catalogue, and grants of every kind over it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pydicom
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, generate_frames
from sqlalchemy import select

from gateway import clock
from gateway import db as database
from gateway import settings as settings_room
from gateway.catalogue import commands as catalogue
from gateway.catalogue.indexing import index_archive
from gateway.catalogue.models import Archive
from gateway.catalogue.screening import screen_datasets
from gateway.demo.archive import SITES, make_archive
from gateway.migrate import upgrade
from gateway.people.commands import create_account
from gateway.people.models import Account
from gateway.people.tokens import issue as issue_token
from gateway.projects import commands as projects
from gateway.projects import grants
from gateway.projects.models import Grant, Project
from gateway.projects.readiness import NOTHING
from gateway.release.building import build
from gateway.release.models import Release
from gateway.settings import Settings
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests import databases
from tests.conftest import free_port
from tests.release.builders import eyes

DAY = timedelta(days=1)
SHRUNK = 32  # how many pixels of a large pyramid's upper level its lower level covers, each way
PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Reader:
    """A researcher with a release: what the tests ask with."""

    account: Account
    release: Release
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class House:
    """A gateway's data: settings, archive and datasets; `base_url` once it is served."""

    settings: Settings
    archive: Path
    datasets: list[str] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return self.settings.base_url

    def move_in(self) -> None:
        """Point this process at the house; other tests may have pointed it elsewhere."""
        settings_room.use(self.settings)
        database.bind(self.settings.database)

    def environment(self) -> dict[str, str]:
        return {
            "SLIDEGATE_DATA_DIR": str(self.settings.data_dir),
            "SLIDEGATE_BASE_URL": self.base_url,
            "SLIDEGATE_PORT": self.base_url.rpartition(":")[2],
            "SLIDEGATE_SECURE_COOKIES": "false",
            "SLIDEGATE_WORKERS": "1",
            "SLIDEGATE_CORS_ORIGINS": ",".join(self.settings.cors_origins),
            "SLIDEGATE_DATABASE_URL": databases.told(self.settings),
        }

    def url(self, reader: Reader, *parts: str) -> str:
        return "/".join((self.base_url, "releases", reader.release.id, "dicomweb", *parts))

    def client(self, reader: Reader, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url(reader) + "/", headers=reader.headers, timeout=30, **options)


def a_house(directory: Path, port: int, planted: Path | None = None, database_url: str = "") -> House:
    """Three sites' slides at a quarter of their size, indexed, each site a dataset."""
    chosen = replace(
        Settings(), data_dir=directory / "data", base_url=f"http://127.0.0.1:{port}", port=port, secure_cookies=False,
        cors_origins=(f"http://127.0.0.1:{free_port()}",), database_url=database_url,
    )  # fmt: skip
    archive = directory / "archive"
    house = House(chosen, archive)
    house.move_in()
    if planted is None:
        make_archive(archive, scale=0.25)
    else:
        shutil.copytree(planted, archive)
    upgrade()
    for code, name in SITES:
        a_site(house, code, name)
    return house


def a_site(house: House, code: str, name: str) -> str:
    """A site with its archive, indexed, and a dataset of all of it; gives the dataset's id."""
    moment = clock.now()
    with database.transaction() as db:
        site = catalogue.add_site(db, by=SYSTEM, code=code, name=name, now=moment)
        uri = f"folder:{house.archive / code}"
        catalogue.add_archive(db, by=SYSTEM, name=code.lower(), uri=uri, site=site, now=moment)
    index_archive(by=SYSTEM, name=code.lower(), now=moment)
    with database.transaction() as db:
        archive = db.scalars(select(Archive).where(Archive.name == code.lower())).one()
        made = catalogue.add_dataset(
            db, by=SYSTEM, slug=code.lower(), title=name, summary="Slides", archive=archive, now=moment,
            deid_policy="pathology-research",
        )  # fmt: skip
        house.datasets.append(made.id)
        return made.id


_count = 0


def an_account(name: str = "", *roles: str) -> Account:
    global _count
    _count += 1
    with database.transaction() as db:
        return create_account(
            db, by=SYSTEM, email=f"{name or 'reader'}-{_count}@example.org", name=name or f"Reader {_count}",
            organisation="University", password=PASSWORD, roles=roles or ("researcher",), now=clock.now(),
        )  # fmt: skip


def a_grant(house: House, account: Account, **changes: Any) -> Grant:
    """A grant that runs from yesterday to in 30 days, of all datasets; `changes` say otherwise."""
    moment = clock.now()
    values = {"starts": moment - DAY, "ends": moment + 30 * DAY, "datasets": house.datasets, "now": moment - DAY}
    with database.transaction() as db:
        lead = db.get_one(Account, account.id)
        project: Project = projects.begin_project(
            db, by=SYSTEM, title="Counting cells", lay_title="Counting", lay_summary="We count.", lead=lead,
            now=values["now"],
        )  # fmt: skip
        return grants.issue(
            db, by=SYSTEM, project=project, deid_policy="pathology-research", needs=NOTHING, **{**values, **changes}
        )


def a_release(grant: Grant) -> Release:
    with database.reading() as db:
        datasets = db.merge(grant).dataset_ids
    screen_datasets(datasets, by=SYSTEM, now=clock.now(), eyes=eyes())
    return build(by=SYSTEM, grant_id=grant.id, now=clock.now())


def a_token(account: Account, scope: str, *, issued: datetime | None = None, days: float = 1) -> str:
    issued = issued or clock.now()
    with database.transaction() as db:
        expires = issued + timedelta(days=days)
        return issue_token(db, account=db.merge(account), scope=scope, expires=expires, now=issued)[1]


def a_reader(house: House, **changes: Any) -> Reader:
    """A researcher with a grant, its release, and a token for it."""
    account = an_account()
    release = a_release(a_grant(house, account, **changes))
    return Reader(account, release, a_token(account, f"release:{release.id}"))


def revoke(reader: Reader) -> None:
    with database.transaction() as db:
        grant = db.get_one(Grant, reader.release.grant_id)
        grants.revoke(db, by=SYSTEM, grant=grant, reason="The study is over", now=clock.now())


def events(release: Release, action: str = "") -> list[Event]:
    """What the trail says of a release, in order."""
    with database.reading() as db:
        asked = select(Event).where(Event.subject == release.id).order_by(Event.seq)
        return list(db.scalars(asked.where(Event.action == action) if action else asked))


def source_files(house: House) -> dict[str, Path]:
    """SOPInstanceUID in the archive -> file."""
    found = {}
    for path in sorted(house.archive.rglob("*.dcm")):
        found[str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)] = path
    return found


def first(told: dict[str, Any], tag: str) -> Any:
    return told[tag]["Value"][0]


def place(told: dict[str, Any]) -> str:
    """The path of an instance that a search has found."""
    study, series, uid = (first(told, tag) for tag in ("0020000D", "0020000E", "00080018"))
    return f"studies/{study}/series/{series}/instances/{uid}"


def flavoured(path: Path) -> FileDataset:
    return pydicom.dcmread(path, stop_before_pixels=True)


def a_large_pyramid(house: House, code: str, megabytes: int) -> str:
    """A site whose one slide has a level of so many megabytes of JPEG tiles and a basic offset table; its dataset's id.

    The tiles are those of one of the demo's slides, again and again; its lower level is the same, 32 times smaller.
    """
    source = sorted(house.archive.glob("NGH/*/SM/*_0.dcm"))[0]
    folder = house.archive / code
    folder.mkdir()
    slide = pydicom.dcmread(source)
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PerFrameFunctionalGroupsSequence"):
        if keyword in slide:
            delattr(slide, keyword)
    tiles = list(generate_frames(slide.PixelData, number_of_frames=slide.NumberOfFrames))
    side = math.isqrt(megabytes * 1_000_000 // (sum(map(len, tiles)) // len(tiles))) + 1
    slide.StudyInstanceUID, slide.SeriesInstanceUID = pydicom.uid.generate_uid(), pydicom.uid.generate_uid()
    slide.PatientID, slide.DimensionOrganizationType = f"{code}-1", "TILED_FULL"
    large = (tiles * (side * side // len(tiles) + 1))[: side * side]
    for name, frames, pixels in (
        ("large.dcm", large, side * slide.Columns),
        ("low.dcm", _shrunk(tiles, side, slide.Columns), side * slide.Columns // SHRUNK),
    ):
        slide.NumberOfFrames, slide.PixelData = len(frames), encapsulate(frames, has_bot=True)
        slide.TotalPixelMatrixColumns = slide.TotalPixelMatrixRows = pixels
        slide.SOPInstanceUID = slide.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        slide.save_as(folder / name, enforce_file_format=True)
    return a_site(house, code, "Large")


def _shrunk(tiles: Sequence[bytes], side: int, edge: int) -> list[bytes]:
    """A square of side * side tiles of `edge` pixels, those given again and again, shrunk, as JPEG tiles."""
    small = [Image.open(BytesIO(each)).convert("RGB").reduce(SHRUNK) for each in tiles]
    columns = -(-side * edge // SHRUNK // edge)
    whole = Image.new("RGB", (columns * edge, columns * edge), "white")
    for number in range(side * side):
        down, across = divmod(number, side)
        whole.paste(small[number % len(small)], (across * edge // SHRUNK, down * edge // SHRUNK))
    made = []
    for number in range(columns * columns):
        down, across = divmod(number, columns)
        out = BytesIO()
        whole.crop((across * edge, down * edge, (across + 1) * edge, (down + 1) * edge)).save(out, "JPEG", quality=90)
        made.append(out.getvalue())
    return made


def a_large_slide(house: House, code: str, megabytes: int) -> str:
    """A site whose one slide is as large as asked, most of it a hole in the file; gives its dataset's id."""
    source = sorted(house.archive.glob("NGH/*/SM/*_0.dcm"))[0]
    folder = house.archive / code
    folder.mkdir()
    slide = pydicom.dcmread(source, stop_before_pixels=True)
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in slide:
            delattr(slide, keyword)
    side = 1024
    frame = side * side * 3
    count = megabytes * 1_000_000 // frame
    slide.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    slide.PhotometricInterpretation, slide.LossyImageCompression = "RGB", "00"
    slide.Rows = slide.Columns = side
    slide.NumberOfFrames, slide.TotalPixelMatrixRows, slide.TotalPixelMatrixColumns = count, side, side * count
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(slide, keyword, pydicom.uid.generate_uid())
    slide.PatientID = f"{code}-1"
    slide.file_meta.MediaStorageSOPInstanceUID = slide.SOPInstanceUID
    path = folder / "large.dcm"
    slide.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=True)
    with path.open("ab") as handle:
        handle.write(b"\xe0\x7f\x10\x00OB\0\0" + (frame * count).to_bytes(4, "little"))
        handle.truncate(handle.tell() + frame * count)
    return a_site(house, code, "Large")
