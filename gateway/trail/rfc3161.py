"""Timestamps by RFC 3161: asking for one, reading it, and checking who gave it (CMS, RFC 5652); also used offline.

An authority signs the digest of something together with the time. Needs nothing but `cryptography`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.trail.der import BOOLEAN, INTEGER, NULL, OBJECT, OCTETS, SEQUENCE, SET, Part, Unreadable, made, part

SHA256 = bytes.fromhex("608648016503040201")
DIGESTS: dict[bytes, hashes.HashAlgorithm] = {
    SHA256: hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
STAMP = bytes.fromhex("2a864886f70d0109100104")  # id-ct-TSTInfo
SIGNER = bytes.fromhex("2a864886f70d010910022f")  # id-aa-signingCertificateV2
SIGNER_BY_SHA1 = bytes.fromhex("2a864886f70d010910020c")  # id-aa-signingCertificate, of older authorities
TAGGED = 0xA0  # [0], of what may be left out
LONGEST_CHAIN = 5
STAMPS = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
UNREADABLE = (  # what reading bytes that somebody else made may raise
    ValueError, LookupError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension,
)  # fmt: skip


class BadTimestamp(ValueError):
    """A timestamp cannot be read, or does not hold; says why."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a timestamp says: when, by whom (the certificate's name)."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class _Token:
    """The parts of a TimeStampToken: what was signed, the signed attributes, and by whom."""

    content: bytes
    certificates: tuple[x509.Certificate, ...]
    signer: Sequence[Part]


