"""The demo archive: three invented hospitals, fifteen patients, their slides and some linked radiology."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from gateway.demo.frames import J2K_LOSSLESS, JPEG_420, JPEG_422, NATIVE
from gateway.demo.patients import cast
from gateway.demo.radiology import write_ct, write_ultrasound
from gateway.demo.slides import Case, SlideSpec, write_slide
from gateway.demo.uids import Uids

SITES = (
    ("NGH", "Northfield General Hospital"),
    ("EUH", "Eastmoor University Hospital"),
    ("CAE", "Ysbyty Caerwen"),
)
TRUSTS = {  # what headers and labels call the hospitals: a name of its own, so that the public one may be told
    "NGH": "Tollgate Mere Hospitals Trust",
    "EUH": "Harrowfen & Saltmarsh Trust",
    "CAE": "Bwrdd Iechyd Glanrhydwen",
}
SPECS = (
    ("NGH", SlideSpec(JPEG_422, organ="breast", width=6144, height=4608)),
    ("NGH", SlideSpec(JPEG_420, organ="breast")),
    ("NGH", SlideSpec(JPEG_422, organ="breast", offsets="bot")),
    ("NGH", SlideSpec(JPEG_422, organ="breast", stain="IHC")),
    ("NGH", SlideSpec(JPEG_420, organ="breast", stain="IHC")),
    ("EUH", SlideSpec(JPEG_422, organ="prostate", tiling="sparse", offsets="eot")),
    ("EUH", SlideSpec(JPEG_420, organ="prostate")),
    ("EUH", SlideSpec(JPEG_422, organ="colon", tile=512)),
    ("EUH", SlideSpec(JPEG_420, organ="prostate", stain="IHC")),
    ("EUH", SlideSpec(J2K_LOSSLESS, organ="prostate", width=2048, height=1536)),
    ("CAE", SlideSpec(JPEG_422, organ="skin", offsets="none")),
    ("CAE", SlideSpec(JPEG_420, organ="skin")),
    ("CAE", SlideSpec(JPEG_422, organ="skin", stain="IHC")),
    ("CAE", SlideSpec(NATIVE, organ="skin", width=1280, height=1024)),
    ("EUH", SlideSpec(JPEG_422, organ="colon", pen=True)),
)


@dataclass(frozen=True, slots=True)
class PlantedArchive:
    """What was made: where, the sites with their folders, and every identifier that is in it."""

    root: Path
    sites: list[tuple[str, str, Path]]
    planted: list[str]


def cases(seed: int, scale: float) -> list[Case]:
    """The studies of the demo; `scale` shrinks the slides."""
    found = []
    for number, ((site, spec), patient) in enumerate(zip(SPECS, cast(seed, len(SPECS)), strict=True)):
        width, height = (max(256, round(side * scale / 16) * 16) for side in (spec.width, spec.height))
        accession = f"{site}26-{310000 + seed * 1000 + number * 37}"
        found.append(
            Case(
                patient=patient,
                uids=Uids(f"{seed} {accession}", patient),
                site=site,
                institution=TRUSTS[site],
                accession=accession,
                block=f"A{number % 4 + 1}",
                date=f"2026{number % 9 + 1:02}{number + 7:02}",
                spec=replace(spec, width=width, height=height),
                seed=seed * 100 + number,
            )
        )
    return found


def _write(root: Path, case: Case, linked: bool) -> set[str]:
    """Write one case; gives what was planted, as the case's patient may live in another process."""
    folder = root / case.site / case.accession
    write_slide(folder / "SM", case)
    if linked:
        write_ultrasound(folder / "US", case)
        write_ct(folder / "CT", case)
    return case.patient.planted


def make_archive(
    root: Path, *, seed: int = 7, scale: float = 1.0, progress: Callable[[int, int], None] | None = None
) -> PlantedArchive:
    """Write the archive below `root`. The same seed gives the same files. `scale` 1.0 takes about a minute."""
    todo = cases(seed, scale)
    planted: set[str] = set()
    linked = {case.accession for case in todo if case.site == "CAE"}
    first_linked = min(linked)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_write, root, case, case.accession == first_linked) for case in todo]
        for done, each in enumerate(running, 1):
            planted |= each.result()
            if progress:
                progress(done, len(todo))
    sites = [(code, name, root / code) for code, name in SITES]
    return PlantedArchive(root, sites, sorted(planted))
