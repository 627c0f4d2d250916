"""
The one settings file. Environments differ by variables only; defaults are safe.

Every variable stands in README.md, "Settings". In production (`DEBUG` off) a missing
secret stops the start with a sentence that says what to set.
"""

import base64
import binascii
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from leadrails.core.crypto import Keyring
from leadrails.core.redact import register_secrets
from leadrails.version import VERSION

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()  # type: ignore[no-untyped-call]


def required(name: str, sentence: str, *, in_debug: str) -> str:
    """Return a variable, or stop the start with what to set."""
    value = env.str(name, default="") or (in_debug if DEBUG else "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {sentence}")
    return str(value)


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = required(
    "SECRET_KEY",
    "Set it to 50 or more random characters; it signs sessions.",
    in_debug="debug-only-secret-key-" + "x" * 40,
)
if not DEBUG and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        f"SECRET_KEY has only {len(SECRET_KEY)} characters. Set it to 50 or more "
        "random characters; it signs sessions."
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
LEADRAILS_VERSION = VERSION

# What LeadRails itself needs -------------------------------------------------

LEADRAILS_PUBLIC_URL = env.str("LEADRAILS_PUBLIC_URL", default="").rstrip("/")
LEADRAILS_SIMULATOR_URL = env.str("LEADRAILS_SIMULATOR_URL", default="").rstrip("/")
# Where a browser finds its page of handsets; behind a proxy not where we find it.
LEADRAILS_SIMULATOR_PUBLIC_URL = env.str(
    "LEADRAILS_SIMULATOR_PUBLIC_URL", default=""
).rstrip("/")
LEADRAILS_SIMULATOR_SECRET = env.str("LEADRAILS_SIMULATOR_SECRET", default="")
LEADRAILS_TWILIO_URL = env.str(
    "LEADRAILS_TWILIO_URL", default="https://api.twilio.com"
).rstrip("/")
LEADRAILS_TELNYX_URL = env.str(
    "LEADRAILS_TELNYX_URL", default="https://api.telnyx.com"
).rstrip("/")
# Files that people send: fetched and kept here, or left as the provider's link.
LEADRAILS_FETCH_MEDIA = env.bool("LEADRAILS_FETCH_MEDIA", default=True)
# Hosts, or HOST:PORT, of the operator's own network that webhooks may call.
LEADRAILS_WEBHOOK_HOSTS = env.list("LEADRAILS_WEBHOOK_HOSTS", default=[])
LEADRAILS_PARTITIONS_AHEAD = env.int("LEADRAILS_PARTITIONS_AHEAD", default=3)
# Whole months besides the present one; 0 keeps everything.
LEADRAILS_KEEP_MONTHS = env.int("LEADRAILS_KEEP_MONTHS", default=13)
LEADRAILS_KEEP_CALLBACK_MONTHS = env.int("LEADRAILS_KEEP_CALLBACK_MONTHS", default=3)
if LEADRAILS_KEEP_MONTHS in (1, 2):
    raise ImproperlyConfigured(
        "LEADRAILS_KEEP_MONTHS must be 3 or more, or 0 to keep everything: providers "
        "are asked about messages, and people replay them, for some weeks."
    )
if min(LEADRAILS_KEEP_MONTHS, LEADRAILS_KEEP_CALLBACK_MONTHS) < 0:
    raise ImproperlyConfigured(
        "LEADRAILS_KEEP_MONTHS and LEADRAILS_KEEP_CALLBACK_MONTHS cannot be negative."
    )
_keys = required(
    "LEADRAILS_ENCRYPTION_KEYS",
    "Set it to 1:KEY where KEY is the output of `openssl rand -base64 32`, and keep a "
    "copy apart from the database: without it no stored credential can be read.",
    in_debug="1:" + base64.b64encode(b"debug-only-key-of-32-bytes-long!").decode(),
)
try:
    LEADRAILS_KEYRING = Keyring.parse(_keys)
except (ValueError, binascii.Error) as error:
    raise ImproperlyConfigured(f"LEADRAILS_ENCRYPTION_KEYS: {error}.") from None
register_secrets(
    SECRET_KEY,
    LEADRAILS_SIMULATOR_SECRET,
    *(part.partition(":")[2].strip() for part in _keys.split(",")),
)
del _keys

# Django ----------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",  # allauth.mfa builds on it; nothing of ours uses it
    "allauth.mfa",
    "leadrails.apps.LeadRailsConfig",
    "leadrails.ui",
    "leadrails.mail",
    "leadrails.mailbox",
    "leadrails.tenants",
    "leadrails.contacts",
    "leadrails.alerts",
    "destinations",
    "leadrails.jobs",
    "leadrails.routing",
    "leadrails.leads",
    "leadrails.rules",
    "webhooks",
]

