#!/usr/bin/env python
"""Django's command line."""

import os
import sys
from pathlib import Path


def _take_data_dir(arguments: list[str]) -> None:
    """`--data-dir` must be known before the settings are read, because they look for the stack there."""
    for index, argument in enumerate(arguments):
        if argument.startswith("--data-dir="):
            os.environ["GOVSITE_DATA_DIR"] = str(Path(argument.partition("=")[2]).resolve())
        elif argument == "--data-dir" and index + 1 < len(arguments):
            os.environ["GOVSITE_DATA_DIR"] = str(Path(arguments[index + 1]).resolve())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "govsite.settings")
    _take_data_dir(sys.argv)
    import django
    from django.core.management import execute_from_command_line

    from govsite.starting import is_process, stop_unless_ready

    try:
        if is_process(sys.argv):
            django.setup()
            stop_unless_ready(sys.argv[1])
        execute_from_command_line(sys.argv)
    except PermissionError as error:
        sys.exit(f"{error}: run as the user whose stack it is, or choose another --data-dir.")
