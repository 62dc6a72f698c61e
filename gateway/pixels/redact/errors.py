"""Why pixels could not be taken out; each of them withholds the instance."""

from __future__ import annotations

from gateway.errors import Withheld


class CannotRedact(Withheld):
    """The frame is encoded in a way in which nothing can be taken out safely."""

    code = "cannot-redact"
    title = "nothing can be taken out of a frame that is encoded like this, so the instance is withheld"


class TooMuchReplaced(Withheld):
    """Frames that would all have to be kept a second time."""

    code = "too-much-replaced"
    title = "so many of its frames carry something that has to be taken out that the instance is withheld"


class NoCodec(Withheld):
    """A library that redaction needs is not on this machine."""

    code = "codec-missing"
    title = "the library that takes text out of JPEG frames is not installed, so the instance is withheld"
