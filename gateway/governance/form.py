"""An application form as text in policies/forms/: sections of questions, read into frozen values.

The text is hashed. An application keeps the text that it was started with, so that a later version of
the form never changes what somebody was asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from gateway.errors import SlidegateError

Kind = Literal["text", "textarea", "choice", "multichoice", "datasets", "date", "checkbox", "emails", "files"]
Purpose = Literal[
    "", "title", "lay-title", "lay-summary", "datasets", "team", "months", "start",
    "organisation", "organisation-kind", "aim", "benefit", "commercial", "ethics", "need", "linkage", "setting",
    "protection", "planned-outputs", "organisation-id", "applicants", "accredited", "funders", "technical-summary",
    "frequency", "sublicence", "legal-basis-6", "legal-basis-9",
    "research", "diseases", "places", "publishes", "publishes-on", "gives-back", "collaborates",
]  # fmt: skip
KNOWN_TYPES = frozenset({"pdf", "png", "jpg", "docx", "txt"})
Answer: TypeAlias = str | bool | list[str]
Answers: TypeAlias = Mapping[str, Any]  # key -> Answer, as kept in the database


class BadForm(SlidegateError):
    """A form's text breaks its own rules; nobody can apply until it is mended."""

    code = "bad-form"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be chosen."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class ShowIf:
    """Ask only if an earlier question has this answer, or has it among its answers."""

    question: str
    is_: str

    def holds(self, answers: Answers) -> bool:
        given = answers.get(self.question)
        return self.is_ in given if isinstance(given, list) else given == self.is_


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked. `label` is the sentence beside a checkbox, `types` are those of files."""

    key: str
    kind: Kind
    text: str
    help: str = ""
    label: str = ""
    required: bool = True
    max_length: int = 2000
    rows: int = 4
    types: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    show_if: ShowIf | None = None
    purpose: Purpose = ""

    def shown(self, answers: Answers) -> bool:
        """Whether somebody with these answers is asked."""
        return self.show_if is None or self.show_if.holds(answers)

    def words(self, answer: Any) -> str:
        """An answer in words; empty if there is none."""
        given = answer if isinstance(answer, list) else [answer]
        return ", ".join(self.choice_text(each) for each in given if isinstance(each, str))

    def choice_text(self, value: str) -> str:
        """The words of a chosen value; the value itself if it is no choice of this form."""
        return next((each.text for each in self.choices if each.value == value), value)


@dataclass(frozen=True, slots=True)
class Section:
    """Questions shown on one page."""

    key: str
    title: str
    lead: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form, with the hash of the text that it was read from. `workflow` names who decides on it."""

    name: str
    version: int
    title: str
    intro: str
    workflow: str
    sections: tuple[Section, ...]
    sha256: str
    source: str

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order in which they are asked."""
        return tuple(question for section in self.sections for question in section.questions)

    def section(self, key: str) -> Section | None:
        """The section of that key."""
        return next((each for each in self.sections if each.key == key), None)

    def after(self, key: str) -> Section | None:
        """The section that follows, or None after the last."""
        keys = [each.key for each in self.sections]
        following = keys.index(key) + 1
        return self.sections[following] if following < len(keys) else None

    def answer_for(self, purpose: Purpose, answers: Answers) -> Any:
        """The answer to the question that the gateway itself needs, or None."""
        for question in self.questions:
            if question.purpose == purpose and question.shown(answers):
                return answers.get(question.key)
        return None

    def words_for(self, purpose: Purpose, answers: Answers) -> str:
        """The answers to all questions of this purpose as words; chosen ones as their choice reads."""
        asked = [each for each in self.questions if each.purpose == purpose and each.shown(answers)]
        return ": ".join(words for each in asked if (words := each.words(answers.get(each.key))))

    def shown(self, answers: Answers) -> dict[str, Any]:
        """The answers without those whose question is no longer asked."""
        return {q.key: answers[q.key] for q in self.questions if q.key in answers and q.shown(answers)}


def read_form(policies_dir: Path, name: str) -> Form:
    """The form of policies/forms/<name>.toml as it is now. Raises BadForm."""
    path = policies_dir / "forms" / f"{name}.toml"
    try:
        return parse_form(path.read_text("utf-8"))
    except OSError:
        raise BadForm(f"there is no application form named {name!r}") from None


@lru_cache(maxsize=64)
def parse_form(source: str) -> Form:
    """A form from its text. Raises BadForm with the first fault."""
    try:
        raw = tomllib.loads(source)
        return Form(
            name=raw["name"],
            version=raw["version"],
            title=raw["title"],
            intro=raw.get("intro", ""),
            workflow=raw.get("workflow", "standard"),
            sections=_sections(raw["section"]),
            sha256=sha256(source.encode()).hexdigest(),
            source=source,
        )
    except tomllib.TOMLDecodeError as error:
        raise BadForm(f"the application form is not valid TOML: {error}") from None
    except KeyError as error:
        raise BadForm(f"the application form lacks {error.args[0]!r}") from None
    except TypeError as error:
        raise BadForm(f"the application form has a key that means nothing: {error}") from None


def _sections(raw: list[dict[str, Any]]) -> tuple[Section, ...]:
    sections, seen = [], set[str]()
    for each in raw:
        questions = tuple(_question(one, seen) for one in each["question"])
        sections.append(Section(each["key"], each["title"], each.get("lead", ""), questions))
    if len({each.key for each in sections}) < len(sections):
        raise BadForm("two sections of the application form have one key")
    return tuple(sections)


def _question(raw: dict[str, Any], seen: set[str]) -> Question:
    values = dict(raw)
    key = values["key"]
    if values["kind"] not in get_args(Kind):
        raise BadForm(f"question {key!r} is of no known kind")
    if values.get("purpose", "") not in get_args(Purpose):
        raise BadForm(f"question {key!r} has no known purpose")
    if key in seen:
        raise BadForm(f"question {key!r} is asked twice")
    values["types"] = tuple(values.get("types", []))
    if (values["kind"] == "files") != bool(values["types"]) or not set(values["types"]) <= KNOWN_TYPES:
        raise BadForm(f"question {key!r} needs file types that are known, or has some that it cannot use")
    values["choices"] = tuple(Choice(**each) for each in values.get("choices", []))
    if (values["kind"] in ("choice", "multichoice")) != bool(values["choices"]):
        raise BadForm(f"question {key!r} needs choices, or has some that it cannot use")
    if condition := values.get("show_if"):
        if condition["question"] not in seen:
            raise BadForm(f"question {key!r} depends on one that comes later, or on none")
        values["show_if"] = ShowIf(condition["question"], condition["is"])
    seen.add(key)
    return Question(**values)
