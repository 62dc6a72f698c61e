"""JSON Web Tokens taken apart and checked with the primitives alone (RFC 7515, RFC 7518 3.4)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


def opened(token: str, jwks: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that one of these keys signed. Raises InvalidSignature."""
    head, claims, signature = (_decoded(part) for part in token.split("."))
    header = json.loads(head)
    (key,) = (each for each in jwks["keys"] if each["kid"] == header["kid"])
    assert (header["alg"], key["kty"], key["crv"]) == ("ES256", "EC", "P-256")
    x, y = (int.from_bytes(_decoded(key[name])) for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    public.verify(der, token.rpartition(".")[0].encode(), ec.ECDSA(hashes.SHA256()))
    return header, json.loads(claims)


def is_signed(token: str, jwks: Mapping[str, Any]) -> bool:
    try:
        opened(token, jwks)
    except InvalidSignature:
        return False
    return True


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
