"""Signatures: whose, for what, over which digest."""

import stat
from pathlib import Path

import pytest

from toolguild.canonical import Digest, digest
from toolguild.errors import Misconfigured, Refused
from toolguild.identity import KeyDirectory

CODE = digest({"code": "x"})
OTHER = digest({"code": "y"})


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory(tmp_path / "keys")


def test_a_signature_verifies_for_its_signer_purpose_and_digest(keys: KeyDirectory) -> None:
    signature = keys.signer("reviewer").sign("clearance", CODE)
    keys.verify(signature, purpose="clearance", by="reviewer", over=CODE)


@pytest.mark.parametrize(
    ("purpose", "by", "over"),
    [
        ("report", "reviewer", CODE),
        ("clearance", "executor", CODE),
        ("clearance", "reviewer", OTHER),
    ],
)
def test_a_signature_is_good_for_nothing_else(
    keys: KeyDirectory, purpose: str, by: str, over: Digest
) -> None:
    keys.signer("executor")
    signature = keys.signer("reviewer").sign("clearance", CODE)
    with pytest.raises(Refused):
        keys.verify(signature, purpose=purpose, by=by, over=over)
    relabelled = signature.model_copy(update={"purpose": purpose, "by": by, "over": over})
    with pytest.raises(Refused):
        keys.verify(relabelled, purpose=purpose, by=by, over=over)


def test_another_services_key_does_not_sign_for_it(keys: KeyDirectory) -> None:
    keys.signer("reviewer")
    forged = keys.signer("synthesizer").sign("clearance", CODE)
    forged = forged.model_copy(update={"by": "reviewer"})
    with pytest.raises(Refused, match="a key that is not reviewer's"):
        keys.verify(forged, purpose="clearance", by="reviewer", over=CODE)


@pytest.mark.parametrize("broken", ["", "zz", "00" * 64])
def test_a_broken_signature_is_refused(keys: KeyDirectory, broken: str) -> None:
    signature = keys.signer("reviewer").sign("clearance", CODE)
    signature = signature.model_copy(update={"signature": broken})
    with pytest.raises(Refused, match="does not verify"):
        keys.verify(signature, purpose="clearance", by="reviewer", over=CODE)


@pytest.mark.parametrize("by", ["nobody", "../keys/reviewer", "", ".hidden"])
def test_a_signer_whom_nobody_knows_is_refused(keys: KeyDirectory, by: str) -> None:
    signature = keys.signer("reviewer").sign("clearance", CODE)
    signature = signature.model_copy(update={"by": by})
    with pytest.raises(Refused):
        keys.verify(signature, purpose="clearance", by=by, over=CODE)


def test_a_key_stays_the_same_and_is_private(keys: KeyDirectory, tmp_path: Path) -> None:
    first = keys.signer("reviewer").sign("clearance", CODE)
    again = KeyDirectory(tmp_path / "keys")
    assert again.signer("reviewer").sign("clearance", CODE) == first
    assert stat.S_IMODE((tmp_path / "keys" / "reviewer.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert sorted(place.name for place in (tmp_path / "keys").iterdir()) == [
        "reviewer.key",
        "reviewer.pub",
    ]


def test_a_damaged_key_is_named(keys: KeyDirectory, tmp_path: Path) -> None:
    keys.signer("reviewer")
    (tmp_path / "keys" / "reviewer.key").write_bytes(b"short")
    with pytest.raises(Misconfigured, match=r"reviewer\.key is not an Ed25519 private key"):
        keys.signer("reviewer")


def test_keys_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="no key for reviewer"):
        KeyDirectory(tmp_path / "file").signer("reviewer")
