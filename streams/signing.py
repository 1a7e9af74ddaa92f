"""Who speaks: every command is signed over its bytes by whoever publishes it, and the governor takes no other.

A publisher (`agents`, `feed`, `desk`, `scorer`) has one secret; the key of each name it speaks for is derived from it,
with a number, so that a seat's key can be changed without touching the others. A seat that another party holds signs
with an Ed25519 key of its own (`held`), of which only the public half is known here.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from streams.commands import AgentCommand, FeedCommand, RecordOutcomes, SubmitProposal
from streams.envelope import Envelope, Refused
from streams.vocabulary import Code

Publisher = Literal["agents", "feed", "desk", "scorer", "held"]
PUBLISHERS: tuple[Publisher, ...] = ("agents", "feed", "desk", "scorer")
HELD: Publisher = "held"
OPERATOR = "operator:"
OF_AGENTS: tuple[type, ...] = get_args(AgentCommand)
OF_FEEDS: tuple[type, ...] = get_args(FeedCommand)
KNOWN = frozenset((*PUBLISHERS, HELD))
SEATS = "GOVSITE_SEAT_KEYS"
"""A directory of `NAME.pem`: the Ed25519 keys of the seats that are held here."""
LEAST_SECRET = 32
PURPOSE = b"governance.cmd"
DERIVED = b"governance.key"


class NoKey(Exception):
    """This process may not speak so; the message says which variable gives it the key."""


def variable(publisher: str) -> str:
    return f"GOVSITE_SIGNING_{publisher.upper()}"


VARIABLES = tuple(map(variable, PUBLISHERS))


def secrets_of(environment: Mapping[str, str]) -> dict[Publisher, bytes]:
    """The secrets that a process was given, by publisher. Raises `NoKey` for one that is too short to be one."""
    found: dict[Publisher, bytes] = {}
    for publisher in PUBLISHERS:
        secret = environment.get(variable(publisher), "").encode()
        if secret and len(secret) < LEAST_SECRET:
            raise NoKey(f"{variable(publisher)} must have at least {LEAST_SECRET} characters.")
        if secret:
            found[publisher] = secret
    return found


@lru_cache(maxsize=4096)
def derived(secret: bytes, name: str, number: int) -> bytes:
    """The key `number` of a name; who knows it learns nothing of the secret or of another key."""
    said = f"{number}:{name}".encode()
    return hashlib.blake2b(said, key=hashlib.sha256(secret).digest(), digest_size=32, person=DERIVED).digest()


def digest(key: bytes, raw: bytes) -> bytes:
    return hashlib.blake2b(raw, key=key, digest_size=32, person=PURPOSE).digest()


def may_say(publisher: Publisher, envelope: Envelope) -> bool:
    """Whether a publisher speaks for that sender in that matter. The desk speaks for operators, and brings in the
    proposals that come over the API, where a token stands for the seat."""
    body = envelope.body
    if publisher == "desk":
        return envelope.actor.startswith(OPERATOR) or isinstance(body, SubmitProposal)
    if envelope.actor.startswith(OPERATOR):
        return False
    if publisher == "feed":
        return isinstance(body, OF_FEEDS)
    if publisher == "scorer":
        return isinstance(body, RecordOutcomes)
    return isinstance(body, OF_AGENTS)


class Signer:
    """What a process can sign. `numbers`: the current key of each seat whose first one was changed."""

    def __init__(self, secrets: Mapping[Publisher, bytes], held: Mapping[str, Ed25519PrivateKey] | None = None) -> None:
        self.secrets = secrets
        self.held = held or {}
        self.numbers: Mapping[str, int] = {}

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Signer:
        directory = environment.get(SEATS, "")
        return cls(secrets_of(environment), held_in(Path(directory)) if directory else {})

    def sign(self, envelope: Envelope, raw: bytes) -> bytes:
        """`PUBLISHER:NUMBER:` and the signature of `raw`. Raises `NoKey`."""
        name, number = envelope.actor, self.numbers.get(envelope.actor, 1)
        if isinstance(envelope.body, OF_AGENTS) and (private := self.held.get(name)):
            return b"%s:%d:%s" % (HELD.encode(), number, private.sign(raw))
        publisher = next((one for one in self.secrets if may_say(one, envelope)), None)
        if publisher is None:
            wanted = [variable(one) for one in PUBLISHERS if may_say(one, envelope)] or ["no key there is"]
            what = type(envelope.body).__name__
            raise NoKey(f"{what} of {name} cannot be signed here: {' or '.join(wanted)} would have to be set.")
        if publisher != "agents":
            number = 1
        return b"%s:%d:%s" % (publisher.encode(), number, digest(derived(self.secrets[publisher], name, number), raw))


def held_in(directory: Path) -> dict[str, Ed25519PrivateKey]:
    """By the seat's name. Raises `NoKey` for a file that holds no such key."""
    return {path.stem: private_key(path) for path in sorted(directory.glob("*.pem"))}


def private_key(path: Path) -> Ed25519PrivateKey:
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NoKey(f"{path} cannot be read as a private key: {error}") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise NoKey(f"{path} holds no Ed25519 key.")
    return found


def public_half(private: Ed25519PrivateKey) -> str:
    """64 hexadecimal digits."""
    return private.public_key().public_bytes_raw().hex()


def parted(signature: bytes) -> tuple[Publisher, int, bytes]:
    """The publisher, the key's number and the signature proper. Raises `Refused`."""
    if not signature:
        raise Refused(Code.UNSIGNED, "nobody signed it")
    publisher, _, rest = signature.partition(b":")
    number, _, value = rest.partition(b":")
    name = publisher.decode("ascii", "replace")
    if name not in KNOWN or not number.isdigit() or len(number) > 9:
        raise Refused(Code.FORGED, "its signature is none of ours")
    return name, int(number), value


def check_derived(secret: bytes, name: str, number: int, raw: bytes, value: bytes) -> None:
    """Raises `Refused`."""
    if not hmac.compare_digest(digest(derived(secret, name, number), raw), value):
        raise Refused(Code.FORGED, f"its signature is not that of {name}")


def check_held(public: str, name: str, raw: bytes, value: bytes) -> None:
    """`public`: 64 hexadecimal digits. Raises `Refused`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(value, raw)
    except (InvalidSignature, ValueError) as error:
        raise Refused(Code.FORGED, f"its signature is not that of {name}") from error
