"""What stops a de-identification. No message holds a value from the file."""

from __future__ import annotations

from gateway.errors import Invalid, Withheld


class UnknownPolicy(Invalid):
    """No recipe of that name."""

    code = "unknown-policy"
    title = "there is no de-identification policy of that name"


class BadRecipe(Invalid):
    """A recipe that does not say exactly what is to be done; nothing is released under it."""

    code = "bad-recipe"


class NoPatient(Withheld):
    """No PatientID: nothing to derive the pseudonym from, and nothing to look consent up by."""

    code = "no-patient-id"
    title = "the instance has no patient ID, so it is withheld"


class StillThere(Withheld):
    """The last gate found a removed value in what was about to leave."""

    code = "identifier-left"
    title = "a value that had to be removed was still found elsewhere in the header, so the instance is withheld"


class Quarantined(Withheld):
    """The recipe says that an instance with this attribute needs a person's eyes."""

    code = "quarantined"
    title = "the policy holds an instance with such an attribute back until a person has looked at it"


class TooMuchRemoved(Withheld):
    """More names and numbers than the last gate searches for."""

    code = "too-much-removed"
    title = "the header holds more names and numbers than can be searched for, so the instance is withheld"
