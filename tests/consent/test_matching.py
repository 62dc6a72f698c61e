"""Every term against purposes: what it says, why, and that more restrictions never allow more."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.consent.duo import Part, Restriction, Term, read_vocabulary
from gateway.consent.matching import match, overall
from gateway.consent.purposes import Ethics, Purpose, Research
from gateway.consent.rules import RULES
from gateway.consent.verdicts import Setting, Verdict, worst
from tests.consent.terms import BREAST, CANCER, DUCTAL, POLICIES, PROSTATE, TODAY, UNKNOWN, a_setting, a_term

SETTING = a_setting()
VOCABULARY = read_vocabulary(POLICIES)


def research(*kinds: str) -> Purpose:
    return Purpose(research=frozenset(map(Research, kinds)))


def diseases(*ids: str) -> Purpose:
    return Purpose(diseases=frozenset(ids))


def places(*codes: str) -> Purpose:
    return Purpose(places=frozenset(codes))


NOBODY = Purpose()
TABLE = [
    ("04", NOBODY, "yes", "no restriction"),
    ("42", NOBODY, "yes", "Any research"),
    ("43", NOBODY, "yes", "care of patients is allowed"),
    ("06", NOBODY, "ask", "has not said what kind"),
    ("06", research("health"), "yes", "It is health"),
    ("06", research("health", "methods"), "yes", "It is health"),
    ("06", research("methods"), "ask", "ask whether it is"),
    ("06", research("care"), "ask", "ask whether it is"),
    ("06", research("health", "ancestry"), "no", "origins or ancestry"),
    ("06", research("health", "other"), "no", "not about health"),
    (f"07={BREAST}", NOBODY, "ask", "only breast cancer may be"),
    (f"07={BREAST}", diseases(), "no", "no named disease"),
    (f"07={BREAST}", diseases(BREAST), "yes", "Breast cancer is the disease that is allowed"),
    (f"07={BREAST}", diseases(DUCTAL), "yes", "Invasive ductal breast carcinoma is a kind of breast cancer"),
    (f"07={CANCER}", diseases(DUCTAL, PROSTATE), "yes", "Prostate cancer is a kind of cancer"),
    (f"07={BREAST}", diseases(PROSTATE), "no", "prostate cancer, which is not a kind of breast cancer"),
    (f"07={BREAST}", diseases(BREAST, PROSTATE), "no", "prostate cancer"),
    (f"07={BREAST},{PROSTATE}", diseases(BREAST, PROSTATE), "yes", "Prostate cancer is the disease"),
    (f"07={BREAST}", diseases(CANCER), "ask", "cancer, which is wider than breast cancer"),
    (f"07={BREAST}", diseases(UNKNOWN), "ask", "cannot be told"),
    (f"07={UNKNOWN}", diseases(BREAST), "ask", "cannot be told"),
    (f"07={UNKNOWN}", diseases(UNKNOWN), "yes", "is the disease that is allowed"),
    ("11", NOBODY, "ask", "has not said"),
    ("11", research("ancestry"), "yes", "It is research into population origins"),
    ("11", research("ancestry", "health"), "ask", "more than"),
    ("11", research("health"), "no", "not research into population origins"),
    ("12=work on children;work on ageing", research("health"), "ask", "work on children or work on ageing"),
    ("15", NOBODY, "ask", "has not said"),
    ("15", research("health", "methods"), "no", "develops methods"),
    ("15", research("health"), "yes", "does not develop"),
    ("16", NOBODY, "ask", "has not said"),
    ("16", research("health", "genetics"), "yes", "includes the study of genes"),
    ("16", research("health"), "no", "does not include the study of genes"),
    ("18", NOBODY, "ask", "works for profit. Ask whether a company"),
    ("18", Purpose(for_profit=False, commercial=False), "yes", "does not work for profit. No company pays"),
    ("18", Purpose(for_profit=True, commercial=False), "no", "The organisation works for profit."),
    ("18", Purpose(for_profit=False, commercial=True), "no", "A company pays"),
    ("18", Purpose(for_profit=True), "no", "The organisation works for profit."),
    ("18", Purpose(for_profit=False), "ask", "Ask whether a company"),
    ("19", NOBODY, "ask", "Ask whether"),
    ("19", Purpose(publishes=True), "yes", "will publish"),
    ("19", Purpose(publishes=False), "no", "will not publish"),
    ("20", NOBODY, "ask", "those who collected the data"),
    ("20=Dr Nowak", Purpose(collaborates=True), "yes", "agrees to work together with Dr Nowak"),
    ("20", Purpose(collaborates=False), "no", "does not want"),
    ("21", NOBODY, "ask", "has not said"),
    ("21", Purpose(ethics=Ethics.DOCUMENTED), "yes", "letter is with"),
    ("21", Purpose(ethics=Ethics.SAID), "ask", "no letter"),
    ("21", Purpose(ethics=Ethics.WAITING), "ask", "not there yet"),
    ("21", Purpose(ethics=Ethics.NOT_NEEDED), "no", "these data need it"),
    ("22=GB", NOBODY, "ask", "only GB is allowed"),
    ("22=GB", places("GB"), "yes", "used in GB only"),
    ("22=GB", places("GB", "US"), "no", "used in US, and only GB"),
    ("22=GB,EU", places("IE", "GB"), "yes", "GB and IE"),
    ("22=EU", places("EU"), "yes", "used in EU only"),
    ("22=EU", places("GB"), "no", "only EU"),
    ("22=IE", places("EU"), "ask", "whether that lies in IE"),
    ("22=GB", places("EU"), "no", "only GB"),
    ("22=GB", places("GB", "other"), "ask", "used in other"),
    ("24=2027-01-31", NOBODY, "ask", "wait until 31 January 2027"),
    ("24=2026-03-02", NOBODY, "yes", "that day is past"),
    ("24=2027-01-31", Purpose(publishes_on=date(2027, 1, 31)), "yes", "will not publish before"),
    ("24=2027-01-31", Purpose(publishes_on=date(2027, 1, 30)), "no", "before 31 January 2027"),
    ("24=2027-01-31", Purpose(publishes=False), "yes", "publish nothing"),
    ("25=6", NOBODY, "ask", "6 months are allowed"),
    ("25=6", Purpose(months=6), "yes", "asked for 6 months"),
    ("25=6", Purpose(months=7), "no", "only 6 are allowed"),
    ("26", NOBODY, "yes", "named in the approved project"),
    ("26=Ada@x.example", NOBODY, "ask", "on the list"),
    ("26=Ada@x.example", Purpose(people=frozenset({"ada@x.example"})), "yes", "Everybody"),
    ("26=Ada@x.example", Purpose(people=frozenset({"ada@x.example", "bo@x.example"})), "no", "Somebody"),
    ("27", NOBODY, "yes", "approved project only"),
    ("27=SPRINT", Purpose(title="Sprint"), "yes", "one of those"),
    ("27=SPRINT", Purpose(title="Other"), "ask", "ask whether this is that project"),
    ("28=University of Westhaven", NOBODY, "ask", "has not named"),
    ("28=University of Westhaven", Purpose(organisation="university of westhaven"), "yes", "The organisation is"),
    ("28=University of Westhaven", Purpose(organisation="Westhaven"), "ask", "calls itself Westhaven"),
    ("29", NOBODY, "ask", "Ask whether"),
    ("29", Purpose(gives_back=True), "yes", "will give"),
    ("29", Purpose(gives_back=False), "no", "will not give"),
    ("44", NOBODY, "ask", "has not said"),
    ("44", research("health"), "yes", "does not study"),
    ("44", research("health", "ancestry"), "no", "origins or ancestry"),
    ("45", NOBODY, "ask", "Ask whether the organisation"),
    ("45", Purpose(for_profit=True), "no", "works for profit"),
    ("45", Purpose(for_profit=False, commercial=True), "yes", "does not work for profit"),
    ("46", NOBODY, "ask", "Ask whether a company"),
    ("46", Purpose(commercial=True), "no", "A company pays"),
    ("46", Purpose(for_profit=True, commercial=False), "yes", "No company"),
]


@pytest.mark.parametrize(("term", "purpose", "verdict", "words"), TABLE)
def test_a_term_says_and_explains(term: str, purpose: Purpose, verdict: str, words: str) -> None:
    (found,) = [each for each in match([a_term(term)], purpose, SETTING) if each.term is not None]
    assert (found.verdict, words in found.sentence) == (verdict, True), found.sentence
    assert found.sentence.endswith(".")


def test_the_table_has_every_term_that_a_dataset_can_carry() -> None:
    usable = {each.id for each in VOCABULARY.usable}
    assert {a_term(row[0]).id for row in TABLE} == usable == set(RULES)


def test_without_a_permission_somebody_has_to_ask() -> None:
    assert overall(match([], research("health"), SETTING)) == Verdict.ASK
    (promised, unsaid) = sorted(match([a_term("19")], Purpose(publishes=True), SETTING), key=lambda f: f.term is None)
    assert promised.verdict == Verdict.YES
    assert (unsaid.term, unsaid.verdict) == (None, Verdict.ASK)
    assert overall([promised, unsaid]) == Verdict.ASK


def test_care_needs_a_term_that_allows_it() -> None:
    caring = research("health", "care")
    assert overall(match([a_term("42")], caring, SETTING)) == Verdict.ASK
    assert overall(match([a_term("42"), a_term("43")], caring, SETTING)) == Verdict.YES
    assert overall(match([a_term("04")], caring, SETTING)) == Verdict.YES


def test_the_worst_is_first_and_counts() -> None:
    found = match([a_term("42"), a_term("25=6"), a_term("19")], Purpose(months=12), SETTING)
    assert [each.verdict for each in found] == [Verdict.NO, Verdict.ASK, Verdict.YES]
    assert overall(found) == Verdict.NO
    assert worst([]) == Verdict.ASK


VALUES = {
    Restriction.DISEASE: st.sampled_from([CANCER, BREAST, DUCTAL, PROSTATE, UNKNOWN]),
    Restriction.LOCATION: st.sampled_from(["GB", "IE", "EU", "US"]),
    Restriction.DATE: st.dates(date(2025, 1, 1), date(2028, 1, 1)).map(str),
    Restriction.MONTHS: st.integers(1, 36).map(str),
    Restriction.USERS: st.sampled_from(["ada@x.example", "bo@x.example"]),
}
SINGLE = {Restriction.DATE, Restriction.MONTHS}


@st.composite
def terms(draw: st.DrawFn) -> Term:
    definition = draw(st.sampled_from(VOCABULARY.usable))
    if definition.restriction == Restriction.NONE:
        return Term(definition)
    value = VALUES.get(definition.restriction, st.sampled_from(["University of Westhaven", "SPRINT"]))
    most = 1 if definition.restriction in SINGLE else 3
    chosen = draw(st.lists(value, min_size=int(definition.needs), max_size=most, unique=True))
    written = f"{definition.id}={';'.join(chosen)}" if chosen else definition.id
    return VOCABULARY.term(written)


maybe = st.none() | st.booleans()
purposes = st.builds(
    Purpose,
    research=st.frozensets(st.sampled_from(Research)),
    diseases=st.none() | st.frozensets(st.sampled_from([CANCER, BREAST, DUCTAL, PROSTATE, UNKNOWN])),
    places=st.frozensets(st.sampled_from(["GB", "IE", "EU", "US", "other"])),
    for_profit=maybe,
    commercial=maybe,
    publishes=maybe,
    publishes_on=st.none() | st.dates(date(2025, 1, 1), date(2028, 1, 1)),
    gives_back=maybe,
    collaborates=maybe,
    ethics=st.sampled_from(Ethics),
    months=st.none() | st.integers(1, 36),
    organisation=st.sampled_from(["", "University of Westhaven"]),
    title=st.sampled_from(["", "SPRINT"]),
    people=st.none() | st.frozensets(st.sampled_from(["ada@x.example", "bo@x.example"])),
)


@given(st.lists(terms(), max_size=5), terms(), purposes)
def test_one_more_term_never_turns_a_no_into_a_yes(carried: list[Term], more: Term, purpose: Purpose) -> None:
    before = overall(match(carried, purpose, SETTING))
    after = overall(match([*carried, more], purpose, SETTING))
    if before == Verdict.NO:
        assert after == Verdict.NO
    if more.definition.part == Part.MODIFIER and more.id != "DUO:0000043" and before == Verdict.ASK:
        assert after != Verdict.YES


@given(terms(), purposes)
def test_every_term_has_something_to_say_to_every_purpose(term: Term, purpose: Purpose) -> None:
    found = match([term], purpose, SETTING)
    assert term in [each.term for each in found]
    assert all(each.sentence and "@" not in each.sentence for each in found)


@given(terms(), purposes)
def test_nothing_told_is_never_a_no(term: Term, purpose: Purpose) -> None:
    assert overall(match([term], Purpose(), SETTING)) != Verdict.NO
    later = Setting(SETTING.hierarchy, SETTING.regions, TODAY.replace(year=2030))
    if term.definition.restriction == Restriction.DATE:
        assert match([term], purpose, later)[-1].verdict == Verdict.YES
