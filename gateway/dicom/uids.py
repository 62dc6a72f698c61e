"""Two kinds of UID that must never be mixed: the archive's own, and the one a release shows."""

from typing import NewType

ClearUid = NewType("ClearUid", str)  # as the archive knows it: identifying
ReleaseUid = NewType("ReleaseUid", str)  # keyed by the project: safe to show
