"""`python -m tests.vulnerabilities`: are there known ones in what we depend on? Exit code 1 where one is found; where a
service cannot be asked that is said and is no failure, because a machine may be offline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WITHIN_S = 180
PIP = (sys.executable, "-m", "pip_audit", "--requirement", "constraints.txt", "--disable-pip", "--no-deps")
FORMAT = ("--format", "json", "--progress-spinner", "off")
NPM = ("npm", "audit", "--omit=dev", "--json")


class Found(NamedTuple):
    """What an audit said: vulnerabilities by package, and why (a part of) it could not be made, "" where it was."""

    vulnerable: list[str]
    unasked: str


def main() -> int:
    audits = {"pip-audit": of_pip(*_run(PIP + FORMAT, ROOT))}
    if shutil.which("npm"):
        audits["npm audit"] = of_npm(*_run(NPM, ROOT / "frontend"))
    for name, found in audits.items():
        for one in found.vulnerable:
            print(f"{name}: {one}")  # noqa: T201
        if found.unasked:
            print(f"{name}: not audited: {found.unasked}")  # noqa: T201
        elif not found.vulnerable:
            print(f"{name}: no known vulnerability")  # noqa: T201
    return 1 if any(found.vulnerable for found in audits.values()) else 0


def of_pip(output: str, errors: str) -> Found:
    """A package that the service does not know is skipped by pip-audit, which calls that clean: here it is not."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return Found([], _last_line(errors) or "pip-audit said nothing")
    vulnerable = [
        f"{package['name']} {package['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'none'}"
        for package in packages
        for one in package.get("vulns", ())
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    said = (
        f"{len(skipped)} of {len(packages)} packages are not known to the service, such as {skipped[0]}"
        if skipped
        else ""
    )
    return Found(vulnerable, said)


def of_npm(output: str, errors: str) -> Found:
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        return Found([], _last_line(errors) or "npm said nothing")
    if "vulnerabilities" not in answer:
        return Found([], str(answer.get("message") or _last_line(errors)))
    return Found([f"{name}: {one['severity']}" for name, one in answer["vulnerabilities"].items()], "")


def _run(command: tuple[str, ...], directory: Path) -> tuple[str, str]:
    try:
        answer = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {WITHIN_S} s"
    return answer.stdout, answer.stderr


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


if __name__ == "__main__":
    sys.exit(main())
