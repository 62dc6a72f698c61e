"""What changed between two submissions: question by question, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from gateway.governance.form import Question
from gateway.governance.models import Application

Mark = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One question whose answer is another now, as pieces of text in order."""

    question: str
    pieces: tuple[tuple[Mark, str], ...]


def differences(before: Application, after: Application, titles: Mapping[str, str]) -> list[Difference]:
    """The answers that differ, in the order of the later form; `titles` names datasets by slug.

    Questions that only the earlier form asked come last.
    """
    questions = {each.key: each for each in (*after.form.questions, *before.form.questions)}
    questions |= {each.key: each for each in after.form.questions}
    found = []
    for key, question in questions.items():
        old = _words(question, before.answers.get(key), {**titles, **before.file_names})
        new = _words(question, after.answers.get(key), {**titles, **after.file_names})
        if old != new:
            found.append(Difference(question.text, tuple(_pieces(old, new))))
    return found


def _words(question: Question, answer: Any, names: Mapping[str, str]) -> str:
    match answer:
        case None:
            return ""
        case True:
            return question.label or "Yes"
        case list():
            return "\n".join(names.get(each, question.choice_text(each)) for each in answer)
        case _:
            return question.choice_text(str(answer))


def _pieces(old: str, new: str) -> Iterator[tuple[Mark, str]]:
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    for what, a, b, c, d in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if what == "equal":
            yield "same", "".join(before[a:b])
            continue
        if a < b:
            yield "removed", "".join(before[a:b])
        if c < d:
            yield "added", "".join(after[c:d])
