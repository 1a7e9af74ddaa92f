"""The Ed25519 key that signs checkpoints and exports: where it is kept, and who may say that something is ours."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import LedgerError

KEY_FILE = "GOVSITE_CHECKPOINT_KEY_FILE"
PRIVATE = "checkpoint.key"
PUBLIC = "checkpoint.pub"
PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\n?", re.DOTALL)


class BadKey(LedgerError):
    """A key file is not there, or holds no Ed25519 key."""


class SigningKey:
    """Signs; its public half and its id are for everybody."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.id = key_id(private.public_key())

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def public_pem(self) -> bytes:
        return self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class Trusted:
    """The public keys whose signatures count, by id."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self.keys = keys

    def fault(self, key_id: str, signature: bytes, message: bytes) -> str:
        """Why a signature does not count; empty if it does."""
        key = self.keys.get(key_id)
        if key is None:
            return f"it is signed by the key {key_id}, which is none of the public keys that were given"
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return "its signature does not fit what it says"
        return ""


def key_id(public: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the sha256 of the raw public key."""
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return sha256(raw).hexdigest()[:16]


def signing_key(environment: Mapping[str, str], data_dir: Path) -> SigningKey:
    """The key of `GOVSITE_CHECKPOINT_KEY_FILE`, else that of the data directory, made there (0600) where there is none.
    Its public half is in `checkpoint.pub` of the data directory, after those of keys used before. Raises `BadKey`."""
    if named := environment.get(KEY_FILE):
        path = Path(named)
        if not path.is_file():
            raise BadKey(f"{KEY_FILE} names {path}, which is no file: put an Ed25519 key in PEM there")
    else:
        path = data_dir / PRIVATE
        if not path.exists():
            _make(path)
    key = _read(path)
    _publish(key, data_dir / PUBLIC)
    return key


def _make(path: Path) -> None:
    """Whoever comes first makes it, whole; a second process finds that of the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> SigningKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"{path} holds no unencrypted private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} holds another key than Ed25519: make one with `openssl genpkey -algorithm ed25519`")
    return SigningKey(key)


def _publish(key: SigningKey, path: Path) -> None:
    known = path.read_bytes() if path.exists() else b""
    if key.public_pem() in known:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(known + key.public_pem())
    draft.chmod(0o644)
    draft.replace(path)


def trusted(path: Path) -> Trusted:
    """The public keys of a file, one PEM after the other. Raises `BadKey` where there is none."""
    if not path.is_file():
        raise BadKey(f"there are no public keys in {path}: signing makes it, or name the file with --public-key")
    keys = [serialization.load_pem_public_key(pem) for pem in PEM.findall(path.read_bytes())]
    known = {key_id(key): key for key in keys if isinstance(key, Ed25519PublicKey)}
    if not known:
        raise BadKey(f"{path} holds no Ed25519 public key in PEM")
    return Trusted(known)
