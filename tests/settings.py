"""Settings for tests: the real ones, with secrets and servers for this run."""

import os
from urllib.parse import urlsplit

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-" + "x" * 40)
os.environ.setdefault(
    "LEADRAILS_ENCRYPTION_KEYS", "1:dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtbG9uZyE="
)
os.environ.setdefault("LEADRAILS_SIMULATOR_SECRET", "a-simulator-secret-for-tests")
os.environ.setdefault("LEADRAILS_PUBLIC_URL", "http://127.0.0.1:8000")
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # Tests that run side by side have a Redis database each, as they have one in
    # PostgreSQL. Redis has 16; the first is for whoever runs alone.
    parts = urlsplit(os.environ["REDIS_URL"])
    number = 1 + int(worker.removeprefix("gw"))
    os.environ["REDIS_URL"] = parts._replace(path=f"/{number}").geturl()

from leadrails.settings import *  # noqa: F403

# pytest-django keeps what is sent in memory.
LEADRAILS_HAS_MAIL = True
# Hashing a password on purpose costs 60 ms; thousands of tests make users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# WhiteNoise warns of a folder that only collectstatic makes.
STATIC_ROOT = None
# Else each client of a test looks through all static files first.
WHITENOISE_AUTOREFRESH = True
