"""Is this visa what it says? Its issuer is one of ours, its signature holds, and it is good now (AAI profile 1.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from gateway.errors import Invalid
from gateway.visas.trusting import Issuer

ALGORITHMS = ["RS256", "ES256"]  # what the profile allows; never `none`, never a shared secret
LONGEST = 16_384
SKEW = timedelta(minutes=1)


class NotBelieved(Invalid):
    """The visa is damaged, of a stranger, expired, or says what its issuer is not believed about."""

    code = "visa-not-believed"
    title = "This is not a visa that can be believed"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a visa says, once it is believed."""

    issuer: str  # its title, in our words
    iss: str
    sub: str
    type: str
    value: str
    source: str
    by: str
    asserted: datetime
    expires: datetime


def check(token: str, *, trusted: Sequence[Issuer], now: datetime) -> Checked:
    """What the visa says. Raises NotBelieved with the reason."""
    issuer = _issuer_of(token, trusted)
    try:
        claims = jwt.decode(token, issuer.keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError):
        raise NotBelieved("The signature of this visa does not hold.") from None
    return _checked(issuer, claims, now)


def _issuer_of(token: str, trusted: Sequence[Issuer]) -> Issuer:
    """By what the visa says of itself; the signature is looked at next."""
    if len(token) > LONGEST:
        raise NotBelieved("This is too long to be a visa.")
    try:
        claims = json.loads(jws.extract_compact(token.encode("ascii")).payload)
        named = claims["iss"]
    except (JoseError, ValueError, TypeError, KeyError):
        raise NotBelieved("This is not a visa: copy the whole token, which has two dots in it.") from None
    found = next((each for each in trusted if each.iss == named), None)
    if found is None:
        raise NotBelieved("Visas of this issuer are not accepted here.")
    return found


def _checked(issuer: Issuer, claims: Mapping[str, Any], now: datetime) -> Checked:
    visa = claims.get("ga4gh_visa_v1")
    if not isinstance(visa, dict):
        raise NotBelieved("This token is signed, but it is not a visa.")
    expires, asserted = _moment(claims.get("exp")), _moment(visa.get("asserted"))
    if now >= expires:
        raise NotBelieved("This visa has expired: get a fresh one.")
    if asserted > now + SKEW or _moment(claims.get("iat")) > now + SKEW:
        raise NotBelieved("This visa is from the future.")
    if visa.get("conditions"):
        raise NotBelieved("This visa holds only under conditions, which are not checked here.")
    kind = _text(visa.get("type"))
    if kind not in issuer.types:
        raise NotBelieved("This issuer is not believed about claims of this type.")
    said = [_text(each) for each in (claims.get("sub"), visa.get("value"), visa.get("source"))]
    by = _text(visa["by"]) if visa.get("by") else ""
    return Checked(issuer.title, issuer.iss, said[0], kind, said[1], said[2], by, asserted, expires)


def _moment(told: Any) -> datetime:
    if type(told) not in (int, float):
        raise NotBelieved("A time in this visa is missing or damaged.")
    try:
        return datetime.fromtimestamp(told, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotBelieved("A time in this visa is missing or damaged.") from None


def _text(told: Any) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= 255 or not told.isprintable():
        raise NotBelieved("A value in this visa is missing or damaged.")
    return told
