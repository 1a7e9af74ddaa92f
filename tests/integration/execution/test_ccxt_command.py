"""The local exchange as a process, as an operator starts it, and the table of its faults in the documentation."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from execution.venues.ccxt import venue_from
from execution.venues.remote import OutcomeUnknown
from feeds.exchange.faults import ORDER_KINDS
from tests.integration.execution.real_venue import order
from tests.servers import wait_until

ROOT = Path(__file__).resolve().parents[3]
MANAGE = [sys.executable, "manage.py", "runexchange"]


@contextmanager
def exchange(tmp_path: Path, *arguments: str) -> Iterator[list[str]]:
    """Started as a process; what it says."""
    said = tmp_path / "said"
    with said.open("w") as output:
        process = subprocess.Popen([*MANAGE, "--port", "0", *arguments], cwd=ROOT, stdout=output)
    try:
        wait_until(lambda: said.read_text().count("\n") == 3, "the exchange listens")
        yield said.read_text().splitlines()
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def inject(url: str, *arguments: str) -> None:
    command = [*MANAGE, "inject", *arguments, "--url", url]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)


def test_what_the_command_says_is_enough_to_trade(tmp_path: Path) -> None:
    with exchange(tmp_path, "--symbols", "BTCUSDT", "--balance", "USDT=500000", "btc=2") as said:
        environment = dict(re.findall(r"(GOVSITE_\w+)=(\S+)", said[2]))
        venue = venue_from("binance-testnet", environment)
        held = venue.holdings("USDT", ["BTCUSDT"])
        assert (held.cash, held.quantities) == (500_000, {"BTCUSDT": 2})
        inject(environment["GOVSITE_VENUE_URL"], "answer_lost", "--count", "1")
        inject(environment["GOVSITE_VENUE_URL"], "balance_changed", "--with", "asset=BTC", "by=-0.5")
        wish = order("0.01", "1000.00", side="sell")
        with pytest.raises(OutcomeUnknown):
            venue.send(wish)
        report = venue.look(wish)
        assert report is not None
        assert report.state == "filled"
        assert venue.holdings("USDT", ["BTCUSDT"]).quantities == {"BTCUSDT": Decimal("1.49")}
        venue.close()


@pytest.mark.parametrize("balance", ["USDT", "USDT=", "USDT=many", "=5", "USDT=-1"])
def test_a_balance_is_an_asset_and_an_amount(balance: str) -> None:
    result = subprocess.run(
        [*MANAGE, f"--balance={balance}"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 2
    assert "is not like USDT=100000" in result.stderr


def test_every_fault_has_a_row_and_every_row_a_test() -> None:
    table = (ROOT / "docs" / "real-venue.md").read_text().partition("| fault |")[2]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    assert {kind for row in rows for kind in re.findall(r"`(\w+)`", row[1])} == set(ORDER_KINDS)
    tests = (ROOT / "tests" / "integration" / "execution" / "test_ccxt_faults.py").read_text()
    named = [re.findall(r"`(test_\w+)`", row[3]) for row in rows]
    assert all(len(names) == 1 and f"async def {names[0]}(" in tests for names in named)
