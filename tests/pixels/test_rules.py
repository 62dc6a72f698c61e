"""What leaves before anybody has looked at its pixels: only what a rule names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from gateway.catalogue.models import Instance
from gateway.catalogue.screening import Group, outcomes
from gateway.dicom.header import read_header
from gateway.dicom.source import FileSource
from gateway.pixels.boxes import Box
from gateway.pixels.encodings import WITHHOLD, WITHOUT_LOSS
from gateway.pixels.redact.errors import CannotRedact
from gateway.pixels.rules import BadPixelRules, PixelRules, SlideFacts, load_rules, parse_rules
from gateway.pixels.screen import REDACTED
from gateway.settings import ROOT
from tests.pixels.test_jpeg import Sees

SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
RULES = load_rules(ROOT / "policies")


def a_slide(flavour: str = "VOLUME", *, sop_class: str = SLIDE, burned_in: str = "NO", label: str = "NO") -> SlideFacts:
    return SlideFacts(sop_class, ("ORIGINAL", "PRIMARY", flavour, "NONE"), "SM", burned_in, label)


def test_the_slide_itself_is_released() -> None:
    verdict = RULES.verdict(a_slide())
    assert (verdict.released, verdict.rule) == (True, "volume")


@pytest.mark.parametrize("flavour", ["LABEL", "OVERVIEW", "THUMBNAIL"])
def test_pictures_that_may_show_the_label_are_withheld_and_say_why(flavour: str) -> None:
    verdict = RULES.verdict(a_slide(flavour, label=""))
    assert not verdict.released
    assert verdict.reason.endswith(".")
    assert "label" in verdict.reason


@pytest.mark.parametrize("flavour", ["", "LOCALIZER", "volume", "VOLUME ", "VOLUMES"])
def test_an_unknown_flavour_is_withheld(flavour: str) -> None:
    assert RULES.verdict(a_slide(flavour)).rule == "none"


def test_an_image_type_without_flavour_is_withheld() -> None:
    assert not RULES.verdict(SlideFacts(SLIDE, ("ORIGINAL", "PRIMARY"), "SM", "NO", "NO")).released
    assert not RULES.verdict(SlideFacts(SLIDE, (), "SM", "NO", "NO")).released


@pytest.mark.parametrize("flavour", ["LABEL", "OVERVIEW", "THUMBNAIL"])
@pytest.mark.parametrize("said", ["NO", ""])
def test_a_no_is_never_believed(flavour: str, said: str) -> None:
    verdict = RULES.verdict(a_slide(flavour, burned_in=said, label=said))
    assert not verdict.released or verdict.screened


def test_a_thumbnail_leaves_only_once_its_pixels_are_clean() -> None:
    assert RULES.verdict(a_slide("THUMBNAIL")).screened
    assert not RULES.verdict(a_slide("THUMBNAIL", label="YES")).released
    assert not RULES.verdict(a_slide("THUMBNAIL", label="")).released


@pytest.mark.parametrize("said", ["YES", "yes", " Yes "])
def test_a_yes_is_believed_however_it_is_written(said: str) -> None:
    assert not RULES.verdict(a_slide(burned_in=said)).released
    assert not RULES.verdict(a_slide(label=said)).released


@pytest.mark.parametrize("modality", ["US", "SC", "CT", "MR", "CR", "OT", "XC"])
def test_slides_radiology_and_photographs_wait_for_screening(modality: str) -> None:
    facts = SlideFacts("1.2.840.10008.5.1.4.1.1.2", ("ORIGINAL", "PRIMARY", "VOLUME"), modality, "NO")
    verdict = RULES.verdict(facts)
    assert verdict.screened
    assert RULES.verdict(a_slide()).screened


def test_what_no_rule_names_is_withheld_with_a_reason() -> None:
    verdict = RULES.verdict(a_slide(sop_class="1.2.3"))
    assert (verdict.released, verdict.rule) == (False, "none")
    assert verdict.reason


@given(st.text(), st.lists(st.text(), max_size=5), st.text(), st.text(), st.text())
def test_only_a_slides_volume_is_ever_released(
    sop_class: str, image_type: list[str], modality: str, burned_in: str, label: str
) -> None:
    for chosen in (sop_class, SLIDE):
        facts = SlideFacts(chosen, tuple(image_type), modality, burned_in, label)
        if RULES.verdict(facts).released:
            assert chosen == SLIDE
            assert image_type[2] == "VOLUME"
            assert label.strip().upper() in ("", "NO")


GOOD = '[[rule]]\nname = "a"\nwhen = { modality = "CT" }\nrelease = false\nreason = "Because."\n'


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("reason", "raeson"),
        GOOD + "also = 1\n",
        GOOD.replace("modality", "modulity"),
        GOOD.replace('"CT"', "7"),
        GOOD.replace('"CT"', '["CT", 7]'),
        GOOD.replace('"CT"', "[]"),
        GOOD.replace("{ modality = \"CT\" }", "{}"),
        GOOD.replace("{ modality = \"CT\" }", '"CT"'),
        GOOD.replace("false", '"false"'),
        GOOD.replace('reason = "Because."', ""),
        GOOD.replace('reason = "Because."', "reason = 5"),
        GOOD.replace('name = "a"', ""),
        GOOD.replace('modality = "CT"', 'burned_in = "yes"'),
        GOOD + "[other]\n",
        "rule = 5",
        "rule = [5]",
        "",
        "[[rule",
    ],
)  # fmt: skip
def test_rules_that_are_not_understood_are_refused(text: str) -> None:
    assert len(parse_rules(GOOD)) == 1
    with pytest.raises(BadPixelRules):
        parse_rules(text)


def test_the_first_rule_that_fits_decides(tmp_path: Path) -> None:
    (tmp_path / "pixels").mkdir()
    (tmp_path / "pixels" / "20.toml").write_text(GOOD.replace("false", "true"))
    (tmp_path / "pixels" / "10.toml").write_text(GOOD)
    assert not load_rules(tmp_path).verdict(SlideFacts("", (), "CT", "")).released


def test_the_hash_changes_with_a_byte(tmp_path: Path) -> None:
    (tmp_path / "pixels").mkdir()
    path = tmp_path / "pixels" / "10.toml"
    path.write_text(GOOD)
    before = load_rules(tmp_path).sha256
    assert load_rules(tmp_path).sha256 == before
    path.write_text(GOOD + "\n")
    assert load_rules(tmp_path).sha256 != before


def test_without_rules_that_can_be_read_there_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(BadPixelRules):
        load_rules(tmp_path)
    (tmp_path / "pixels").mkdir()
    (tmp_path / "pixels" / "10.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadPixelRules):
        load_rules(tmp_path)


@pytest.mark.parametrize("line", ['after = "lunch"', 'after = "screening"\nrelease = false\nreason = "no"'])
def test_what_comes_after_is_screening_and_only_before_a_release(line: str) -> None:
    release = "" if "release" in line else "release = true\n"
    with pytest.raises(BadPixelRules):
        parse_rules(f'[[rule]]\nname = "x"\nwhen = {{ modality = "SM" }}\n{release}{line}\n')


@pytest.mark.parametrize(
    ("after", "screened", "stand_in", "tissue"),
    [("screening", True, False, False), ("stand-in", False, True, False), ("tissue", True, False, True)],
)
def test_a_rule_may_say_what_comes_before_a_release(after: str, screened: bool, stand_in: bool, tissue: bool) -> None:
    (rule,) = parse_rules(f'[[rule]]\nname = "x"\nwhen = {{ modality = "SM" }}\nrelease = true\nafter = "{after}"\n')
    verdict = rule.verdict
    assert (verdict.screened, verdict.stand_in, verdict.tissue) == (screened, stand_in, tissue)


def test_rules_may_ask_for_the_maker_and_the_encoding(tmp_path: Path) -> None:
    (tmp_path / "pixels").mkdir()
    (tmp_path / "pixels" / "1.toml").write_text(
        '[[rule]]\nname = "x"\nrelease = true\n'
        'when = { manufacturer = "LUMEN IMAGING", model = ["US ONE"], syntax = "1.2.840.10008.1.2.1" }\n'
    )
    rules = load_rules(tmp_path)
    facts = SlideFacts("1.2", (), "US", "", "", "Lumen Imaging ", "us one", "1.2.840.10008.1.2.1")
    assert rules.verdict(facts).released
    assert not rules.verdict(replace(facts, model="Two")).released
    assert not rules.verdict(replace(facts, syntax="1.2.840.10008.1.2.4.50")).released


def a_rule(more: str, after: str = 'after = "screening"') -> str:
    return f'[[rule]]\nname = "one"\nwhen = {{ modality = "US" }}\nrelease = true\n{after}\n{more}\n'


def test_what_lost_something_is_withheld_unless_a_rule_says_otherwise() -> None:
    assert {rule.verdict.irreversible for rule in RULES.rules} == {WITHHOLD}, "none that is delivered says otherwise"
    for said, meant in (("", WITHHOLD), ("withhold", WITHHOLD), ("without-loss", WITHOUT_LOSS)):
        (rule,) = parse_rules(a_rule(f'irreversible = "{said}"' if said else ""))
        assert rule.verdict.irreversible == meant


@pytest.mark.parametrize("text", [a_rule('irreversible = "yes"'), a_rule('irreversible = "withhold"', after="")])
def test_a_word_on_loss_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadPixelRules):
        parse_rules(text)


@pytest.mark.parametrize(("said", "state"), [("withhold", None), ("without-loss", REDACTED)])
def test_the_rule_that_fits_an_image_decides_on_its_lossy_frames(said: str, state: str | None) -> None:
    (rule,) = parse_rules(a_rule(f'irreversible = "{said}"'))
    image = Instance(sop_class="", image_type=[], modality="US", burned_in="", label_in_image="", manufacturer="",
                     model="", transfer_syntax="1.2.840.10008.1.2.4.91")  # fmt: skip
    header = read_header(FileSource(Path(str(get_testdata_file("693_J2KI.dcm", download=False)))))
    given = (Group((image,), slide=False), [header], [], PixelRules("", (rule,)), Sees(Box(40, 40, 120, 80)))
    if state is None:
        with pytest.raises(CannotRedact):
            outcomes(*given)
    else:
        (done,) = outcomes(*given)
        assert done.state == state
