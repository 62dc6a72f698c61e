"""What each term of the Data Use Ontology asks of a purpose: one small rule for each, by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from gateway.consent.duo import Term
from gateway.consent.purposes import Ethics, Purpose, Research
from gateway.consent.verdicts import Setting, Verdict, worst

Said = tuple[Verdict, str]
Rule = Callable[[Term, Purpose, Setting], Said]
YES, ASK, NO = Verdict.YES, Verdict.ASK, Verdict.NO
KIND_UNTOLD = (ASK, "The applicant has not said what kind of research it is.")


def _always(sentence: str) -> Rule:
    return lambda _term, _purpose, _setting: (YES, sentence)


def _promised(fact: str, *, yes: str, no: str, untold: str) -> Rule:
    """A rule about one promise of the applicant, a fact of the purpose that is True, False or None."""

    def rule(_term: Term, purpose: Purpose, _setting: Setting) -> Said:
        told = getattr(purpose, fact)
        return (ASK, untold) if told is None else (YES, yes) if told else (NO, no)

    return rule


def _health(_term: Term, purpose: Purpose, _setting: Setting) -> Said:
    kinds = purpose.research - {Research.CARE}
    if Research.ANCESTRY in kinds:
        return NO, "It includes research into origins or ancestry, which health research does not cover."
    if Research.OTHER in kinds:
        return NO, "It includes research that is not about health."
    if Research.HEALTH in kinds:
        return YES, "It is health, medical or biomedical research."
    return (ASK, "It is not said to be health research: ask whether it is.") if purpose.research else KIND_UNTOLD


def _disease(term: Term, purpose: Purpose, setting: Setting) -> Said:
    tree, allowed = setting.hierarchy, " or ".join(setting.hierarchy.name(each) for each in term.values)
    if purpose.diseases is None:
        return ASK, f"The applicant has not said which diseases are studied; only {allowed} may be."
    if not purpose.diseases:
        return NO, f"The project studies no named disease; the data may be used for {allowed} only."
    outside = sorted(each for each in purpose.diseases if not any(tree.is_a(each, kind) for kind in term.values))
    if not outside:
        return YES, "; ".join(_kind_of(each, term, setting) for each in sorted(purpose.diseases)) + "."
    named = " and ".join(tree.name(each) for each in outside)
    if any(not tree.knows(each) for each in (*outside, *term.values)):
        return ASK, f"Whether {named} is a kind of {allowed} cannot be told from the diseases that are known here."
    if any(tree.is_a(kind, each) for kind in term.values for each in outside):
        return ASK, f"The project studies {named}, which is wider than {allowed}: ask whether it keeps to that."
    return NO, f"The project studies {named}, which is not a kind of {allowed}."


def _kind_of(disease: str, term: Term, setting: Setting) -> str:
    tree = setting.hierarchy
    kind = next(each for each in term.values if tree.is_a(disease, each))
    name = tree.name(disease)[:1].upper() + tree.name(disease)[1:]
    return f"{name} is the disease that is allowed" if disease == kind else f"{name} is a kind of {tree.name(kind)}"


def _ancestry_only(_term: Term, purpose: Purpose, _setting: Setting) -> Said:
    if not purpose.research:
        return KIND_UNTOLD
    if Research.ANCESTRY not in purpose.research:
        return NO, "It is not research into population origins or ancestry."
    if purpose.research > {Research.ANCESTRY}:
        return ASK, "It is about more than population origins or ancestry: ask whether it can keep to that."
    return YES, "It is research into population origins or ancestry."


def _topic(term: Term, _purpose: Purpose, _setting: Setting) -> Said:
    return ASK, f"Only {' or '.join(term.values)} is allowed: read in the application whether it is that."


def _no(kind: Research, *, no: str, yes: str) -> Rule:
    """A rule that forbids one kind of research."""

    def rule(_term: Term, purpose: Purpose, _setting: Setting) -> Said:
        return KIND_UNTOLD if not purpose.research else (NO, no) if kind in purpose.research else (YES, yes)

    return rule


def _genetics(_term: Term, purpose: Purpose, _setting: Setting) -> Said:
    if not purpose.research:
        return KIND_UNTOLD
    if Research.GENETICS in purpose.research:
        return YES, "It includes the study of genes."
    return NO, "It does not include the study of genes."


_not_for_profit = _promised(
    "for_profit",
    yes="The organisation works for profit.",
    no="The organisation does not work for profit.",
    untold="Ask whether the organisation works for profit.",
)
_not_commercial = _promised(
    "commercial",
    yes="A company pays for the research or gains from it.",
    no="No company pays for the research or gains from it.",
    untold="Ask whether a company pays for the research or gains from it.",
)


def _turned(rule: Rule) -> Rule:
    """The rule with yes for no."""
    other = {YES: NO, NO: YES, ASK: ASK}

    def turned(term: Term, purpose: Purpose, setting: Setting) -> Said:
        verdict, sentence = rule(term, purpose, setting)
        return other[verdict], sentence

    return turned


def _neither(term: Term, purpose: Purpose, setting: Setting) -> Said:
    said = [_turned(each)(term, purpose, setting) for each in (_not_for_profit, _not_commercial)]
    counts = worst(verdict for verdict, _ in said)
    return counts, " ".join(sentence for verdict, sentence in said if verdict == counts)


def _collaboration(term: Term, purpose: Purpose, _setting: Setting) -> Said:
    whom = " and ".join(term.values) or "those who collected the data"
    if purpose.collaborates is None:
        return ASK, f"Ask whether the applicant will work together with {whom}."
    if purpose.collaborates:
        return YES, f"The applicant agrees to work together with {whom}."
    return NO, f"The applicant does not want to work together with {whom}."


ETHICS: Mapping[Ethics, Said] = {
    Ethics.DOCUMENTED: (YES, "The project has ethics approval, and the letter is with the application."),
    Ethics.SAID: (ASK, "The applicant says that there is ethics approval, but no letter is with the application."),
    Ethics.WAITING: (ASK, "Ethics approval has been applied for, and is not there yet."),
    Ethics.NOT_NEEDED: (NO, "The applicant says that ethics approval is not needed, and these data need it."),
    Ethics.UNKNOWN: (ASK, "The applicant has not said whether there is ethics approval."),
}


def _ethics(_term: Term, purpose: Purpose, _setting: Setting) -> Said:
    return ETHICS[purpose.ethics]


def _location(term: Term, purpose: Purpose, setting: Setting) -> Said:
    allowed = " or ".join(term.values)
    countries = frozenset[str]().union(*(setting.regions.get(each, frozenset({each})) for each in term.values))
    if not purpose.places:
        return ASK, f"The applicant has not said where the data will be used; only {allowed} is allowed."
    outside = sorted(place for place in purpose.places if place not in term.values and place not in countries)
    if not outside:
        return YES, f"The data will be used in {' and '.join(sorted(purpose.places))} only."
    named = " and ".join(outside)
    if any(not _is_country(place) or setting.regions.get(place, frozenset()) & countries for place in outside):
        return ASK, f"The data would be used in {named}: ask whether that lies in {allowed}."
    return NO, f"The data would be used in {named}, and only {allowed} is allowed."


def _is_country(place: str) -> bool:
    return len(place) == 2 and place.isupper()


def _moratorium(term: Term, purpose: Purpose, setting: Setting) -> Said:
    until = date.fromisoformat(term.values[0])
    shown = f"{until.day} {until:%B %Y}"
    if until <= setting.today:
        return YES, f"Nothing could be published before {shown}, and that day is past."
    if purpose.publishes_on is not None and purpose.publishes_on < until:
        return NO, f"The applicant wants to publish before {shown}."
    if purpose.publishes_on is not None:
        return YES, f"The applicant will not publish before {shown}."
    if purpose.publishes is False:
        return YES, "The applicant will publish nothing."
    return ASK, f"Ask whether the applicant can wait until {shown} to publish."


def _months(term: Term, purpose: Purpose, _setting: Setting) -> Said:
    limit = int(term.values[0])
    if purpose.months is None:
        return ASK, f"The applicant has not said for how long; {limit} months are allowed."
    if purpose.months <= limit:
        return YES, f"The data are asked for {purpose.months} months, and {limit} are allowed."
    return NO, f"The data are asked for {purpose.months} months, and only {limit} are allowed."


def _users(term: Term, purpose: Purpose, _setting: Setting) -> Said:
    if not term.values:
        return YES, "Only people who are named in the approved project can open the data."
    if purpose.people is None:
        return ASK, "Ask whether everybody on the team is on the list of people who may use the data."
    if purpose.people <= {each.casefold() for each in term.values}:
        return YES, "Everybody on the team is on the list of people who may use the data."
    return NO, "Somebody on the team is not on the list of people who may use the data."


def _project(term: Term, purpose: Purpose, _setting: Setting) -> Said:
    if not term.values:
        return YES, "Access is given to the approved project only, and ends with it."
    if purpose.title.casefold() in {each.casefold() for each in term.values}:
        return YES, "The project is one of those that are named."
    return ASK, f"Only {' or '.join(term.values)} is allowed: ask whether this is that project."


def _institute(term: Term, purpose: Purpose, _setting: Setting) -> Said:
    allowed = " or ".join(term.values)
    if not purpose.organisation:
        return ASK, f"The applicant has not named an organisation; only {allowed} is allowed."
    if purpose.organisation.casefold() in {each.casefold() for each in term.values}:
        return YES, f"The organisation is {purpose.organisation}."
    return ASK, f"The organisation calls itself {purpose.organisation}: ask whether that is {allowed}."


RULES: Mapping[str, Rule] = {
    "DUO:0000004": _always("There is no restriction on use."),
    "DUO:0000006": _health,
    "DUO:0000007": _disease,
    "DUO:0000011": _ancestry_only,
    "DUO:0000012": _topic,
    "DUO:0000015": _no(
        Research.METHODS,
        no="It develops methods, such as software or algorithms.",
        yes="It does not develop methods.",
    ),
    "DUO:0000016": _genetics,
    "DUO:0000018": _neither,
    "DUO:0000019": _promised(
        "publishes",
        yes="The applicant will publish the results.",
        no="The applicant will not publish the results.",
        untold="Ask whether the results will be published.",
    ),
    "DUO:0000020": _collaboration,
    "DUO:0000021": _ethics,
    "DUO:0000022": _location,
    "DUO:0000024": _moratorium,
    "DUO:0000025": _months,
    "DUO:0000026": _users,
    "DUO:0000027": _project,
    "DUO:0000028": _institute,
    "DUO:0000029": _promised(
        "gives_back",
        yes="The applicant will give derived data back to the archive.",
        no="The applicant will not give derived data back to the archive.",
        untold="Ask whether derived data will be given back to the archive.",
    ),
    "DUO:0000042": _always("Any research is allowed."),
    "DUO:0000043": _always("Use in the care of patients is allowed too."),
    "DUO:0000044": _no(
        Research.ANCESTRY,
        no="It includes research into population origins or ancestry.",
        yes="It does not study population origins or ancestry.",
    ),
    "DUO:0000045": _turned(_not_for_profit),
    "DUO:0000046": _turned(_not_commercial),
}
