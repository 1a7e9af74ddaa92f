"""Rules and rule agents as people write them: TOML files, read with errors that name the line and the field."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from governance.domain.rulebook import RuleRefused, checked
from governance.screening import described, request_of
from rules.sandbox import Problem, Sandbox
from streams.changes import ActivateRule, GrantSeat
from streams.events import RuleActivated

RULE_KEYS = ("name", "title", "effect", "clip_to", "exempt_risk_reducing", "shadow", "clauses", "examples")
AGENT_KEYS = ("agent", "owner", "signals")
CEL_PLACE = re.compile(r"^(?P<field>[^:]+)(?:: (?P<name>.*?))?(?:: (?P<key>when|score))?$")

Made = TypeVar("Made", ActivateRule, GrantSeat)


class Wrong(ValueError):
    """A file that is no rule or rule agent; the text is `FILE:LINE: FIELD: what is wrong`, one line for each."""


class RuleFile:
    """The text of a file with what it says, so that an error can point at its line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Wrong(f"{path}: it cannot be read: {error}") from error
        try:
            self.said: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise Wrong(f"{path}: {error}") from error

    def rule(self) -> ActivateRule:
        """Raises `Wrong` for what is no rule, before anything of it is compiled."""
        self._only(RULE_KEYS)
        return self._made({**self.said, "kind": "ActivateRule", "rule": self._named("name")}, "name", ActivateRule)

    def agent(self) -> GrantSeat:
        self._only(AGENT_KEYS)
        self._named("agent")
        if not self.said.get("signals"):
            raise Wrong(f"{self.path}: signals: a rule agent has at least one [[signals]] with name, when and score")
        return self._made({**self.said, "kind": "GrantSeat", "role": "rule"}, "", GrantSeat)

    def check(self, change: ActivateRule | GrantSeat) -> None:
        """Tries every text in the sandbox, then a rule's examples. Raises `Wrong`."""
        request = request_of(change)
        assert request is not None
        with Sandbox() as sandbox:
            problems = sandbox.check(request)
        if problems:
            raise Wrong("\n".join(f"{self.path}:{self._line(problem)}: {described(problem)}" for problem in problems))
        if isinstance(change, ActivateRule):
            try:
                checked(as_activated(change))
            except RuleRefused as error:
                raise Wrong(f"{self.path}: {error}") from error

    def _only(self, keys: tuple[str, ...]) -> None:
        for key in self.said:
            if key not in keys:
                line = self._line_of(rf"^\s*\[*{re.escape(key)}\b")
                raise Wrong(f"{self.path}:{line}: {key}: not known here; there are {', '.join(keys)}")

    def _named(self, key: str) -> Any:
        if key not in self.said:
            raise Wrong(f"{self.path}: {key}: it is missing")
        return self.said[key]

    def _made(self, said: dict[str, Any], without: str, kind: type[Made]) -> Made:
        said.pop(without, None)
        try:
            return msgspec.convert(said, kind, strict=True)
        except msgspec.ValidationError as error:
            problem, _, place = str(error).partition(" - at `$.")
            field = re.split(r"[\[.`]", place or problem.partition("`")[2])[0]
            line = self._line_of(rf"^\s*\[*{re.escape(field)}\b") if field else 1
            raise Wrong(f"{self.path}:{line}: {place.rstrip('`') or field}: {problem}") from error

    def _line(self, problem: Problem) -> int:
        """Where the text stands in the file: the line of its key, and so far below as the problem is in the text."""
        match = CEL_PLACE.match(problem.field)
        if match is None or match["name"] is None:
            start = self._line_of(rf"^\s*{re.escape(problem.field)}\s*=")
        else:
            name = self._line_of(rf"^\s*name\s*=\s*[\"']{re.escape(match['name'])}[\"']")
            start = self._line_of(rf"^\s*{match['key'] or 'cel'}\s*=", name)
        opened = self.text.splitlines()[start - 1].rstrip()
        below = opened.endswith(('"""', "'''"))  # TOML leaves out a line break right after these
        return start + below + max(0, problem.line - 1)

    def _line_of(self, pattern: str, after: int = 1) -> int:
        lines = self.text.splitlines()
        for number in range(after, len(lines) + 1):
            if re.search(pattern, lines[number - 1]):
                return number
        return after


def as_activated(change: ActivateRule) -> RuleActivated:
    """The rule as its first version would be, to be checked."""
    said = {name: getattr(change, name) for name in change.__struct_fields__}
    return RuleActivated(**said, version=1, who="", why="")