MIDDLEWARE = [
    "leadrails.tenants.middleware.RequestIdMiddleware",
    "leadrails.tenants.middleware.WireMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "leadrails.tenants.middleware.ViewerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "leadrails.ui.middleware.WayBackMiddleware",
]

ROOT_URLCONF = "leadrails.urls"
WSGI_APPLICATION = "leadrails.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.debug",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "leadrails.tenants.context.navigation",
                "destinations.context.handsets",
                "leadrails.mailbox.pages.mailbox_link",
            ],
            "libraries": {},
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["leadrails.ui.loader.Loader"],
                )
            ]
            if not DEBUG
            else ["leadrails.ui.loader.Loader"],
        },
    }
]

DATABASES = {
    "default": env.db_url(
        "DATABASE_URL", default="postgres://leadrails@127.0.0.1/leadrails"
    )
}
if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database.")
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Only the statements of leadrails/statements.py are prepared, and planned once: often
# while the queue is empty, when reading it from end to end looks cheapest, and then
# kept into a flood. Whoever is frozen in a transaction loses it, and its locks, after
# as long as a lease.
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options["prepare_threshold"] = 5
_options["options"] = (
    "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off "
    "-c idle_in_transaction_session_timeout=15s "
    + _options.get("options", "")  # the operator's own come last, and win
).strip()
del _options
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
# Sessions and caches must survive a flushed Redis: it carries wake-ups only.
SESSION_ENGINE = "leadrails.tenants.session_store"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "tenants.User"
LOGIN_URL = "tenants:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "tenants:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # checked, though nobody can sign up
MFA_ADAPTER = "leadrails.tenants.mfa_adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey is two factors in one
MFA_TOTP_TOLERANCE = 1  # clocks of phones are up to half a minute off

LANGUAGE_CODE = "en"
# A folder `locale` beside this package may hold translations, compiled (*.mo).
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = [
    ("en", "English"),
    *sorted(
        (file.parts[-3].replace("_", "-").lower(), file.parts[-3])
        for file in LOCALE_PATHS[0].glob("*/LC_MESSAGES/django.mo")
    ),
]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

APPEND_SLASH = False  # a redirected callback loses its form
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Mail ------------------------------------------------------------------------

env.EMAIL_SCHEMES["mailbox"] = "leadrails.mailbox.backend.MailboxBackend"
EMAIL_URL = env.str("EMAIL_URL", default="")
# Of a demo: mail goes nowhere, and owners read it on a page.
LEADRAILS_KEEPS_MAIL = urlsplit(EMAIL_URL).scheme == "mailbox"
LEADRAILS_HAS_MAIL = bool(EMAIL_URL)
if LEADRAILS_HAS_MAIL:
    try:
        _mail = env.email_url_config(EMAIL_URL)  # type: ignore[no-untyped-call]
    except (KeyError, ValueError, ImproperlyConfigured):
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp+tls://user:password@mail.example.com:587, "
            "with %40 for an @ in the user's name."
        ) from None
    globals().update(_mail)
    # Port 25 is between mail servers; those who log in use 587 (RFC 6409).
    if _mail.get("EMAIL_USE_TLS"):
        EMAIL_PORT = _mail["EMAIL_PORT"] or 587
    register_secrets(EMAIL_URL, _mail["EMAIL_HOST_PASSWORD"] or "")
    del _mail
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = 20  # seconds, for each step of a conversation
_host = urlsplit(LEADRAILS_PUBLIC_URL).hostname or "localhost"
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"LeadRails <leadrails@{_host}>"
)

# Browsers --------------------------------------------------------------------

_is_https = urlsplit(LEADRAILS_PUBLIC_URL).scheme == "https"
LEADRAILS_TRUSTED_PROXY = env.bool("LEADRAILS_TRUSTED_PROXY", default=False)
if LEADRAILS_TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
# Only where a provider names its networks, and only if no proxy hides who calls.
LEADRAILS_CHECK_CALLBACK_NETWORKS = env.bool(
    "LEADRAILS_CHECK_CALLBACK_NETWORKS", default=False
)
CSRF_TRUSTED_ORIGINS = [LEADRAILS_PUBLIC_URL] if _is_https else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=_is_https)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^webhooks/"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=3600 if _is_https else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool(
    "SECURE_HSTS_SUBDOMAINS", default=False
)
SESSION_COOKIE_NAME = env.str("SESSION_COOKIE_NAME", default="leadrails_session")
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{SESSION_COOKIE_NAME}_csrf"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# One of these two is the operator's choice about all subdomains of the host.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Workers ---------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_DB_REUSE_MAX = 10**12  # else Celery closes the connection around every task
LEADRAILS_DRAIN_IN_FLIGHT = env.int("LEADRAILS_DRAIN_IN_FLIGHT", default=1000)
LEADRAILS_LEASE_SECONDS = 15

# Logs ------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "leadrails.core.redact.RedactingFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(name)s %(message)s"}
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},  # each due task, several a second
        "celery.worker.strategy": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
