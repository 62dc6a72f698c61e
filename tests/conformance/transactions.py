"""All that is checked, in the order in which it is told."""

from __future__ import annotations

from tests.conformance.frames import FRAMES
from tests.conformance.http import RANGES, REFUSALS
from tests.conformance.instances import INSTANCES
from tests.conformance.matching import MATCHING
from tests.conformance.metadata import BULKDATA, METADATA
from tests.conformance.negotiating import NEGOTIATING
from tests.conformance.paging import PAGING
from tests.conformance.pictures import RENDERED, THUMBNAIL
from tests.conformance.searching import SEARCH

TRANSACTIONS = (
    SEARCH, MATCHING, PAGING, INSTANCES, METADATA, BULKDATA, FRAMES, RENDERED, THUMBNAIL, NEGOTIATING, RANGES, REFUSALS,
)  # fmt: skip
