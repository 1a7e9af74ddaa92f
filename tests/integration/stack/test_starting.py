"""A process that cannot do its work says why in one line and ends: tables of another release, expired certificates."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from govsite.starting import Unready, is_process, refuse_unready
from tests.integration.conftest import ROOT

PROCESSES = ["relay", "governor", "executor", "projector", "agents", "feed"]


def start(command: list[str], url: str, redis_url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": redis_url}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(params=["older", "newer"])
def other_release(request: pytest.FixtureRequest, migrated_url: str) -> Iterator[str]:
    """What is to be said of a database that lacks a migration, or has one that is not known here."""
    with psycopg.connect(migrated_url, autocommit=True) as connection:
        if request.param == "older":
            connection.execute("UPDATE django_migrations SET app = 'kept' WHERE app = 'ledger' AND name LIKE '0006%'")
            yield "of an older release (1 migrations are missing, such as ledger.0006_resubmit_letter): back up, then"
            connection.execute("UPDATE django_migrations SET app = 'ledger' WHERE app = 'kept'")
        else:
            connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '9999_x', now())")
            yield "of a newer release (ledger.9999_x is not known here): start that release"
            connection.execute("DELETE FROM django_migrations WHERE name = '9999_x'")


def test_tables_of_another_release_stop_every_process(other_release: str, migrated_url: str, redis_url: str) -> None:
    commands = [["manage.py", f"run{name}"] for name in PROCESSES]
    commands += [["-m", "daphne", "-p", "0", "govsite.asgi:application"], ["-m", "celery", "-A", "govsite", "worker"]]
    for command in commands if "older" in other_release else commands[:1]:
        answer = start(command, migrated_url, redis_url)
        assert answer.returncode == 1, (command, answer.stdout, answer.stderr)
        assert other_release in answer.stderr.strip().splitlines()[-1], (command, answer.stderr)
        assert "Traceback" not in answer.stderr


def test_what_asks_or_starts_a_stack_is_not_stopped() -> None:
    assert is_process(["manage.py", "runrelay", "--archive", "x"])
    assert not is_process(["manage.py", "runrelay", "--check"])
    assert not is_process(["manage.py", "runstack"])
    assert not is_process(["manage.py", "migrate"])
    assert not is_process(["manage.py"])


@pytest.mark.parametrize("name", ["relay", "governor", "projector"])
def test_a_missing_server_is_named(name: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    environment["GOVSITE_DATA_DIR"] = str(tmp_path)
    command = [sys.executable, "manage.py", f"run{name}"]
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr == f"No stack runs in {tmp_path}: start one, or set DATABASE_URL and REDIS_URL.\n"


@pytest.fixture
def expired(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a server of both protocols whose certificate ended yesterday, and that certificate."""
    certificate, key = _expired(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context))
        thread.start()
        yield listener.getsockname()[1], certificate
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # the test is over
        with client:
            if client.recv(1, socket.MSG_PEEK) == b"\0":  # PostgreSQL asks for TLS in words of its own
                client.recv(8)
                client.sendall(b"S")
            try:
                context.wrap_socket(client, server_side=True).close()
            except OSError:
                continue  # the client has refused the certificate


def _expired(directory: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "server.crt", directory / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


def test_an_expired_certificate_of_postgresql_is_said(expired: tuple[int, Path]) -> None:
    port, certificate = expired
    url = f"postgresql://me@localhost:{port}/x?sslmode=verify-full&sslrootcert={certificate}"
    with override_settings(DATABASE_URL=url, REDIS_URL=""), pytest.raises(Unready) as said:
        refuse_unready("runfeed")
    assert str(said.value).startswith("DATABASE_URL: PostgreSQL's certificate is not accepted (expired, ")
    assert "certificate verify failed" in str(said.value)
    assert "\n" not in str(said.value)


def test_an_expired_certificate_of_redis_is_said(expired: tuple[int, Path]) -> None:
    port, certificate = expired
    url = f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}"
    with override_settings(DATABASE_URL="", REDIS_URL=url), pytest.raises(Unready) as said:
        refuse_unready("runfeed")
    assert str(said.value).startswith("REDIS_URL: Redis's certificate is not accepted: ")
    assert "certificate has expired" in str(said.value)
    assert "\n" not in str(said.value)
