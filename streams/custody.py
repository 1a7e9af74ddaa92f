"""A stream that several accounts add to, kept usable by the one who reads it.

Whoever may add may also give an entry an id of the far future, after which Redis takes none of its own, or cut what
nobody has read (`MAXLEN 0`). Ids are then given anew; what was cut is gone, and counted."""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct

from streams.client import FIELD, SIGNATURE, Streams

AHEAD_MS = 60_000
"""How far ids may be ahead of Redis's clock (or of what was read, where that clock was set back)."""
MOST_UNREAD = 100
"""With more than so many unread nothing is counted: an entry that is trimmed then is a backlog's."""

# In one step, so that nothing is added between. KEYS: the stream. ARGV: the id after which entries are kept, the id of
# the last one read, AHEAD_MS, MOST_UNREAD, and the two fields that are kept.
_LOOK = """
local function ms(id) return tonumber(string.match(id, '^%d+')) end
local stream, kept_after, read_up_to = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', stream) == 0 then return {0, 0, 0} end
local info, facts = redis.call('XINFO', 'STREAM', stream), {}
for i = 1, #info, 2 do facts[info[i]] = info[i + 1] end
local limit = math.max(redis.call('TIME')[1] * 1000, ms(kept_after), ms(read_up_to)) + ARGV[3]
if ms(facts['last-generated-id']) <= limit then
    local unread = redis.call('XRANGE', stream, '(' .. read_up_to, '+', 'COUNT', ARGV[4] + 1)
    return {0, facts['entries-added'], #unread}
end
local entries, moved = redis.call('XRANGE', stream, '(' .. kept_after, '+'), 0
redis.call('DEL', stream)
redis.call('XGROUP', 'CREATE', stream, 'ids', '$', 'MKSTREAM')
redis.call('XGROUP', 'DESTROY', stream, 'ids')
redis.call('XSETID', stream, kept_after)
for _, entry in ipairs(entries) do
    local id, fields = entry[1], {}
    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
    if ms(id) > limit then id, moved = '*', moved + 1 end
    redis.call('XADD', stream, id, ARGV[5], fields[ARGV[5]] or '', ARGV[6], fields[ARGV[6]] or '')
end
return {math.max(moved, 1), 0, 0}
"""


class Look(Struct, frozen=True):
    """`given_anew`: how many ids were; `cut`: how many entries were gone before anybody had read them."""

    given_anew: int = 0
    cut: int = 0


class Custody:
    """Needs in Redis what the governor's account may. One reader has it."""

    def __init__(self, streams: Streams, stream: str) -> None:
        self.stream = stream
        self._streams = streams
        self._expected: int | None = None

    def taken(self) -> None:
        """One entry more is read."""
        if self._expected is not None:
            self._expected += 1

    def look(self, kept_after: str, read_up_to: str) -> Look:
        """Entries after `kept_after` stay, in their order, whatever their ids become; unread are those after
        `read_up_to`."""
        arguments = (kept_after, read_up_to, AHEAD_MS, MOST_UNREAD, FIELD, SIGNATURE)
        answer = self._streams.redis.eval(_LOOK, 1, self.stream, *cast("Any", arguments))
        given_anew, added, unread = cast("list[int]", answer)
        if given_anew or unread > MOST_UNREAD:
            self._expected = None
            return Look(given_anew=given_anew)
        gone_or_read = added - unread
        cut = 0 if self._expected is None else max(0, gone_or_read - self._expected)
        self._expected = gone_or_read
        return Look(cut=cut)