def request(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq for a SHA-256 of 32 bytes, with the certificates asked for."""
    algorithm = made(SEQUENCE, made(OBJECT, SHA256), made(NULL))
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    imprint = made(SEQUENCE, algorithm, made(OCTETS, digest))
    return made(SEQUENCE, made(INTEGER, b"\1"), imprint, made(INTEGER, number), made(BOOLEAN, b"\xff"))


def token_of(answer: bytes, digest: bytes, nonce: int) -> bytes:
    """The token in a TimeStampResp, which must be of this digest and this request. Raises BadTimestamp."""
    try:
        status, *rest = part(answer).parts()
        if status.parts()[0].number not in (0, 1) or not rest:
            raise BadTimestamp("the authority gave no timestamp")
        token = _read(rest[0].whole)
        told = _told(token, digest)
        numbers = [each.number for each in told[5:] if each.tag == INTEGER]
    except BadTimestamp:
        raise
    except UNREADABLE:
        raise BadTimestamp("the authority's answer cannot be read") from None
    if numbers != [nonce]:
        raise BadTimestamp("the authority answered another request")
    return rest[0].whole


def stamped(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> Stamped:
    """When an authority below one of these roots saw what has this SHA-256. Raises BadTimestamp.

    Checked: the digest, the authority's signature, that its certificate is for timestamps and named in what it signed,
    and each certificate up to the root, as they were at that time. Not checked: whether one was revoked.
    """
    try:
        read = _read(token)
        at = _time(_told(read, digest)[4])
        signer = _signer(read)
        _check_signature(read, signer)
        _check_chain(signer, read.certificates, roots, at)
    except BadTimestamp:
        raise
    except UNREADABLE:
        raise BadTimestamp("it cannot be read") from None
    return Stamped(at, signer.subject.rfc4514_string())


def _read(token: bytes) -> _Token:
    kind, wrapped = part(token).parts()
    if kind.content != SIGNED_DATA:
        raise BadTimestamp("it is no signed timestamp")
    _version, _digests, held, *rest = wrapped.parts()[0].parts()
    what, content = held.parts()
    signers = rest[-1].parts()
    if what.content != STAMP or len(signers) != 1:
        raise BadTimestamp("it is not a timestamp of one authority")
    raw = [each.whole for each in rest[0].parts()] if rest[0].tag == TAGGED else []
    certificates = tuple(x509.load_der_x509_certificate(each) for each in raw if each[0] == SEQUENCE)
    return _Token(content.parts()[0].content, certificates, signers[0].parts())


def _told(token: _Token, digest: bytes) -> list[Part]:
    """version, policy, imprint, serial, time and the rest of a TSTInfo that is of this SHA-256."""
    told = part(token.content).parts()
    algorithm, imprint = told[2].parts()
    if algorithm.parts()[0].content != SHA256 or not hmac.compare_digest(imprint.content, digest):
        raise BadTimestamp("it is of something else")
    return told


def _time(told: Part) -> datetime:
    text = told.content.decode("ascii")
    if not text.endswith("Z"):
        raise Unreadable
    return datetime.fromisoformat(f"{text[:8]}T{text[8:-1]}").replace(tzinfo=UTC)


def _attributes(token: _Token) -> tuple[bytes, dict[bytes, Part]]:
    """What the authority signed (RFC 5652, 5.4), and the values in it."""
    signed = token.signer[3]
    if signed.tag != TAGGED:
        raise Unreadable
    pairs = (each.parts() for each in signed.parts())
    return made(SET, signed.content), {name.content: values.parts()[0] for name, values in pairs}


def _signer(token: _Token) -> x509.Certificate:
    """The certificate that the signed attributes name by its digest (RFC 5035)."""
    _signed, values = _attributes(token)
    named = values.get(SIGNER) or values.get(SIGNER_BY_SHA1)
    if named is None:
        raise BadTimestamp("it does not say which certificate signed it")
    told = named.parts()[0].parts()[0].parts()
    algorithm: hashes.HashAlgorithm = hashes.SHA256() if SIGNER in values else hashes.SHA1()  # noqa: S303  # a name
    if told[0].tag == SEQUENCE:
        algorithm = _digest(told.pop(0))
    for each in token.certificates:
        if hmac.compare_digest(each.fingerprint(algorithm), told[0].content):
            return each
    raise BadTimestamp("the certificate of its authority is not in it")


def _digest(algorithm: Part) -> hashes.HashAlgorithm:
    found = DIGESTS.get(algorithm.parts()[0].content)
    if found is None:
        raise BadTimestamp("it uses a digest that is not known here")
    return found


def _check_signature(token: _Token, certificate: x509.Certificate) -> None:
    signed, values = _attributes(token)
    algorithm = _digest(token.signer[2])
    digest = hashlib.new(algorithm.name, token.content).digest()
    if values[CONTENT_TYPE].content != STAMP or not hmac.compare_digest(values[MESSAGE_DIGEST].content, digest):
        raise BadTimestamp("what was signed is something else")
    key, signature = certificate.public_key(), token.signer[5].content
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise BadTimestamp("it is signed in a way that is not known here")
    except InvalidSignature:
        raise BadTimestamp("the signature is false") from None


def _check_chain(
    signer: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime
) -> None:
    """From the signer's certificate to a root, all in force at that time, and the signer's for timestamps alone."""
    try:
        use = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise BadTimestamp("its certificate is not for timestamps") from None
    if list(use.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadTimestamp("its certificate is not for timestamps")
    at_hand, known = signer, {each.public_bytes(Encoding.DER) for each in roots}
    for _ in range(LONGEST_CHAIN):
        if not at_hand.not_valid_before_utc <= at <= at_hand.not_valid_after_utc:
            raise BadTimestamp("a certificate was not in force at that time")
        if at_hand.public_bytes(Encoding.DER) in known:
            return
        above = next((each for each in (*roots, *others) if _issued(at_hand, each)), None)
        if above is None:
            break
        at_hand = above
    raise BadTimestamp("its authority is not below a root that you trust")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether this issuer signed it, and may issue such certificates (RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.12)."""
    told = {type(each.value): each.value for each in issuer.extensions}
    ca, usage, uses = (told.get(each) for each in (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage))
    if not isinstance(ca, x509.BasicConstraints) or not ca.ca:
        return False
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        return False
    if isinstance(uses, x509.ExtendedKeyUsage) and not STAMPS & set(uses):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
