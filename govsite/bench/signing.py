"""What it costs that every command is signed: µs a ballot to sign and to check, beside what encoding it costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.domain.council import SeatKey
from governance.identities import Identities
from streams.client import COMMANDS, Entry
from streams.envelope import Envelope, decode, encode
from streams.messages import CastBallot
from streams.signing import PUBLISHERS, Signer, public_half

ROUNDS = 7
BALLOTS = 2_000


def measure() -> dict[str, float]:
    """Medians of seven runs over 2,000 ballots, in µs a ballot."""
    secrets = {one: one.encode() * 16 for one in PUBLISHERS}
    private = Ed25519PrivateKey.generate()
    house, party, checks = Signer(secrets), Signer(secrets, {"seat": private}), Identities(secrets)
    held = SeatKey(public=public_half(private))
    body = CastBallot(proposal_id="p" * 36, stance="approve", probability=0.7, reason="a trend")
    ballots = [Envelope(id=f"b{number}", body=body, actor="seat", sent_at=1, book="demo") for number in range(BALLOTS)]
    raws = [encode(ballot) for ballot in ballots]

    def signing(signer: Signer) -> Callable[[], list[bytes]]:
        return lambda: [signer.sign(*each) for each in zip(ballots, raws, strict=True)]

    def checking(signer: Signer, key: SeatKey) -> Callable[[], object]:
        entries = [
            Entry(COMMANDS, "1-0", raw, signer.sign(ballot, raw)) for ballot, raw in zip(ballots, raws, strict=True)
        ]

        def check_all() -> None:
            for ballot, entry in zip(ballots, entries, strict=True):
                checks.check(ballot, entry, key, 0)

        return check_all

    return {
        "encode_us": _each(lambda: [encode(ballot) for ballot in ballots]),
        "decode_us": _each(lambda: [decode(raw) for raw in raws]),
        "sign_us": _each(signing(house)),
        "check_us": _each(checking(house, SeatKey())),
        "sign_held_us": _each(signing(party)),
        "check_held_us": _each(checking(party, held)),
    }


def _each(work: Callable[[], object]) -> float:
    """µs a ballot."""
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter_ns()
        work()
        took.append(time.perf_counter_ns() - begun)
    return round(median(took) / BALLOTS / 1_000, 2)
