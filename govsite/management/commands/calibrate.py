"""`manage.py calibrate`: fits the agents' forecasts on recordings and tells how good they are on others."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from msgspec import Struct

from agents.calibration import Report, Sample, collect, fit, report
from agents.demo import DEMO_COUNCIL
from agents.roles.calibrated import Logistic
from agents.roles.strategy import Strategy
from feeds.recordings import Unreadable, instruments, read_ticks
from govsite.seed import seen_instrument
from streams.events import BookTerms
from streams.messages import Tick

EPILOG = """\
Every agent of the demo council with a forecast watches the recordings of --path. Each second what it sees is labelled
with what came of it: y = 1 when the side it was asked about earned more than a round trip costs (2 fees and the spread)
at the horizon. A logistic map from score to P(y = 1) is fitted to that, under priors that keep a few minutes from
saying more than they know. It is then judged on --test, which it has not seen.

Read "independent": so many outcomes there really are. Brier is the mean squared error of the forecast; below "base",
the error of always saying the base rate of the test, the signal was worth something there.

The coefficients in use are in agents/roles/calibrated.py.

examples:
  manage.py calibrate --path btc-monday.jsonl.gz eth-monday.jsonl.gz --test btc-tuesday.jsonl.gz eth-tuesday.jsonl.gz
  manage.py calibrate --path monday.jsonl.gz --json calibration.json      no --test: judged on what it was fitted on
  manage.py calibrate --path monday.jsonl.gz --fee-bp 1                    what a higher fee leaves of it
"""


class Fitted(Struct, frozen=True, kw_only=True):
    """One agent: the coefficients in use, those that the recordings give, and how the latter did on the test."""

    agent: str
    in_use: Logistic
    fitted: Logistic
    independent: float
    test: Report


class Command(BaseCommand):
    requires_system_checks = []
    help = "Fits the agents' forecasts on recordings and reports base rate, Brier score and reliability."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--path", nargs="+", required=True, metavar="FILE", help="recordings to fit on")
        parser.add_argument(
            "--test", nargs="+", metavar="FILE", help="recordings to judge on (default: those of --path)"
        )
        parser.add_argument("--fee-bp", type=Decimal, default=BookTerms().fee_bp, help="fee per fill (default: 0.2)")
        parser.add_argument("--horizon-s", type=int, default=BookTerms().horizon_s, help="horizon (default: 30)")
        parser.add_argument("--json", type=Path, metavar="PATH", help="also write everything to PATH")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var); not needed here")

    def handle(self, *args: Any, **options: Any) -> None:
        terms = BookTerms(fee_bp=options["fee_bp"], horizon_s=options["horizon_s"])
        try:
            samples = collected(options["path"], terms)
            tests = collected(options["test"], terms) if options["test"] else samples
        except Unreadable as error:
            raise CommandError(str(error)) from error
        results = [fitted(name, strategy, samples[name], tests[name]) for name, strategy in strategies().items()]
        for result in results:
            self._tell(result)
        if not options["test"]:
            self.stdout.write("No --test was given: these figures are in sample and flatter the fit.")
        if options["json"]:
            options["json"].write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2))

    def _tell(self, result: Fitted) -> None:
        test, tell = result.test, self.stdout.write
        tell(f"{result.agent}")
        tell(f"  in use       slope {result.in_use.slope:.3f}  cost {result.in_use.cost:.3f}")
        tell(
            f"  fitted       slope {result.fitted.slope:.3f}  cost {result.fitted.cost:.3f}"
            f"  on {result.independent} independent outcomes"
        )
        if not test.n:
            tell("  test         no forecast there")
            return
        tell(f"  test         {test.n} samples, {test.independent} independent; base rate {test.base_rate:.3f}")
        tell(f"  Brier        {test.brier:.4f}  (base {test.brier_base:.4f})")
        tell(f"  approves     {test.approved / test.n:.0%} of the samples, y = 1 in {test.approved_rate:.3f} of those")
        for row in test.reliability:
            bounds = f"{row.low:.2f} ≤ q < {row.high:.2f}"
            tell(f"    {bounds}   n {row.n:5d}   mean q {row.forecast:.3f}   y = 1 in {row.happened:.3f}")


def strategies() -> dict[str, Strategy]:
    made = {plan.name: plan.make() for plan in DEMO_COUNCIL}
    return {name: agent for name, agent in made.items() if isinstance(agent, Strategy)}


def collected(paths: Sequence[str], terms: BookTerms) -> dict[str, list[Sample]]:
    """The labelled samples of every agent over the files, merged by receive time. Raises `Unreadable`."""
    listed = {symbol: seen_instrument(symbol, seen) for symbol, seen in instruments(paths).items()}
    ticks = (item for item in read_ticks(paths) if isinstance(item, Tick))
    return collect(ticks, strategies(), terms, listed)


def fitted(name: str, strategy: Strategy, samples: list[Sample], tests: list[Sample]) -> Fitted:
    found = fit(samples)
    independent = round(sum(sample.weight for sample in samples), 1)
    return Fitted(
        agent=name, in_use=strategy.forecast, fitted=found, independent=independent, test=report(tests, found)
    )
