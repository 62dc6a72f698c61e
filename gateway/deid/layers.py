"""Recipes that stand on others: a policy is the Basic Profile, the options that it takes, and its own lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from gateway.deid.errors import BadRecipe, UnknownPolicy
from gateway.deid.recipe import Recipe, read_recipe
from gateway.deid.safe_private import NOTHING_PRIVATE, SafePrivate, read_safe_private
from gateway.deid.vocabulary import NO_WORDS, Vocabulary, read_vocabulary


@dataclass(frozen=True, slots=True)
class Resolved:
    """A recipe and all that it stands on, lowest first, itself last. The same texts give the same hash."""

    name: str
    sha256: str
    layers: tuple[Recipe, ...]
    safe_private: SafePrivate
    vocabulary: Vocabulary = NO_WORDS

    def __hash__(self) -> int:
        return hash((self.name, self.sha256))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resolved) and (self.name, self.sha256) == (other.name, other.sha256)


def resolve(policies_dir: Path, name: str) -> Resolved:
    """Read a recipe and what it extends. Raises UnknownPolicy, BadRecipe."""
    layers: dict[str, Recipe] = {}
    _add(policies_dir, name, layers, ())
    ordered = tuple(layers.values())
    lists = sorted({recipe.labels["SafePrivate"] for recipe in ordered if "SafePrivate" in recipe.labels})
    if len(lists) > 1:
        raise BadRecipe(f"recipe {name}: there is one list of safe private elements")
    private = read_safe_private(policies_dir / "deid" / lists[0]) if lists else NOTHING_PRIVATE
    digests = [recipe.sha256 for recipe in ordered] + ([private.sha256] if lists else [])
    vocabulary = NO_WORDS
    if any(line.argument == "clean_text" for recipe in ordered for line in recipe.lines):
        vocabulary = _vocabulary(policies_dir)
        digests.append(vocabulary.sha256)
    whole = digests[0] if len(digests) == 1 else sha256("\n".join(digests).encode("ascii")).hexdigest()
    return Resolved(name, whole, ordered, private, vocabulary)


def _add(policies_dir: Path, name: str, layers: dict[str, Recipe], below: tuple[str, ...]) -> None:
    if name in below:
        raise BadRecipe(f"recipe {name} stands on itself")
    if name in layers:
        return
    recipe = _read(policies_dir, name, below)
    for base in recipe.labels.get("Extends", "").split():
        _add(policies_dir, base, layers, (*below, name))
    layers[name] = recipe


def _read(policies_dir: Path, name: str, below: tuple[str, ...]) -> Recipe:
    path = policies_dir / "deid" / f"{name}.dicom"
    try:
        return _cached(policies_dir, name, path.stat().st_mtime_ns if path.is_file() else 0)
    except UnknownPolicy:
        if below:
            raise BadRecipe(f"recipe {below[-1]} stands on {name!r}, which is not there") from None
        raise


def _vocabulary(policies_dir: Path) -> Vocabulary:
    path = policies_dir / "deid" / "vocabulary.toml"
    return _words(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=8)
def _words(path: Path, _changed: int) -> Vocabulary:
    return read_vocabulary(path)


@lru_cache(maxsize=128)
def _cached(policies_dir: Path, name: str, _changed: int) -> Recipe:
    return read_recipe(policies_dir, name)
