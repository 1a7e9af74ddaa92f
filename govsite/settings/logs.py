"""How processes log: lines for people, or with GOVSITE_LOG_FORMAT=json one JSON object a line for collectors."""

from __future__ import annotations

from typing import Any

import structlog

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,  # request and user of a web request
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),  # correlation and decision, where the caller names them
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
FORMATTERS: dict[str, dict[str, Any]] = {
    "line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    "json": {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    },
}


def configured(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING; `form` is line or json."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": FORMATTERS,
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "picows": {"level": "WARNING"},  # the feeds say themselves what they are connected to
            "axes": {"level": "WARNING"},  # who logged in, and who could not, the log govsite.security says
        },
    }
