"""What a reader of a release may be told. Every one of these is on the record."""

from __future__ import annotations

from gateway.errors import Conflict, Forbidden, Invalid, NotFound, SlidegateError


class NoSuchRelease(NotFound):
    """Not there, or not for this caller."""

    code = "release-not-found"
    title = "There is no such release, or it is not yours to see"


class NotInRelease(NotFound):
    """Outside the manifest: whether the archive has it is not told."""

    code = "not-in-release"
    title = "This is not part of the release"


class ConsentWithdrawn(Forbidden):
    """The patient has said no since the release was built, or the consent has ended."""

    code = "consent-withdrawn"
    title = "This patient has withdrawn from research since the release was made"


class NotAcceptable(Invalid):
    """None of the accepted media types can be given."""

    code = "not-acceptable"
    status = 406
    title = "None of the media types that you accept can be given"


class RangeNotSatisfiable(Invalid):
    """A range that lies outside the instance."""

    code = "range-not-satisfiable"
    status = 416
    title = "The range lies outside the instance"


class NotTheSame(Invalid):
    """The caller wants the instance only if it is still the one that it knows."""

    code = "not-the-same"
    status = 412
    title = "The instance is no longer the one that you have a part of"


class PolicyChanged(SlidegateError):
    """A policy's text is no longer the one that was approved: nothing is released under it."""

    code = "policy-changed"
    status = 503
    title = (
        "A policy of this release, or what looks at its pixels, has changed, "
        "so nothing is released until all of it has been decided on anew"
    )


class BeingBuilt(SlidegateError):
    """Not sealed yet: nothing of it may be read."""

    code = "release-being-built"
    status = 503
    title = "This release is still being built: its images are checked one by one. Come back later"


class BuiltElsewhere(Conflict):
    """Two are building the same release; one of them goes on."""

    code = "release-built-elsewhere"
    title = "Somebody else is building this release"


class KeepsUids(Conflict):
    """The policy leaves the archive's UIDs as they are: whoever can reach the archive could find the patient."""

    code = "policy-keeps-uids"
    title = "A release is never made under a policy that keeps the archive's UIDs; use it for files"
