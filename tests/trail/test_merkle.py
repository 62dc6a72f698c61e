"""The tree is that of RFC 6962: known roots, and proofs that hold for the truth and for nothing else."""

from __future__ import annotations

import pytest

from gateway.trail import merkle

# the test vectors of the certificate-transparency projects
INPUTS = [bytes.fromhex(each) for each in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 40
LEAVES = [merkle.leaf(bytes([number])) for number in range(MOST)]


def node(level: int, index: int) -> bytes:
    return merkle.fold(LEAVES[index << level : (index + 1) << level])


def test_roots_are_those_of_the_known_vectors() -> None:
    growing = merkle.Frontier()
    assert growing.root() == merkle.EMPTY
    for data, expected in zip(INPUTS, ROOTS, strict=True):
        growing.append(merkle.leaf(data))
        assert growing.root().hex() == expected


def test_a_tree_has_one_root_however_it_is_asked_for() -> None:
    growing = merkle.Frontier()
    for size in range(1, MOST + 1):
        growing.append(LEAVES[size - 1])
        assert merkle.root(size, node) == growing.root()


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_inclusion_holds_for_the_leaf_at_its_place_and_for_no_other(size: int) -> None:
    root = merkle.root(size, node)
    for index in range(size):
        path = merkle.inclusion(index, size, node)
        assert merkle.root_by_inclusion(LEAVES[index], index, size, path) == root
        assert merkle.root_by_inclusion(merkle.leaf(b"other"), index, size, path) != root
        assert size == 1 or merkle.root_by_inclusion(LEAVES[index], (index + 1) % size, size, path) != root
        assert merkle.root_by_inclusion(LEAVES[index], index, size, [*path, root]) is None
        assert not path or merkle.root_by_inclusion(LEAVES[index], index, size, path[:-1]) != root


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_consistency_holds_for_every_beginning_and_for_no_fork(size: int) -> None:
    root = merkle.root(size, node)
    for former in range(size + 1):
        before = merkle.root(former, node)
        proof = merkle.consistency(former, size, node)
        assert merkle.is_consistent(former, before, size, root, proof)
        assert not merkle.is_consistent(former, merkle.leaf(b"fork"), size, root, proof)
        assert not merkle.is_consistent(former, before, size, root, [*proof, before])
        if former not in (0, size):
            assert not merkle.is_consistent(former, before, size, merkle.leaf(b"fork"), proof)
            assert not merkle.is_consistent(former, before, size, root, proof[:-1])


def test_nothing_is_proved_of_a_leaf_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="not in the tree"):
        merkle.inclusion(3, 3, node)
    with pytest.raises(ValueError, match="larger"):
        merkle.consistency(4, 3, node)
