"""What a run of faults is told like, and that no fault of a run goes unsaid."""

from __future__ import annotations

from pathlib import Path
from random import Random

from govsite.chaos import run
from govsite.chaos.faults import FAULTS, KILLED
from govsite.chaos.run import Outcome, Trial


def outcome(*trials: Trial, verified: str = "") -> Outcome:
    return Outcome(trials=trials, events=1_000, decisions=50, fills=40, halts=1, took_s=600.0, verified=verified)


def test_every_victim_is_killed_as_often_and_every_other_fault_comes() -> None:
    planned = run.schedule(16, 2, Random(1))
    assert {name: planned.count(name) for name in FAULTS} == dict.fromkeys(FAULTS, 2)
    assert len(planned) == 2 * len(FAULTS)
    assert planned != run.schedule(16, 2, Random(2))
    assert len(run.schedule(len(KILLED), 0, Random(1))) == len(KILLED)


def test_a_run_in_which_everything_held_is_sound() -> None:
    held = outcome(Trial("kill -9 relay", 1.0, ()), Trial("kill -9 relay", 3.0, ()))
    assert held.sound
    assert "| kill -9 relay | 2 | 2.0 / 3.0 s | nothing |" in list(run.report(held, 1))


def test_whatever_did_not_hold_is_told() -> None:
    broken = outcome(Trial("kill -9 relay", 1.0, ("the order o has 2 ends",)), verified="governance: BROKEN")
    told = "\n".join(run.report(broken, 1))
    assert not broken.sound
    assert "| kill -9 relay | 1 | 1.0 / 1.0 s | 1 |" in told
    assert "governance: BROKEN" in told
    assert not outcome(verified="governance: BROKEN").sound


def test_a_report_replaces_the_one_before_it(tmp_path: Path) -> None:
    page = tmp_path / "chaos.md"
    page.write_text(f"before\n{run.MARK}\nold\n{run.END}\nafter\n")
    run.write(page, iter(["new"]))
    run.write(page, iter(["newer"]))
    assert page.read_text() == f"before\n{run.MARK}\n\nnewer\n\n{run.END}\nafter\n"
