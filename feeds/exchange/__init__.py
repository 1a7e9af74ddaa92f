"""A local exchange for tests and demonstrations: real sockets, real protocols, and every fault on request."""

from feeds.exchange.exchange import LocalExchange
from feeds.exchange.settings import Settings
from feeds.exchange.tape import Tape

__all__ = ["LocalExchange", "Settings", "Tape"]
