"""How old the newest data of each stream is, and when that is too old: no network, no clock."""

from __future__ import annotations

from collections.abc import Iterable


class Watch:
    """Streams that stay quiet for `quiet_s` are to be subscribed anew, and if that does not help the connection is to
    be replaced. Each time the patience with that stream doubles, up to `longest_s`, so that an instrument in which
    nothing happens costs little; with the stream flowing again it is back at the beginning. Times are seconds."""

    def __init__(self, names: Iterable[str], quiet_s: float, longest_s: float) -> None:
        self._quiet_s = quiet_s
        self._longest_s = longest_s
        self._patience = dict.fromkeys(names, quiet_s)
        self._heard = dict.fromkeys(self._patience, 0.0)
        self._since = dict(self._heard)
        self._asked: set[str] = set()

    def begin(self, now: float) -> None:
        """A new connection: every stream has time to begin."""
        self._since = dict.fromkeys(self._heard, now)
        self._asked.clear()

    def heard(self, name: str, now: float) -> None:
        if now - self._heard[name] < self._quiet_s and name in self._patience:
            self._patience[name] = self._quiet_s
        self._heard[name] = self._since[name] = now
        self._asked.discard(name)

    def leave(self, name: str) -> None:
        """A stream that the venue does not give is not waited for."""
        self._patience.pop(name, None)

    def join(self, names: Iterable[str], now: float) -> None:
        """The venue gives these; those that were left have time to begin."""
        for name in names:
            if name not in self._patience:
                self._patience[name] = self._quiet_s
                self._since[name] = now

    def quiet(self, now: float) -> tuple[list[str], list[str]]:
        """Streams to be subscribed anew, and those for which that did not help; each is named once, and then again
        when the patience with it is over once more."""
        over = [name for name, patience in self._patience.items() if now - self._since[name] > patience]
        for name in over:
            self._patience[name] = min(2 * self._patience[name], self._longest_s)
            self._since[name] = now
        again = [name for name in over if name in self._asked]
        self._asked.update(over)
        return [name for name in over if name not in again], again
