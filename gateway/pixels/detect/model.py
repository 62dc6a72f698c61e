"""Which models look at pixels, without loading them."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

LOOKS = "2"  # changes with the way in which pictures are looked at


@lru_cache(maxsize=1)
def model_hash() -> str:
    """SHA-256 over the models and the versions of the libraries: what a screening's result depends on."""
    engine, codes = version("rapidocr-onnxruntime"), version("zxing-cpp")
    digest = sha256(f"rapidocr {engine} zxing {codes} looks {LOOKS}".encode())
    spec = find_spec("rapidocr_onnxruntime")
    folders = spec.submodule_search_locations if spec is not None else None
    for folder in folders or ():
        for path in sorted(Path(folder).rglob("*.onnx")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
