"""No page has a fault that axe calls serious or critical: in both themes, on a desk and on a phone, dialogs opened."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

import axe_playwright_python
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Site, log_in
from tests.integration.site import everything
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser

pytestmark = pytest.mark.browser
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
LOOK = """async (rules) => {
    document.querySelectorAll("details:first-of-type").forEach((each) => { each.open = true; });
    const found = [];
    const look = async (place, root) => {
        const options = { resultTypes: ["violations"], elementRef: false, preload: false };
        if (rules.length) options.runOnly = rules;
        const { violations } = await axe.run(root, options);
        for (const { id, impact, nodes } of violations) {
            if (impact !== "serious" && impact !== "critical") continue;
            for (const node of nodes) {
                const why = [...node.any, ...node.all, ...node.none].map(({ message }) => message).join("; ");
                found.push(`${place}${id}: ${node.html.slice(0, 200)} (${node.target}): ${why}`);
            }
        }
    };
    await look("", document);
    for (const dialog of document.querySelectorAll("dialog:not([open])")) {
        dialog.showModal();
        await look("in a dialog: ", dialog);
        dialog.close();
    }
    return found;
}"""
LOOKS: tuple[tuple[Literal["dark", "light"], int, list[str]], ...] = (
    ("dark", 1400, []),
    ("light", 390, ["color-contrast", "scrollable-region-focusable"]),
)
"""Theme, width, and the rules of axe (none named: all): those that depend on either are tried in both."""
PARTS = 6  # a test each, for slow machines
OTHERS = re.compile(
    r"/admin/(?!auth/user|auth/group/add|govsite|governance/decision|governance/book/demo/terms)\w+/\w+/"
    r"(?!new|[\w-]+/(edit|act/reputation|versions|decide))|/market/panels/|/alarms/open/|/ledger/governance/0/1/"
)
"""Made of the same parts as those that are looked at, or parts of them."""


@pytest.fixture(scope="module")
def history(writer: Writer) -> None:
    """Told before the site's own projector is there: only one may project."""
    everything.tell(writer, "known client")


@pytest.fixture(scope="module")
def told(history: None, site: Site) -> list[str]:
    """The addresses of all pages, with something on each of them: one record of each kind."""
    redis_url = os.environ["REDIS_URL"]
    everything.bury(redis_url, "known client")
    return everything.pages(browser(User.objects.get(username="ada")), redis_url, OTHERS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_serious(part: int, told: list[str], site: Site, context: BrowserContext) -> None:
    page = log_in(context, site)
    faults = []
    looked_at = told[part::PARTS]
    assert looked_at
    for path in looked_at:
        page.goto(site.url + path)
        page.evaluate(AXE)
        for scheme, width, rules in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            faults += [f"{path}, {scheme}: {fault}" for fault in page.evaluate(LOOK, rules)]
    assert not faults, "\n".join(faults)
