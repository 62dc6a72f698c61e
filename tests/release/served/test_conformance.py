"""The gateway, asked by the checker of tests/conformance as any client would: what docs/conformance.md says is so."""

from __future__ import annotations

from tests.conformance.checks import Outcome, run
from tests.conformance.differences import DIFFERENCES
from tests.conformance.service import Service
from tests.conformance.table import DOCUMENT, document
from tests.conformance.transactions import TRANSACTIONS
from tests.release.served.houses import House, Reader


def test_every_clause_is_kept_but_those_that_are_told_of(served: House, reader: Reader) -> None:
    results = list(run(Service(served.url(reader), reader.headers), TRANSACTIONS))
    differ = {each.check.says: each.why for each in results if each.outcome is Outcome.DIFFERS}
    assert {says: why for says, why in differ.items() if says not in DIFFERENCES} == {}
    assert differ.keys() == DIFFERENCES.keys()
    assert document(results) == DOCUMENT.read_text("utf-8")
