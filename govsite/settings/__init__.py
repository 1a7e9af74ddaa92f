"""Settings of the Django project: everything that differs between places comes from the environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from govsite.ops.theme import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("GOVSITE_DATA_DIR", BASE_DIR / "var")).resolve()


def _stack_environment() -> dict[str, str]:
    """What the running embedded stack wrote down (`stack.env`: DATABASE_URL, REDIS_URL), if there is one."""
    path = DATA_DIR / "stack.env"
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def _secret_key() -> str:
    """From the environment, else made once and kept in the data directory."""
    if key := os.environ.get("GOVSITE_SECRET_KEY"):
        return key
    path = DATA_DIR / "secret.key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


_stack = _stack_environment()
DATABASE_URL = os.environ.get("DATABASE_URL") or _stack.get("DATABASE_URL", "")
REDIS_URL = os.environ.get("REDIS_URL") or _stack.get("REDIS_URL", "")
if DATABASE_URL and not DATABASE_URL.startswith(("postgres://", "postgresql://")):
    raise ImproperlyConfigured("DATABASE_URL must be a postgresql:// URL: the ledger lives in PostgreSQL.")

SECRET_KEY = _secret_key()
DEBUG = os.environ.get("GOVSITE_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("GOVSITE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("GOVSITE_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "daphne",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "ledger",
    "market",
    "governance",
    "execution",
    "feeds",
    "agents",
    "govsite",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "govsite.urls"
ASGI_APPLICATION = "govsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# An address that nobody answers at makes a command without a stack say so instead of failing to import.
DATABASES = {"default": dj_database_url.parse(DATABASE_URL or "postgresql://127.0.0.1:1/no-stack-is-running")}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL or "redis://127.0.0.1:1"]},
    }
}

# Where books with the term real_venue trade; "" is nowhere.
VENUE = os.environ.get("GOVSITE_VENUE", "")

# Of market time: marks, bars of 1 s, bars of 1 min.
MARKS_KEPT_S = int(os.environ.get("GOVSITE_MARKS_KEPT_S", "86400"))
BARS_1S_KEPT_S = int(os.environ.get("GOVSITE_BARS_1S_KEPT_S", "172800"))
BARS_1M_KEPT_S = int(os.environ.get("GOVSITE_BARS_1M_KEPT_S", "34560000"))

# The ledger outside the database: copies, checkpoints and snapshots.
ARCHIVE_DIR = DATA_DIR / "archive"
PARQUET_DIR = DATA_DIR / "parquet"
PARQUET_AFTER_DAYS = int(os.environ.get("GOVSITE_PARQUET_AFTER_DAYS", "7"))
CHECKPOINT_EVERY = int(os.environ.get("GOVSITE_CHECKPOINT_EVERY", "1000"))
SNAPSHOT_EVERY = int(os.environ.get("GOVSITE_SNAPSHOT_EVERY", "10000"))

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "govsite.formats"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("GOVSITE_LOG", "INFO")},
    "loggers": {"picows": {"level": "WARNING"}},  # the feeds say themselves what they are connected to
}

if os.environ.get("GOVSITE_PAGES") == "none":  # a process without pages: half the memory, half the time to start
    _pages = ("daphne", "unfold", "channels", "django.contrib.admin", "django.contrib.messages", "django.contrib.stat")
    INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith(_pages)]
    ROOT_URLCONF = ""
