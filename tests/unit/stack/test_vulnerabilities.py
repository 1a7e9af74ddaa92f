"""A found vulnerability fails the lint; a service that cannot be asked is said, and never taken for a clean answer."""

from __future__ import annotations

import json

from tests.vulnerabilities import Found, of_npm, of_pip


def test_pip_audit_names_what_it_found_and_where_it_is_mended() -> None:
    vulns = [{"id": "PYSEC-2024-1", "fix_versions": ["4.2.1"], "aliases": [], "description": ""}]
    said = {"dependencies": [{"name": "django", "version": "4.2", "vulns": vulns}], "fixes": []}
    assert of_pip(json.dumps(said), "") == Found(["django 4.2: PYSEC-2024-1, mended in 4.2.1"], "")


def test_pip_audit_that_skipped_a_package_has_not_audited_it() -> None:
    skipped = {"name": "django", "skip_reason": "Dependency not found on PyPI"}
    clean = {"name": "redis", "version": "8.0.1", "vulns": []}
    found = of_pip(json.dumps({"dependencies": [skipped, clean]}), "")
    assert found == Found([], "1 of 2 packages are not known to the service, such as django")


def test_pip_audit_without_a_network_has_not_audited() -> None:
    errors = "Traceback\nrequests.exceptions.ConnectionError: no route to pypi.org\n"
    assert of_pip("", errors) == Found([], "requests.exceptions.ConnectionError: no route to pypi.org")


def test_npm_audit_names_what_it_found() -> None:
    said = {"auditReportVersion": 2, "vulnerabilities": {"next": {"name": "next", "severity": "high"}}}
    assert of_npm(json.dumps(said), "") == Found(["next: high"], "")
    assert of_npm(json.dumps({"vulnerabilities": {}}), "") == Found([], "")


def test_npm_audit_whose_endpoint_does_not_answer_has_not_audited() -> None:
    said = {"message": "405 Method Not Allowed - POST https://registry/-/npm/v1/security/advisories/bulk", "error": {}}
    assert of_npm(json.dumps(said), "npm error").unasked.startswith("405 Method Not Allowed")
    assert of_npm("", "npm error code ENOTFOUND").unasked == "npm error code ENOTFOUND"
