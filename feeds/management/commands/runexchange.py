"""`manage.py runexchange`: an exchange on this machine, to develop, test and demonstrate against."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import urllib.error
import urllib.request
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.exchange import LocalExchange, Settings, Tape
from feeds.exchange.faults import DEFAULT_FOR_S, KINDS, ORDER_KINDS, AnyFault, BadScript, read_script, sentences
from feeds.recordings import Unreadable

log = logging.getLogger(__name__)

INJECT_WITHIN_S = 5.0
ALL_KINDS = (*KINDS, *ORDER_KINDS)
DESCRIPTION = """\
An exchange on this machine that speaks the protocols of Binance (spot or USD-M: WebSocket and REST) and of Alpaca
(iex, sip) and plays a recording or the synthetic market, over and over. Spot has an account that can trade on it
(Binance's signed order endpoints). It listens on 127.0.0.1 only. Point a stack at it:

  manage.py runexchange
  manage.py runstack --feed live --url ws://127.0.0.1:9000

`manage.py runexchange inject KIND` does something bad to whoever is connected to it.
"""
EXAMPLES = """\
examples:
  manage.py runexchange                                          the synthetic market on port 9000
  manage.py runexchange --path 'rec/*.gz' --speed 2              recordings, twice as fast
  manage.py runexchange --path usdm.jsonl.gz                     futures, as the recording is one of futures
  manage.py runexchange --script crash.toml                      faults by the clock: [[fault]] kind="gap" at=10 for=3
  manage.py runexchange inject silence --for 12                  now, for 12 s
  manage.py runexchange inject gap --count 7 --scope BTCUSDT     seven trades of one instrument are left out
  manage.py runexchange inject latency --with by=8 --for 20      20 s in which everything is 8 s late
  manage.py runexchange inject answer_lost --count 1             the next order is placed, and its answer lost
  manage.py runexchange inject balance_changed --with asset=BTC by=-0.5
  manage.py runexchange inject --list                            every kind of fault
"""


def speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor `max`") from error
    if not 0 < value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100,000")
    return value


def assignment(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like by=8")
    with contextlib.suppress(ValueError):
        return name, json.loads(value)
    return name, value


def balance(text: str) -> tuple[str, Decimal]:
    asset, equals, quantity = text.partition("=")
    try:
        value = Decimal(quantity)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not like USDT=100000") from error
    if not (equals and asset and value.is_finite() and value >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not like USDT=100000")
    return asset.upper(), value


def kinds() -> str:
    width = max(map(len, ALL_KINDS))
    return "\n".join(f"  {kind:<{width}}  {sentence}" for kind, sentence in sentences().items())


class Command(BaseCommand):
    help = DESCRIPTION
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = f"{EXAMPLES}\nkinds of faults:\n{kinds()}"
        return super().create_parser(
            prog_name, subcommand, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", nargs="?", choices=["run", "inject"], default="run", help="default: run")
        parser.add_argument("fault", nargs="?", choices=ALL_KINDS, metavar="KIND", help="what to inject, see below")
        run = parser.add_argument_group("run")
        run.add_argument("--path", nargs="+", default=[], metavar="FILE", help="recordings; default: synthetic market")
        run.add_argument("--port", type=int, default=9000, help="default: 9000; 0 takes a free one and says which")
        run.add_argument("--speed", type=speed, default=1.0, metavar="X|max", help="times as fast; default: 1")
        run.add_argument("--seed", type=int, default=1, help="of the synthetic market; default: 1")
        run.add_argument("--symbols", default="", metavar="A,B", help="of the synthetic market only these")
        run.add_argument("--market", choices=["spot", "usdm"], default="spot", help="of the synthetic market")
        run.add_argument("--once", action="store_true", help="falls silent at the end of the recording")
        run.add_argument("--as-recorded", action="store_true", help="keep the event times of the recording")
        run.add_argument("--script", type=Path, metavar="TOML", help="faults by the clock")
        run.add_argument("--life", type=float, default=86_400.0, metavar="S", help="of a connection; default: 24 h")
        run.add_argument(
            "--balance", type=balance, nargs="+", default=[], metavar="ASSET=QTY", help="default: USDT=1000000"
        )
        inject = parser.add_argument_group("inject")
        inject.add_argument("--list", action="store_true", help="only list the kinds")
        inject.add_argument("--url", default="http://127.0.0.1:9000", help="of the exchange")
        inject.add_argument("--for", dest="for_s", type=float, metavar="S", help=f"default: {DEFAULT_FOR_S:g} s")
        inject.add_argument("--count", type=int, metavar="N", help="at most so many frames or requests")
        inject.add_argument("--scope", metavar="WHERE", help="BTCUSDT, btcusdt@trade, @depth")
        inject.add_argument("--at", type=float, metavar="S", help="in so many seconds")
        inject.add_argument(
            "--with", dest="more", type=assignment, nargs="+", default=[], metavar="NAME=VALUE", help="its own settings"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "inject":
            self._inject(options)
            return
        try:
            faults = read_script(options["script"]) if options["script"] else []
            tape = _tape(options)
        except (BadScript, Unreadable) as error:
            raise CommandError(str(error)) from error
        settings = Settings(
            speed=options["speed"],
            loop=not options["once"],
            restamp=not options["as_recorded"],
            waits=False,
            life_s=options["life"],
            balances=dict(options["balance"]) or Settings().balances,
        )
        try:
            asyncio.run(self._run(tape, faults, options["port"], settings))
        except OSError as error:
            raise CommandError(f"cannot listen on port {options['port']}: {error.strerror or error}") from error

    async def _run(self, tape: Tape, faults: Sequence[AnyFault], port: int, settings: Settings) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with LocalExchange(tape, faults, port=port, settings=settings) as exchange:
            self.stdout.write(f"{tape.market} {', '.join(tape.symbols)}: {exchange.ws_url} and {exchange.rest_url}")
            self.stdout.write(f"  manage.py runstack --feed live --url {exchange.ws_url}")
            if tape.market == "spot":
                venue = f"GOVSITE_VENUE=binance-testnet GOVSITE_VENUE_URL={exchange.rest_url}"
                self.stdout.write(f"  orders: {venue} {_account(settings)}")
            self.stdout.flush()
            await stop.wait()

    def _inject(self, options: dict[str, Any]) -> None:
        if options["list"]:
            self.stdout.write(kinds())
            return
        if options["fault"] is None:
            raise CommandError("Which fault? `manage.py runexchange inject --list` has them all.")
        wish = {"kind": options["fault"], **dict(options["more"])}
        named = {"for": options["for_s"], "count": options["count"], "scope": options["scope"], "at": options["at"]}
        wish |= {name: value for name, value in named.items() if value is not None}
        url = options["url"].replace("ws://", "http://").rstrip("/")
        request = urllib.request.Request(f"{url}/control/faults", json.dumps(wish).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=INJECT_WITHIN_S):  # the address is the user's own  # nosec B310
                self.stdout.write(f"{options['fault']}: it is so")
        except urllib.error.HTTPError as error:
            with error:
                raise CommandError(f"The exchange refuses: {json.load(error)['error']}") from error
        except OSError as error:
            raise CommandError(f"No exchange answers at {url}: {error}") from error


def _account(settings: Settings) -> str:
    """The key and the secret of the local account are no secrets."""
    return f"GOVSITE_VENUE_KEY={settings.key} GOVSITE_VENUE_SECRET={settings.secret}"


def _tape(options: dict[str, Any]) -> Tape:
    if options["path"]:
        return Tape.of_recordings(options["path"])
    symbols = [symbol.strip().upper() for symbol in options["symbols"].split(",") if symbol.strip()]
    return Tape.of_synthetic(options["seed"], options["market"], symbols)
