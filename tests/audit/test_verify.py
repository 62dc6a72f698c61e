"""Whoever bends an export is found out, without the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.audit import export_ndjson
from gateway.audit.search import EVERYTHING, Search
from gateway.audit.verify import Head, Verdict, verify
from gateway.db import reading
from gateway.trail.canonical import canonical
from gateway.trail.chain import event_hash, leaf_hash
from tests.audit.conftest import NOW

Lines = list[str]


def an_export(search: Search = EVERYTHING, *, named: bool = True) -> Lines:
    with reading() as db:
        return list(export_ndjson.lines(db, search, named=named, now=NOW))


def kinds(verdict: Verdict) -> set[str]:
    return {fault.kind for fault in verdict.faults}


def changed(line: str, change: Callable[[dict], None]) -> str:  # type: ignore[type-arg]
    row = json.loads(line)
    change(row)
    return canonical(row) + "\n"


def rechained(lines: Lines, start: int) -> Lines:
    """Hashes and links made anew from one line on, as somebody who knows the format would."""
    done, prev = lines[:start], json.loads(lines[start])["prev"]
    for line in lines[start:]:
        row = json.loads(line)
        row["prev"] = prev
        row["hash"] = prev = event_hash(prev, leaf_hash(canonical(row["body"])))
        done.append(canonical(row) + "\n")
    return done


@pytest.mark.usefixtures("story")
class TestAnExport:
    def test_of_everything_is_whole(self) -> None:
        verdict = verify(an_export())
        assert verdict.faults == []
        assert (verdict.events, verdict.shown, verdict.head.seq) == (12, 12, 12)

    def test_without_names_is_whole_and_names_nobody(self) -> None:
        lines = an_export(named=False)
        assert verify(lines).whole
        assert "Lovelace" not in "".join(lines)
        assert "Lovelace" in "".join(an_export())

    def test_of_one_project_hides_the_others_and_is_whole(self) -> None:
        lines = an_export(Search(project="p2"))
        verdict = verify(lines)
        assert verdict.whole
        assert (verdict.events, verdict.shown) == (12, 4)
        assert "p1" not in "".join(lines)

    @pytest.mark.parametrize("place", range(1, 13))
    def test_with_any_event_changed_is_found_out(self, place: int) -> None:
        lines = an_export()
        at = lines[place].index('"action":"') + 10
        lines[place] = lines[place][:at] + ("X" if lines[place][at] != "X" else "Y") + lines[place][at + 1 :]
        verdict = verify(lines)
        assert kinds(verdict) == {"flipped"}
        assert verdict.faults[0].seq == place

    @pytest.mark.parametrize("place", range(1, 12))
    def test_with_any_event_deleted_is_found_out(self, place: int) -> None:
        lines = an_export()
        del lines[place]
        assert "missing" in kinds(verify(lines))

    def test_with_two_events_exchanged_is_found_out(self) -> None:
        lines = an_export()
        lines[4], lines[5] = lines[5], lines[4]
        assert "reordered" in kinds(verify(lines))

    def test_cut_off_is_found_out_by_the_head_that_it_states(self) -> None:
        assert kinds(verify(an_export()[:-3])) == {"truncated"}

    def test_cut_off_with_a_new_head_is_found_out_by_anothers_word(self) -> None:
        lines = an_export()
        true_head = verify(lines).head
        cut = lines[:-3]
        last = json.loads(cut[-1])
        cut[0] = changed(cut[0], lambda row: row.update(head={"seq": last["seq"], "hash": last["hash"]}))
        assert verify(cut).whole
        assert kinds(verify(cut, head=true_head)) == {"truncated"}

    def test_rewritten_from_one_event_on_is_found_out_by_anothers_word(self) -> None:
        lines = an_export()
        true_head = verify(lines).head
        lines[6] = changed(lines[6], lambda row: row["body"].update(action="nothing.happened"))
        forged = rechained(lines, 6)
        last = json.loads(forged[-1])
        forged[0] = changed(forged[0], lambda row: row.update(head={"seq": 12, "hash": last["hash"]}))
        assert verify(forged).whole
        assert kinds(verify(forged, head=true_head)) == {"flipped"}

    def test_with_a_body_hidden_where_all_should_show_is_found_out(self) -> None:
        lines = an_export()
        lines[3] = changed(lines[3], lambda row: row.update(leaf=leaf_hash(canonical(row.pop("body")))))
        assert kinds(verify(lines)) == {"missing", "project-gap"}

    def test_with_another_name_shown_is_found_out(self) -> None:
        lines = an_export()
        lines[1] = changed(lines[1], lambda row: row["openings"]["actor.name"].update(value="Eve"))
        assert kinds(verify(lines)) == {"opening"}

    @pytest.mark.parametrize("line", ["", "{", "[]", '{"seq":"x"}', '{"seq":4,"prev":1,"hash":2,"body":3}'])
    def test_with_a_line_that_cannot_be_read_is_found_out(self, line: str) -> None:
        lines = an_export()
        lines[4] = line + "\n"
        assert "malformed" in kinds(verify(lines))

    def test_with_a_wrong_head_stated_is_found_out(self) -> None:
        assert kinds(verify(an_export(), head=Head(12, "f" * 64))) == {"flipped"}


def test_a_file_of_another_kind_is_malformed() -> None:
    assert kinds(verify([])) == kinds(verify(["hello\n"])) == {"malformed"}


def test_an_empty_log_is_whole(data_dir: Path) -> None:
    verdict = verify(an_export())
    assert (verdict.whole, verdict.events) == (True, 0)
