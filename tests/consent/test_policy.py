"""Whose yes is needed stands in one text, and a text with a fault lets nobody through."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.consent.policy import BadConsentPolicy, Needed, parse_policy, read_policy
from gateway.settings import ROOT

HEAD = 'version = 1\ndefault = "opt-out"\n'
SOURCE = HEAD + '[sites]\nNTH = "explicit"\nSTH = "opt-out"\n[datasets]\nbreast = "explicit"\n'


def test_the_policy_that_ships_asks_for_opt_outs_only() -> None:
    shipped = read_policy(ROOT / "policies")
    assert shipped.default == Needed.OPT_OUT
    assert not shipped.explicit("NTH", ["breast"])


def test_a_site_or_a_dataset_can_ask_for_more_and_no_dataset_for_less() -> None:
    policy = parse_policy(SOURCE + 'colon = "opt-out"\n')
    assert policy.explicit("NTH")
    assert policy.explicit("NTH", ["colon"])
    assert not policy.explicit("STH", ["colon"])
    assert policy.explicit("STH", ["colon", "breast"])


@pytest.mark.parametrize(
    "bad", ["", "x", SOURCE.replace("1", "2", 1), SOURCE.replace("opt-out", "never", 1), SOURCE + "[more]\n",
            'version = 1\ndefault = "explicit"\nsites = 1\ndatasets = 2\n'],
)  # fmt: skip
def test_a_fault_is_an_error(bad: str) -> None:
    with pytest.raises(BadConsentPolicy):
        parse_policy(bad)


def test_a_lost_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadConsentPolicy):
        read_policy(tmp_path)
