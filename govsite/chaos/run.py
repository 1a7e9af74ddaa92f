"""One run: faults in random order at random moments, after each the checks, at the end a report."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median

import psycopg
from msgspec import Struct

from govsite.chaos.checks import EVER_S, Checks
from govsite.chaos.faults import FAULTS, KILLED, Fault
from govsite.chaos.victim import NAMES, PROJECT, START_WITHIN_S, Broken, Victim, environment_without_servers, until

BACK_WITHIN_S = 120.0
QUIET_S = (0.3, 2.0)
COMPARED_EVERY = 50
PROCESSES = tuple(name for name in NAMES if name not in ("postgres", "valkey"))

Say = Callable[[str], None]


class Trial(Struct, frozen=True):
    """A fault, how long it took until everything worked again (s), and what did not hold."""

    fault: str
    back_s: float
    faults: tuple[str, ...]


class Outcome(Struct, frozen=True, kw_only=True):
    trials: tuple[Trial, ...]
    events: int
    decisions: int
    fills: int
    halts: int
    took_s: float
    verified: str

    @property
    def sound(self) -> bool:
        return not any(trial.faults for trial in self.trials) and self.verified == ""


def schedule(kills: int, others: int, random: Random) -> list[str]:
    """So many kills, the same number of each victim as far as it goes, and so many of each other fault, shuffled."""
    killed = [f"kill -9 {KILLED[number % len(KILLED)]}" for number in range(kills)]
    rest = [name for name in FAULTS if not name.startswith("kill") for _ in range(others)]
    planned = killed + rest
    random.shuffle(planned)
    return planned


def rehearse(
    victim: Victim, planned: list[str], random: Random, say: Say, faults: Mapping[str, Fault] = FAULTS
) -> Outcome:
    """The stack is under load from the first fault to the last."""
    begun = time.monotonic()
    until(lambda: _works(victim, 0), "there are fills", START_WITHIN_S)
    checks, trials = Checks(), list[Trial]()
    for number, name in enumerate(planned, 1):
        say(f"{number} of {len(planned)}: {name}")
        trials.append(_try(victim, name, faults[name], checks, random))
        if number % COMPARED_EVERY == 0 and (wrong := _verified(victim, "--read-models")):
            trials.append(Trial("read models against a rebuild", 0.0, (wrong,)))
        for fault in trials[-1].faults:
            say(f"BROKEN after {name}: {fault}")
    say("verifying everything")
    wrong = _verified(victim)
    with victim.database() as connection:
        wrong += "\n".join(checks.faults(connection, EVER_S))
        counted = _counts(connection)
    return Outcome(
        trials=tuple(trials),
        events=checks.events,
        took_s=time.monotonic() - begun,
        verified=wrong,
        decisions=counted.get("DecisionReached", 0),
        fills=counted.get("OrderFilled", 0) + counted.get("OrderPartiallyFilled", 0),
        halts=counted.get("TradingHalted", 0),
    )


def _try(victim: Victim, name: str, fault: Fault, checks: Checks, random: Random) -> Trial:
    time.sleep(random.uniform(*QUIET_S))
    try:
        fault(victim, random)
        since = _executed(victim)
        back_s = until(lambda: _works(victim, since), f"everything works again after {name}", BACK_WITHIN_S)
        with victim.database() as connection:
            return Trial(name, back_s, tuple(checks.faults(connection)))
    except Broken as error:
        return Trial(name, BACK_WITHIN_S, (str(error),))


def _executed(victim: Victim) -> int:
    """Where the execution log stands, as soon as the database answers again."""
    found: list[int] = []

    def ask() -> bool:
        try:
            with victim.database() as connection:
                row = connection.execute("SELECT position FROM head WHERE log = 'execution'").fetchone()
        except psycopg.Error:
            return False
        found.append(row[0] if row else 0)
        return True

    until(ask, "the database answers", BACK_WITHIN_S)
    return found[-1]


def _works(victim: Victim, since: int) -> bool:
    """Every process is there and heard from, something was decided and filled since, and the read models know it."""
    if not victim.alive():
        raise Broken(f"the stack itself has ended: {victim.last_words()}")
    heard = victim.heard()
    if any(heard.get(name, {}).get("state") != "running" for name in PROCESSES):
        return False
    try:
        with victim.database() as connection:
            row = connection.execute(
                """SELECT count(*) > 0, (SELECT position FROM projection WHERE name = 'execution') > %(since)s
                FROM event_log WHERE log = 'execution' AND position > %(since)s AND topic = 'Order.OrderFilled'""",
                {"since": since},
            ).fetchone()
    except psycopg.Error:
        return False
    return row is not None and bool(row[0]) and bool(row[1])


def _verified(victim: Victim, *parts: str) -> str:
    """What `audit verify` has to object; "" for nothing."""
    command = victim.command("audit", "verify", *parts)
    ran = subprocess.run(
        command, cwd=PROJECT, env=environment_without_servers(), capture_output=True, check=False, text=True
    )
    return "" if ran.returncode == 0 else (ran.stdout + ran.stderr)[-2000:]


def _counts(connection: psycopg.Connection[tuple[str, int]]) -> dict[str, int]:
    return dict(connection.execute("SELECT event, count(*) FROM ledger GROUP BY 1").fetchall())


def report(outcome: Outcome, seed: int) -> Iterator[str]:
    """The outcome as Markdown."""
    tried = [trial for trial in outcome.trials if trial.back_s]
    kills = sum(trial.fault.startswith("kill") for trial in tried)
    yield (
        f"{kills} kills and {len(tried) - kills} other faults in {outcome.took_s / 60:.0f} minutes (seed {seed}), "
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, two cores. Meanwhile {outcome.events:,} events, "
        f"{outcome.decisions:,} decisions, {outcome.fills:,} fills and {outcome.halts} halts were recorded."
    )
    yield ""
    yield "| fault | times | back after, median / longest | broken |"
    yield "| --- | --- | --- | --- |"
    for name in dict.fromkeys(trial.fault for trial in sorted(outcome.trials, key=lambda trial: trial.fault)):
        of_it = [trial for trial in outcome.trials if trial.fault == name]
        times = [trial.back_s for trial in of_it]
        broken = sum(len(trial.faults) for trial in of_it)
        yield f"| {name} | {len(of_it)} | {median(times):.1f} / {max(times):.1f} s | {broken or 'nothing'} |"
    yield ""
    yield "At the end `audit verify`: " + (f"**{outcome.verified}**" if outcome.verified else "everything holds.")


def write(path: Path, lines: Iterator[str]) -> None:
    """Replaces what stands between the two marks of the page, or writes a page of its own."""
    text = "\n".join(lines)
    if path.exists() and MARK in path.read_text():
        before, _, rest = path.read_text().partition(MARK)
        path.write_text(f"{before}{MARK}\n\n{text}\n\n{END}{rest.partition(END)[2]}")
    else:
        path.write_text(f"{text}\n")


MARK = "<!-- report -->"
END = "<!-- end of report -->"
