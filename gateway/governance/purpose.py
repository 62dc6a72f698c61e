"""What an application says that it wants the data for, as the facts that terms of data use are held against."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from gateway.consent.diseases import Hierarchy
from gateway.consent.purposes import Ethics, Purpose, Research
from gateway.governance.form import Purpose as Asked
from gateway.governance.models import Application

KINDS = {each.value: each for each in Research}
FOR_PROFIT = {"company": True, "university": False, "health": False, "charity": False, "government": False}
YES_NO = {"yes": True, "no": False}
APART = re.compile(r"[\s,;]+")


def purpose_of(application: Application, hierarchy: Hierarchy) -> Purpose:
    """The facts of the application as it stands; what nobody answered is not told."""

    def told(asked: Asked) -> Any:
        return application.form.answer_for(asked, application.answers)

    months, day = told("months"), told("publishes-on")
    return Purpose(
        research=frozenset(KINDS[each] for each in told("research") or () if each in KINDS),
        diseases=_diseases(told("diseases"), hierarchy),
        places=frozenset(each.upper() for each in APART.split(told("places") or "") if each),
        for_profit=FOR_PROFIT.get(told("organisation-kind")),
        commercial=YES_NO.get(told("commercial")),
        publishes=YES_NO.get(told("publishes")),
        publishes_on=date.fromisoformat(day) if day else None,
        gives_back=YES_NO.get(told("gives-back")),
        collaborates=YES_NO.get(told("collaborates")),
        ethics=_ethics(application, told("ethics")),
        months=int(months) if months and str(months).isdigit() else None,
        organisation=told("organisation") or "",
        title=told("title") or "",
        people=frozenset({application.applicant.email.casefold(), *application.team_emails}),
    )


def _diseases(answer: str | None, hierarchy: Hierarchy) -> frozenset[str] | None:
    """Ids of Mondo from names or ids, one a line; what is not known stays as it was written."""
    lines = [each.strip() for each in (answer or "").splitlines() if each.strip()]
    if not lines:
        return None
    named = {each.name.casefold(): each.id for each in hierarchy.diseases.values()}
    return frozenset(named.get(each.casefold(), each) for each in lines)


def _ethics(application: Application, answer: str | None) -> Ethics:
    if answer != "yes":
        return {"waiting": Ethics.WAITING, "not-needed": Ethics.NOT_NEEDED}.get(answer or "", Ethics.UNKNOWN)
    letters = [each.key for each in application.form.questions if each.purpose == "ethics" and each.kind == "files"]
    there = any(application.answers.get(key) for key in letters)
    return Ethics.DOCUMENTED if there else Ethics.SAID
