"""The register for programs: JSON with the standard's names, CSV with its headings, and an Atom feed (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from gateway.transparency.register import Entry
from gateway.web.spreadsheet import row

STANDARD = "UK Health Data Research Alliance, recommendations for a data use register standard, 2022"
ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
Value = str | int | list[str] | None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the standard: its name for programs, its heading for people, and where it comes from."""

    name: str
    heading: str
    of: Callable[[Entry], Value]


FIELDS = (
    Field("projectIdText", "Project ID", lambda each: each.use.id),
    Field("projectTitle", "Project title", lambda each: each.use.title),
    Field("layTitle", "Title in everyday words", lambda each: each.use.lay_title),
    Field("organisationName", "Organisation name", lambda each: each.use.organisation),
    Field("organisationId", "Organisation ID", lambda each: each.words.organisation_id),
    Field("organisationSector", "Organisation sector", lambda each: each.use.organisation_kind),
    Field("numberOfPeople", "Number of people with access", lambda each: each.people),
    Field("applicantNames", "Applicant name(s)", lambda each: each.words.applicants.splitlines()),
    Field("accreditedResearcherStatus", "Accredited researcher status", lambda each: each.words.accredited),
    Field("fundersAndSponsors", "Funders/ Sponsors", lambda each: each.words.funders.splitlines()),
    Field("commercialInterest", "Does a company pay or gain?", lambda each: each.words.commercial),
    Field("sublicenceArrangements", "Sub-licence arrangements (if any)?", lambda each: each.sublicence),
    Field("datasetNames", "Dataset(s) name", lambda each: [source.title for source in each.use.sources]),
    Field("dataCustodians", "Data custodian(s)", lambda each: sorted({source.site for source in each.use.sources})),
    Field("dataSensitivityLevel", "Data sensitivity level", lambda each: each.basis.sensitivity),
    Field("confidentialDataDescription", "Description of confidential data", lambda each: each.basis.confidential_data),
    Field("datasetLinkageDescription", "Linkage with other data", lambda each: each.words.linkage),
    Field("laySummary", "Lay summary", lambda each: each.use.lay_summary),
    Field("technicalSummary", "Technical summary", lambda each: each.words.technical_summary),
    Field("requestCategoryType", "Request category type", lambda each: each.words.aim),
    Field("requestFrequency", "Request frequency", lambda each: each.words.frequency),
    Field("publicBenefitStatement", "Public benefit statement", lambda each: each.words.benefit),
    Field("whyThisData", "Why these data are needed", lambda each: each.words.need),
    Field("otherApprovalCommittees", "Other approval committees", lambda each: each.words.ethics),
    Field("conditions", "Conditions of the approval", lambda each: list(each.use.conditions)),
    Field("latestApprovalDate", "Latest approval date", lambda each: _day(each.approved_at)),
    Field("projectStartDate", "Project start date", lambda each: _day(each.starts_at)),
    Field("projectEndDate", "Project end date", lambda each: _day(each.ends_at)),
    Field("releaseDate", "Release date", lambda each: _day(each.released_at)),
    Field("accessDate", "Access date", lambda each: _day(each.accessed_at)),
    Field("state", "State of the access", lambda each: each.state),
    Field("accessType", "Access type", lambda each: each.words.access_type),
    Field("dataLocation", "Where the data is used", lambda each: each.words.setting),
    Field("safeSettings", "How the data is protected there", lambda each: each.words.protection),
    Field("legalBasisForDataArticle6", "Legal basis, Article 6", lambda each: each.legal_basis_article6),
    Field("legalBasisForDataArticle9", "Lawful conditions, Article 9", lambda each: each.legal_basis_article9),
    Field("dutyOfConfidentiality", "Duty of confidentiality", lambda each: each.basis.duty_of_confidentiality),
    Field("nationalDataOptOut", "National data opt-out applied?", lambda each: each.basis.opt_outs),
    Field("privacyEnhancements", "How data is processed to enhance privacy", lambda each: each.basis.privacy),
    Field("deidentificationPolicies", "De-identification policies", lambda each: list(each.policies)),
    Field("plannedOutputs", "Planned outputs", lambda each: each.words.planned_outputs),
    Field("researchOutputs", "Link to research outputs", lambda each: list(each.outputs)),
    Field("url", "Link to this entry", lambda each: each.url),
)


def as_json(found: Sequence[Entry], *, publisher: str, now: datetime) -> dict[str, object]:
    """The whole register; dates as YYYY-MM-DD, None where something has not happened."""
    told = [{field.name: field.of(each) for field in FIELDS} for each in found]
    return {"standard": STANDARD, "publisher": publisher, "generatedAt": now.isoformat(), "dataUses": told}


def as_csv(found: Sequence[Entry]) -> Iterator[str]:
    """A line for each entry, the headings first; lists with a semicolon between."""
    yield row(field.heading for field in FIELDS)
    for each in found:
        yield row(_cell(field.of(each)) for field in FIELDS)


def as_atom(found: Sequence[Entry], *, publisher: str, base_url: str, now: datetime) -> bytes:
    """The feed, what changed last first."""
    base = base_url.rstrip("/")
    feed = Element("feed", xmlns=ATOM)
    ordered = sorted(found, key=lambda each: each.updated_at, reverse=True)
    updated = ordered[0].updated_at if ordered else now
    _texts(feed, id=f"{base}/register", title=f"{publisher}: who uses the data", updated=_moment(updated))
    SubElement(feed, "link", rel="self", type="application/atom+xml", href=f"{base}/register.atom")
    SubElement(feed, "link", rel="alternate", type="text/html", href=f"{base}/register")
    _texts(SubElement(feed, "author"), name=publisher)
    for each in ordered:
        _item(SubElement(feed, "entry"), each)
    body: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def _item(item: Element, each: Entry) -> None:
    times = {"published": _moment(each.starts_at), "updated": _moment(each.updated_at)}
    _texts(item, id=each.url, title=each.use.lay_title, **times)
    SubElement(item, "link", rel="alternate", type="text/html", href=each.url)
    SubElement(item, "category", term=each.state)
    _texts(item, summary=each.use.lay_summary or each.use.title)


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = NOT_XML.sub("\ufffd", text)


def _cell(value: Value) -> str | int | None:
    return "; ".join(value) if isinstance(value, list) else value


def _day(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).date().isoformat() if moment else None


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
