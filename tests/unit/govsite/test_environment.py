"""Settings out of the environment: production asks for what it needs, in one line that names the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOUND = {
    "GOVSITE_PRODUCTION": "1",
    "GOVSITE_PROXIES": "1",
    "GOVSITE_HOSTS": "ops.example.com",
    "GOVSITE_ORIGINS": "https://ops.example.com",
    "GOVSITE_SECRET_KEY": "0123456789abcdef" * 4,
    "DATABASE_URL": "postgresql://somebody@db.example.com/govsite",
    "REDIS_URL": "rediss://cache.example.com",
}
WRONG = sorted(
    [
        ("GOVSITE_PRODUCTION", "yes", "must be 1 or 0"),
        ("GOVSITE_DEBUG", "1", "must not be 1 in production"),
        ("GOVSITE_SECOND_FACTOR", "off", "must be on in production"),
        ("GOVSITE_SECOND_FACTOR", "maybe", "must be on or off"),
        ("GOVSITE_PROXIES", "", "is missing: 1 if one proxy"),
        ("GOVSITE_PROXIES", "2", "must be 0 or 1"),
        ("GOVSITE_HOSTS", "", "is missing: the names"),
        ("GOVSITE_HOSTS", "*", "names '*'"),
        ("GOVSITE_HOSTS", "https://ops.example.com", "without scheme"),
        ("GOVSITE_ORIGINS", "http://ops.example.com", "such as https://"),
        ("GOVSITE_ORIGINS", "ops.example.com", "such as https://"),
        ("GOVSITE_SECRET_KEY", "", "is missing: it must be at least 50 random characters"),
        ("GOVSITE_SECRET_KEY", "short", "is too weak"),
        ("GOVSITE_SECRET_KEY", "a" * 64, "is too weak"),
        ("GOVSITE_SESSION_S", "soon", "must be a whole number, at least 60"),
        ("GOVSITE_HSTS_S", "-1", "must be a whole number, at least 1"),
        ("DATABASE_URL", "", "is missing: it must be a postgresql:// URL"),
        ("DATABASE_URL", "sqlite:///x", "must be a postgresql:// URL"),
        ("REDIS_URL", "", "is missing: it must be a redis:// URL"),
    ]
)
READ = "import govsite.settings as s; print(s.SECRET_KEY == '', s.ALLOWED_HOSTS, s.SECOND_FACTOR, s.PRODUCTION)"


def run(changes: dict[str, str], data: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """With `changes` and nothing else of ours in the environment; an empty value is none."""
    ours = ("GOVSITE_", "DATABASE_URL", "REDIS_URL", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    said = {name: value for name, value in changes.items() if value}
    return subprocess.run(
        [sys.executable, *command],
        env={**kept, **said, "GOVSITE_DATA_DIR": str(data)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_passes_the_deployment_check_without_a_warning(tmp_path: Path) -> None:
    done = run(SOUND, tmp_path, "manage.py", "check", "--deploy", "--fail-level", "INFO")
    assert (done.returncode, done.stdout + done.stderr) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.parametrize(("name", "value", "why"), WRONG)
def test_what_is_wrong_is_said_in_one_line(name: str, value: str, why: str, tmp_path: Path) -> None:
    done = run({**SOUND, name: value}, tmp_path, "-c", READ)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{name} ")
    assert why in line


def test_every_command_stops_with_that_line(tmp_path: Path) -> None:
    done = run({**SOUND, "GOVSITE_HOSTS": ""}, tmp_path, "manage.py", "migrate")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_on_ones_own_machine_nothing_has_to_be_said(tmp_path: Path) -> None:
    done = run({}, tmp_path, "-c", READ)
    assert done.stdout.strip() == "False ['localhost', '127.0.0.1', '[::1]'] True False"
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_process_without_pages_loads_nothing_of_them(tmp_path: Path) -> None:
    done = run({"GOVSITE_PAGES": "none"}, tmp_path, "manage.py", "check")
    assert done.returncode == 0, done.stderr


def test_every_command_asks_what_the_site_of_the_running_stack_asks(tmp_path: Path) -> None:
    told = ("DATABASE_URL=postgresql://p", "REDIS_URL=redis://r", "GOVSITE_SECOND_FACTOR=off")
    (tmp_path / "stack.env").write_text("".join(f"{line}\n" for line in told))
    asks = "import govsite.settings as s; print(s.SECOND_FACTOR)"
    assert run({}, tmp_path, "-c", asks).stdout == "False\n"
    assert run({"GOVSITE_SECOND_FACTOR": "on"}, tmp_path, "-c", asks).stdout == "True\n"
    assert run({"DATABASE_URL": "postgresql://another"}, tmp_path, "-c", asks).stdout == "True\n"
    assert run(SOUND, tmp_path, "-c", asks).stdout == "True\n"


def test_a_secret_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://somebody@elsewhere/govsite\n")
    asks = "import govsite.settings as s, os; print(s.DATABASE_URL, 'DATABASE_URL_FILE' in os.environ)"
    done = run({**SOUND, "DATABASE_URL": "", "DATABASE_URL_FILE": str(file)}, tmp_path, "-c", asks)
    assert done.stdout == "postgresql://somebody@elsewhere/govsite False\n"


@pytest.mark.parametrize(
    ("content", "value", "why"),
    [(None, "", "cannot be read: No such file"), (b"\n", "", "is empty"), (b"\xff", "", "no text"), (b"a", "b", "too")],
)
def test_a_secrets_file_that_is_not_one_is_said_in_one_line(
    content: bytes | None, value: str, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    done = run({**SOUND, "REDIS_URL": value, "REDIS_URL_FILE": str(file)}, tmp_path, "-c", READ)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("REDIS_URL_FILE ")
    assert why in line
