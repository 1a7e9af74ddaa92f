"""Settings of the Django project: everything that differs between places comes from the environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import dj_database_url

from govsite.accounts import signing
from govsite.ops.theme import UNFOLD as UNFOLD
from govsite.settings import environment, logs, security

environment.take_files()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("GOVSITE_DATA_DIR", BASE_DIR / "var")).resolve()
signing.take(DATA_DIR)


def _stack_environment() -> dict[str, str]:
    """What the running embedded stack wrote down in `stack.env`, if there is one: its servers, what its site asks."""
    path = DATA_DIR / "stack.env"
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def _own_secret_key() -> str:
    """Made once and kept in the data directory."""
    path = DATA_DIR / "secret.key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


PRODUCTION = environment.production()
_stack = _stack_environment()
POSTGRES, REDIS = ("postgresql", "postgres"), ("redis", "rediss", "unix")
DATABASE_URL = environment.server("DATABASE_URL", POSTGRES, _stack.get("DATABASE_URL", ""), PRODUCTION)
REDIS_URL = environment.server("REDIS_URL", REDIS, _stack.get("REDIS_URL", ""), PRODUCTION)

PAGES = os.environ.get("GOVSITE_PAGES") != "none"
# Who shows no pages signs nothing for browsers, so that it need not know how.
SECRET_KEY = (environment.secret_key(PRODUCTION) or _own_secret_key()) if PAGES else secrets.token_urlsafe(50)
DEBUG = environment.flag("GOVSITE_DEBUG")
ALLOWED_HOSTS = environment.hosts(PRODUCTION)
CSRF_TRUSTED_ORIGINS = environment.origins(PRODUCTION)
PROXIES = environment.proxies(PRODUCTION)

# Who may act proves it with a code besides the password; off is for a stack on the loopback of one's own machine.
_its_own = _stack.get("DATABASE_URL") == DATABASE_URL  # another database is another site
SECOND_FACTOR = environment.second_factor(PRODUCTION, _stack.get("GOVSITE_SECOND_FACTOR", "on") if _its_own else "on")
OTP_TOTP_ISSUER = "Governed market"
SESSION_COOKIE_AGE = environment.number("GOVSITE_SESSION_S", 12 * 3600, least=60)
SESSION_IDLE_S = environment.number("GOVSITE_SESSION_IDLE_S", 2 * 3600, least=60)
CONTENT_SECURITY_POLICY = security.POLICY
DATA_UPLOAD_MAX_MEMORY_SIZE = security.ONE_MIB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
AXES_FAILURE_LIMIT = security.WRONG_PASSWORDS
AXES_COOLOFF_TIME = security.SHUT_OUT_FOR
globals().update(security.THROTTLING)
if PRODUCTION:
    globals().update(security.over_a_network(PROXIES, environment.number("GOVSITE_HSTS_S", security.A_YEAR_S)))

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
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_prometheus",
    "ledger",
    "market",
    "governance",
    "execution",
    "feeds",
    "agents",
    "govsite",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "govsite.api.problems.EveryErrorIsAProblem",  # first, so that it sees what the others answer
    "django.middleware.security.SecurityMiddleware",
    "govsite.access.headers.BrowserPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "govsite.access.sessions.SessionLimits",
    "django_otp.middleware.OTPMiddleware",
    "govsite.access.second_factor.AskedBeforeActing",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
PROMETHEUS_EXPORT_MIGRATIONS = False
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
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
                "govsite.access.second_factor.state",
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

# Of one web process: live sockets at once, and those of one person.
LIVE_SOCKETS = environment.number("GOVSITE_LIVE_SOCKETS", 1000)
LIVE_SOCKETS_PER_PERSON = environment.number("GOVSITE_LIVE_SOCKETS_PER_PERSON", 20)

# Into how many partitions a new ledger is divided; one that is written keeps its number.
PARTITIONS = environment.number("GOVSITE_PARTITIONS", 1)

# Where books with the term real_venue trade; "" is nowhere.
VENUE = os.environ.get("GOVSITE_VENUE", "")

# Where alarms are posted to, and with what they are signed; "" is nowhere.
ALARM_WEBHOOK = os.environ.get("GOVSITE_ALARM_WEBHOOK", "")
ALARM_WEBHOOK_SECRET = os.environ.get("GOVSITE_ALARM_WEBHOOK_SECRET", "")

# Of market time: marks, bars of 1 s, bars of 1 min.
MARKS_KEPT_S = environment.number("GOVSITE_MARKS_KEPT_S", 86400)
BARS_1S_KEPT_S = environment.number("GOVSITE_BARS_1S_KEPT_S", 172800)
BARS_1M_KEPT_S = environment.number("GOVSITE_BARS_1M_KEPT_S", 34560000)

# Who logged in and failed to, and commands that were answered.
VISITS_KEPT_DAYS = environment.number("GOVSITE_VISITS_KEPT_DAYS", 90)

# The ledger outside the database: copies, checkpoints and snapshots.
ARCHIVE_DIR = DATA_DIR / "archive"
PARQUET_DIR = DATA_DIR / "parquet"
PARQUET_AFTER_DAYS = environment.number("GOVSITE_PARQUET_AFTER_DAYS", 7)
CHECKPOINT_EVERY = environment.number("GOVSITE_CHECKPOINT_EVERY", 1000)
SNAPSHOT_EVERY = environment.number("GOVSITE_SNAPSHOT_EVERY", 10000)

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
DASHBOARD_DIR = Path(os.environ.get("GOVSITE_DASHBOARD_DIR", BASE_DIR / "frontend" / "out")).resolve()
WHITENOISE_USE_FINDERS = True
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/"

LOG_FORMAT = environment.one_of("GOVSITE_LOG_FORMAT", ("line", "json"), "line")
LOGGING = logs.configured(LOG_FORMAT, os.environ.get("GOVSITE_LOG", "INFO"))
if LOG_FORMAT == "json":
    MIDDLEWARE.insert(
        MIDDLEWARE.index("axes.middleware.AxesMiddleware"), "django_structlog.middlewares.RequestMiddleware"
    )

# Who may read /metrics from another machine; "" is nobody.
METRICS_TOKEN = environment.text("GOVSITE_METRICS_TOKEN")

if not PAGES:  # a process without pages: half the memory, half the time to start
    _pages = ("daphne", "unfold", "channels", "django.contrib.admin", "django.contrib.messages", "django.contrib.stat")
    INSTALLED_APPS = [
        app for app in INSTALLED_APPS if not app.startswith((*_pages, "axes", "django_otp", "django_prometheus"))
    ]
    AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    MIDDLEWARE, TEMPLATES = [], []
    ROOT_URLCONF = ""
