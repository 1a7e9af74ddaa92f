"""Given a publisher's secret, when it signs a command, then only that command, of that sender, with that key, holds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from governance.domain.council import SeatKey
from governance.identities import UNDER_WAY_NS, Identities
from streams.client import Entry
from streams.envelope import Envelope, Refused, encode
from streams.messages import CastBallot, Code, Command, RecordOutcomes, ReportFeedGap, ResumeTrading, SubmitProposal
from streams.signing import PUBLISHERS, NoKey, Publisher, Signer, held_in, public_half, secrets_of, variable

SECRETS: dict[Publisher, bytes] = {one: f"{one} ".encode() * 8 for one in PUBLISHERS}
BALLOT = CastBallot(proposal_id="p1", stance="approve", probability=0.7)
PROPOSAL = SubmitProposal(
    proposal_id="p1",
    action="trade",
    instrument="BTCUSDT",
    target=Decimal(1),
    probability=0.7,
    price=Decimal(60_000),
    evidence_received_at=1,
)
RESUME = ResumeTrading(reason="looked at")
GAP = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=1, last=2, market_at=1)
SAID: list[tuple[Publisher, str, Command]] = [
    ("agents", "momentum", BALLOT),
    ("agents", "momentum", PROPOSAL),
    ("feed", "feed", GAP),
    ("scorer", "scorer", RecordOutcomes(bucket=1, outcomes=())),
    ("desk", "operator:ann", RESUME),
    ("desk", "momentum", PROPOSAL),
]


def said(actor: str, body: Command, id: str = "c1") -> Envelope:
    return Envelope(id=id, body=body, actor=actor, sent_at=1, book="demo")


def entry(message: Envelope, signature: bytes, raw: bytes = b"") -> Entry:
    return Entry("governance.commands", "1-0", raw or encode(message), signature)


def signed(publisher: Publisher, message: Envelope, number: int = 1) -> Entry:
    signer = Signer({publisher: SECRETS[publisher]})
    signer.numbers = {message.actor: number}
    return entry(message, signer.sign(message, encode(message)))


def code_of(message: Envelope, found: Entry, key: SeatKey | None = None, now: int = 0) -> Code | None:
    try:
        Identities(SECRETS).check(message, found, key, now)
    except Refused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(("publisher", "actor", "body"), SAID)
def test_what_a_publisher_signs_is_believed(publisher: Publisher, actor: str, body: Command) -> None:
    message = said(actor, body)
    assert code_of(message, signed(publisher, message)) is None


@pytest.mark.parametrize(
    ("publisher", "actor", "body"),
    [
        ("agents", "operator:ann", RESUME),
        ("agents", "operator:ann", BALLOT),
        ("feed", "momentum", BALLOT),
        ("feed", "operator:ann", RESUME),
        ("scorer", "feed", GAP),
        ("desk", "momentum", BALLOT),
        ("desk", "scorer", RecordOutcomes(bucket=1, outcomes=())),
    ],
)
def test_nobody_speaks_in_what_is_not_theirs(publisher: Publisher, actor: str, body: Command) -> None:
    message = said(actor, body)
    with pytest.raises(NoKey, match="cannot be signed here"):
        signed(publisher, message)
    own, other = next((who, what) for one, who, what in SAID if one == publisher)
    value = signed(publisher, said(own, other)).signature
    assert code_of(message, entry(message, value)) == Code.FORGED


@given(st.binary(max_size=120))
def test_no_other_bytes_are_a_signature(signature: bytes) -> None:
    message = said("momentum", BALLOT)
    assert code_of(message, entry(message, signature)) in (Code.UNSIGNED, Code.FORGED, Code.KEY_REVOKED)


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_signature_is_of_every_byte(place: int, change: int) -> None:
    message = said("momentum", BALLOT)
    found = signed("agents", message)
    raw = bytearray(found.raw)
    raw[place % len(raw)] ^= change
    assert code_of(message, entry(message, found.signature, bytes(raw))) == Code.FORGED


def test_the_signature_of_one_seat_is_not_that_of_another() -> None:
    mine, theirs = said("momentum", BALLOT), said("risk", BALLOT)
    assert code_of(theirs, entry(theirs, signed("agents", mine).signature)) == Code.FORGED
    assert code_of(mine, entry(mine, signed("agents", mine).signature.replace(b":1:", b":2:", 1))) == Code.KEY_REVOKED


def test_a_key_that_gave_way_counts_for_what_was_under_way_and_a_revoked_one_for_nothing() -> None:
    message = said("momentum", BALLOT)
    first, second = signed("agents", message), signed("agents", message, 2)
    changed = SeatKey(number=2, since=1_000, follows=True)
    assert code_of(message, second, changed, 1_000) is None
    assert code_of(message, first, changed, 1_000 + UNDER_WAY_NS - 1) is None
    assert code_of(message, first, changed, 1_000 + UNDER_WAY_NS) == Code.KEY_REVOKED
    assert code_of(message, second, SeatKey(number=2, revoked=True), 0) == Code.KEY_REVOKED
    proposal = said("momentum", PROPOSAL)
    assert code_of(proposal, signed("desk", proposal), SeatKey(revoked=True)) == Code.KEY_REVOKED


def test_a_seat_that_another_party_holds_is_heard_by_its_own_key_only(tmp_path: Path) -> None:
    private, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    message, proposal = said("desk-7", BALLOT), said("desk-7", PROPOSAL)
    key = SeatKey(number=2, public=public_half(private))

    def by(one: Ed25519PrivateKey, number: int = 2) -> Entry:
        signer = Signer(SECRETS, {"desk-7": one})
        signer.numbers = {"desk-7": number}
        return entry(message, signer.sign(message, encode(message)))

    assert code_of(message, by(private), key) is None
    assert code_of(message, by(stranger), key) == Code.FORGED
    assert code_of(message, by(private, 1), key) == Code.KEY_REVOKED
    assert code_of(message, signed("agents", message, 2), key) == Code.FORGED
    assert code_of(proposal, signed("desk", proposal), key) == Code.FORGED
    assert code_of(message, by(private, 1), None) == Code.FORGED
    (tmp_path / "rubbish.pem").write_text("nothing")
    with pytest.raises(NoKey, match="cannot be read as a private key"):
        held_in(tmp_path)


def test_secrets_are_long_and_the_governor_has_all() -> None:
    assert secrets_of({variable("feed"): "x" * 32, variable("desk"): ""}) == {"feed": b"x" * 32}
    with pytest.raises(NoKey, match="GOVSITE_SIGNING_FEED must have at least 32 characters"):
        secrets_of({variable("feed"): "short"})
    with pytest.raises(NoKey, match="GOVSITE_SIGNING_DESK, GOVSITE_SIGNING_SCORER must be set"):
        Identities({one: SECRETS[one] for one in ("agents", "feed")})
