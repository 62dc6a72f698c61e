"""`python -m tests.fuzz --minutes 10`: damaged files, guided by coverage, until the time is up.

Whatever the bytes are, reading, indexing and rewriting give an answer or a refusal: any other exception, and a
resident set over 512 MB, ends the run with the input in var/fuzz/.
"""

from __future__ import annotations

import argparse
import sys

import atheris

from gateway.settings import ROOT

with atheris.instrument_imports(include=["gateway.dicom", "gateway.deid"]):
    from tests.fuzz.target import one_input, seeds

LARGEST, RSS, SLOWEST = 65536, 512, 20  # bytes of an input, MB, seconds for one input


def main() -> None:
    """Put the seeds in place and hand over to libFuzzer, which does not come back."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz")
    options.add_argument("--minutes", type=float, default=10)
    minutes = options.parse_args().minutes
    corpus = ROOT / "var" / "fuzz" / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(LARGEST)):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={max(1, round(minutes * 60))}",
            f"-rss_limit_mb={RSS}",
            f"-timeout={SLOWEST}",
            f"-max_len={LARGEST}",
            f"-artifact_prefix={corpus.parent}/",
            str(corpus),
        ],
        one_input,
    )
    atheris.Fuzz()


main()
