"""Governance in the admin, to be read: books, council, rules and changes, rounds, decisions, holds, alarms."""

from governance.admin import books, changes, council, rounds

__all__ = ["books", "changes", "council", "rounds"]
