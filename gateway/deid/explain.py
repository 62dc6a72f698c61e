"""`explain`: what a plan does to one header, element by element, told by the rewriter itself."""

from __future__ import annotations

from gateway.deid.keys import ProjectKeys
from gateway.deid.plan import Plan
from gateway.deid.rewrite import rewrite
from gateway.deid.trace import Step, Trace
from gateway.dicom.header import Header


def explain(header: Header, plan: Plan, keys: ProjectKeys) -> list[Step]:
    """The steps in the order of the dataset. Raises what `rewrite` raises."""
    trace = Trace()
    rewrite(header, plan, keys, trace)
    return trace.steps
