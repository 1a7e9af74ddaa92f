"""Why the server closes a live socket: the codes of its close frames; the words are in their reason."""

BAD_REQUEST = 4400
LOGGED_OUT = 4401
FORBIDDEN = 4403
IDLE = 4408
TOO_LARGE = 1009
TOO_MANY = 4429
TOO_SLOW = 4008
UNAVAILABLE = 4503

LONGEST_REASON = 123
"""Bytes that a close frame can hold."""
