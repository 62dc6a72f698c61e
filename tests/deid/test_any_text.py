"""Whatever is written between words of the trade: no identifier of the patient leaves in it, however it is spelt."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.deid.cleaner import Cleaner
from gateway.deid.folding import LOOKALIKES, squeezed
from gateway.deid.identifiers import NOBODY_KNOWN, Gathered, Identifiers
from tests.deid.slides import RESEARCH

WORDS = RESEARCH.vocabulary
PLAIN = sorted(WORDS.words - WORDS.names)
MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]
MARKED = {"a": "áàâäå", "e": "éèê", "i": "íï", "o": "óøô", "u": "úü", "n": "ñ", "c": "ç", "l": "ł", "w": "ŵ", "y": "ŷ"}

trade = st.lists(st.sampled_from(PLAIN), max_size=6).map(" ".join)
made_up = st.text("abcdefghijklmnoprstuvwyz", min_size=3, max_size=12)
CAN_BE_NAMES = {word for word in WORDS.words if word.isalpha() and word.isascii() and len(word) > 2} - NOBODY_KNOWN
of_the_trade = st.sampled_from(sorted(CAN_BE_NAMES))
names = st.one_of(made_up, of_the_trade, st.tuples(of_the_trade, of_the_trade).map("".join)).filter(
    lambda name: name not in NOBODY_KNOWN
)
numbers = st.from_regex(r"[A-Z]{0,4}[0-9]{4,10}", fullmatch=True).filter(lambda number: len(set(number)) > 2)
days = st.dates(date(1920, 1, 1), date(2030, 12, 31))


def known(*, person: str = "", number: str = "", day: date | None = None) -> Identifiers:
    gathered = Gathered()
    gathered.person(person)
    gathered.number(number)
    gathered.day(day.strftime("%Y%m%d") if day else "")
    return gathered.identifiers()


@st.composite
def spelt(draw: st.DrawFn, name: str) -> str:
    """A name in any case, with marks on letters, broken up by a hyphen, a blank, a dot or an apostrophe."""
    letters = [draw(st.sampled_from([c, c, *MARKED.get(c, "")])) for c in name]
    for _ in range(draw(st.integers(0, 2))):
        letters.insert(draw(st.integers(0, len(letters))), draw(st.sampled_from("- .'’")))
    form = draw(st.sampled_from(["NFC", "NFD"]))
    case = draw(st.sampled_from([str.lower, str.upper, str.title, str.swapcase, str]))
    return unicodedata.normalize(form, case("".join(letters)))


@st.composite
def keyed_in(draw: st.DrawFn, number: str) -> str:
    """A number broken up anywhere, its letters and digits taken one for the other."""
    swaps = {"0": "0O", "1": "1lI", "O": "O0", "I": "I1"}
    parts = []
    for c in number:
        parts += (draw(st.sampled_from(swaps.get(c, c))), draw(st.sampled_from(["", "", "", " ", "-", "/", ".", "_"])))
    return "".join(parts)


def written(day: date) -> list[str]:
    month, d, m, y = MONTHS[day.month - 1], day.day, day.month, day.year
    return [
        day.strftime("%Y%m%d"), day.isoformat(), day.strftime("%d/%m/%Y"), day.strftime("%m/%d/%Y"),
        day.strftime("%d%m%y"), f"{d}.{m}.{y % 100}", f"{d} {month} {y}", f"{month} {d}th, {y}", f"{d}th of {month}",
        f"{d}-{month[:3]}-{y % 100:02}", f"{month[:3].upper()} {d}", f"{d} {m} {y % 100:02}", f"{d}{month[:3]}{y}",
        day.strftime("%Y:%m:%d"), day.strftime("%d.%m.%Y"),
    ]  # fmt: skip


def parts_left(text: str) -> list[str]:
    return [squeezed(part) for part in re.findall(r"[^\W_]+", text.replace("[removed]", " / "))]


@settings(max_examples=300)
@given(trade, trade, st.data(), names, names)
def test_a_name_does_not_leave_in_any_spelling(
    before: str, after: str, data: st.DataObject, family: str, given: str
) -> None:
    cleaner = Cleaner(WORDS, known(person=f"{family}^{given}"))
    forms = [data.draw(spelt(family)), data.draw(spelt(given))]
    order = data.draw(
        st.sampled_from(["{0}", "{1}", "{0} {1}", "{1} {0}", "{0}, {1}", "{1}{0}", "{0}_{1}", "{0[0]}. {1}"])
    )
    inserted = order.format(*forms)
    left = cleaner.cleaned(f"{before} {inserted} {after}")
    for name in (family, given):
        assert squeezed(name) not in parts_left(left)
        assert len(name) < 5 or squeezed(name) not in squeezed(left.replace("[removed]", "§"))


@settings(max_examples=300)
@given(trade, trade, st.data(), numbers)
def test_a_number_does_not_leave_in_any_spelling(before: str, after: str, data: st.DataObject, number: str) -> None:
    cleaner = Cleaner(WORDS, known(number=number))
    left = cleaner.cleaned(f"{before} {data.draw(keyed_in(number))} {after}")
    ours = cleaner.cleaned(f"{before} ") + cleaner.cleaned(f" {after}")
    digits = [c for part in parts_left(left) for c in part.translate(LOOKALIKES) if c.isdigit()]
    before_it = [c for part in parts_left(ours) for c in part.translate(LOOKALIKES) if c.isdigit()]
    assert number.lower().translate(LOOKALIKES) not in squeezed(left).translate(LOOKALIKES)
    assert len(digits) <= len(before_it) + 2


@settings(max_examples=300)
@given(trade, trade, st.data(), days)
def test_a_day_does_not_leave_in_any_usual_form(before: str, after: str, data: st.DataObject, day: date) -> None:
    form = data.draw(st.sampled_from(written(day)))
    for cleaner in (Cleaner(WORDS, known(day=day)), Cleaner(WORDS)):
        left = cleaner.cleaned(f"{before} {form} {after}")
        assert form.lower() not in left.lower()
        assert MONTHS[day.month - 1].lower() not in left.lower().replace("may", "") or day.month == 5
        assert str(day.year) not in left


@settings(max_examples=300)
@given(st.text(max_size=60), names)
def test_whatever_stays_is_of_the_trade(text: str, name: str) -> None:
    cleaner = Cleaner(WORDS, known(person=name))
    left = cleaner.cleaned(text)
    kept = [part for part in re.findall(r"[^\W_]+", left.replace("[removed]", " ")) if not part.isdigit()]
    terms = {part for word in WORDS.words for part in re.findall(r"[^\W_]+", word)} | {"s"}
    assert [part for part in kept if part.lower() not in terms and not WORDS.shape.fullmatch(part.lower())] == []
    assert squeezed(name) not in parts_left(left)
