"""The demo's cast and their applications: all invented, all readable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the demo. `key` names it in demo.json."""

    key: str
    role: str
    name: str
    email: str
    organisation: str


PEOPLE = (
    Person("researcher", "researcher", "Ada Okafor", "ada@university.example", "University of Westhaven"),
    Person("researcher-2", "researcher", "Jonas Lindqvist", "jonas@institute.example", "Harbour Institute"),
    Person("data-steward", "data-steward", "Priya Raman", "priya@slidegate.example", "Slide archive"),
    Person("ethics-reviewer", "ethics-reviewer", "Tom Abara", "tom@committee.example", "Access committee"),
    Person("ethics-reviewer-2", "ethics-reviewer", "Ruth Feldman", "ruth@committee.example", "Access committee"),
    Person("committee-chair", "committee-chair", "Helen Marsh", "helen@committee.example", "Access committee"),
    Person("site-custodian", "site-custodian", "Marek Nowak", "marek@hospital.example", "Northfield General"),
    Person("ppie-panel", "ppie-panel", "Grace Adeyemi", "grace@panel.example", "Patient panel"),
    Person("auditor", "auditor", "Owen Price", "owen@audit.example", "Audit office"),
    Person("administrator", "administrator", "Sam Keller", "sam@slidegate.example", "Slide archive"),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A dataset of the demo."""

    archive: str
    slug: str
    title: str
    summary: str
    terms: tuple[str, ...] = ("DUO:0000042", "DUO:0000026")


DATASETS = (
    Offer(
        "ngh",
        "breast-northfield",
        "Breast biopsies, Northfield",
        "Haematoxylin and eosin slides of breast biopsies, some with immunohistochemistry, scanned at 20x.",
    ),
    Offer(
        "euh",
        "prostate-colon-eastmoor",
        "Prostate and colon, Eastmoor",
        "Prostate core biopsies and colon resections, scanned at 20x; one slide is losslessly compressed.",
    ),
    Offer(
        "cae",
        "skin-caerwen",
        "Skin excisions, Caerwen",
        "Excisions of skin lesions with margins, and linked radiology for one of the patients.",
    ),
)


@dataclass(frozen=True, slots=True)
class Story:
    """One application of the demo, and how far it has come."""

    applicant: str
    title: str
    lay_title: str
    lay_summary: str
    benefit: str
    need: str
    datasets: tuple[int, ...]  # places in the sorted list of datasets
    reaches: str  # draft, submitted, in-review, approved
    days_ago: int
    conditions: tuple[str, ...] = ()
    remarks: tuple[str, str] = ("", "")
    extra: dict[str, Any] = field(default_factory=dict)

    def answers(self, slugs: list[str]) -> dict[str, Any]:
        """The answers to policies/forms/research-access.toml."""
        return {
            "organisation": "University of Westhaven",
            "organisation_kind": "university",
            "team": [],
            "training": True,
            "title": self.title,
            "lay_title": self.lay_title,
            "lay_summary": self.lay_summary,
            "aim": "software",
            "benefit": self.benefit,
            "commercial": "no",
            "ethics": "yes",
            "ethics_reference": "24/LO/0417",
            "datasets": [slugs[place % len(slugs)] for place in self.datasets],
            "need": self.need,
            "technical_summary": "Weakly supervised learning on whole slides, checked against two pathologists.",
            "funders": "Westhaven Cancer Fund",
            "accredited": "some",
            "frequency": "once",
            "linkage": "no",
            "where": "institution",
            "protection": ["encrypted", "mfa", "deleted"],
            "months": "6",
            "outputs": ["paper", "software"],
            "reidentify": True,
            **self.extra,
        }


STORIES = (
    Story(
        applicant="researcher",
        title="Counting tumour-infiltrating lymphocytes on routine H&E slides",
        lay_title="Can a computer count the body's defence cells in a tumour?",
        lay_summary="When someone has cancer, some of the body's own defence cells move into the tumour. The more "
        "there are, the better many people respond to treatment. Today a doctor estimates their number by eye. We "
        "want to teach a computer to count them on ordinary slides, so that every hospital gets the same answer.",
        benefit="People with cancer, whose treatment could be chosen with more certainty, and the laboratories that "
        "look at their slides.",
        need="Whole slides at full resolution from at least two hospitals, because colours differ between scanners. "
        "We need no reports and no dates.",
        datasets=(0, 1, 2),
        reaches="approved",
        days_ago=18,
        conditions=("Show the patient panel the results before you publish them",),
        remarks=(
            "A clear question, the least data that answers it, and a sound plan for keeping it safe.",
            "The summary is easy to read. I would like the panel to see the results first.",
        ),
    ),
    Story(
        applicant="researcher-2",
        title="Colour normalisation across slide scanners",
        lay_title="Making slides from different hospitals look alike",
        lay_summary="Hospitals use different machines to photograph slides, and the colours come out differently. "
        "Computer programs trained in one hospital can then fail in another. We want to find a way to make the colours "
        "match, and give it away freely.",
        benefit="Every patient whose slide is read with the help of software.",
        need="A few slides from each scanner. We do not need anything about the patients.",
        datasets=(0, 1),
        reaches="in-review",
        days_ago=9,
        remarks=("Low risk, and useful to everybody.", ""),
    ),
    Story(
        applicant="researcher-2",
        title="Grading prostate biopsies with weak labels",
        lay_title="Helping doctors grade prostate cancer",
        lay_summary="Doctors give prostate cancer a grade, which decides on treatment. Two doctors do not always "
        "agree. We want to see if a computer can help them agree more often.",
        benefit="Men with prostate cancer.",
        need="Biopsy slides from one site, at full resolution.",
        datasets=(1,),
        reaches="submitted",
        days_ago=3,
    ),
    Story(
        applicant="researcher",
        title="Margins in skin excisions",
        lay_title="Was all of it taken out?",
        lay_summary="",
        benefit="",
        need="",
        datasets=(2,),
        reaches="draft",
        days_ago=1,
    ),
)


def who_can_sign_in(described: dict[str, Any]) -> str:
    """The demo's accounts as a table for a terminal."""
    rows = [
        f"  {role:18} {account['email']:28} {account['password']}" for role, account in described["accounts"].items()
    ]
    return "\n".join(["", f"Sign in at {described['base_url']}/sign-in as", *rows, ""])
