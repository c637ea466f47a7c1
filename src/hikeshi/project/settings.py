"""Django's settings, made from the environment (docs/operator/settings.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url

from hikeshi.project.environment import read_environment

ENVIRONMENT = read_environment()
SOURCE = Path(__file__).resolve().parents[1]

BASE_URL = ENVIRONMENT.base_url
SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
DATA_DIR = ENVIRONMENT.data_dir
KEY_FILE = ENVIRONMENT.key_file
METRICS_TOKEN = ENVIRONMENT.metrics_token
SMTP_URL = ENVIRONMENT.smtp_url
SMTP_CA = ENVIRONMENT.smtp_ca
# Where a company names no sender of its own.
MAIL_FROM = ENVIRONMENT.mail_from
MAIL_DOMAIN = ENVIRONMENT.mail_domain

INSTALLED_APPS = [
    "hikeshi.project",
    "hikeshi.disclosure",
    "hikeshi.triage",
    "hikeshi.matching",
    "hikeshi.intelligence",
    "hikeshi.inventory",
    "hikeshi.stakeholders",
    "hikeshi.records",
    "hikeshi.ledger",
    "hikeshi.organisation",
    "hikeshi.ui",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "django_filters",
    "django_tasks",
    "django_tasks_db",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    # First: the time it notes is that of everything.
    "hikeshi.project.traffic.CountMiddleware",
    "hikeshi.project.problems.ProblemMiddleware",
    # Above sessions, and above the check of the token, which reads the whole form.
    "hikeshi.project.door.DoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "hikeshi.ui.security.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hikeshi.organisation.middleware.ViewerMiddleware",
    "hikeshi.ui.language.AskedLanguageMiddleware",
    "hikeshi.ui.errors.ErrorMiddleware",
    "hikeshi.records.saved_views.StartMiddleware",
    # Last: it runs the view itself, inside the transaction that also stores the form's key.
    "hikeshi.ui.once.OnceMiddleware",
]

ROOT_URLCONF = "hikeshi.project.urls"
WSGI_APPLICATION = "hikeshi.project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "hikeshi.ui.context.shell",
            ],
            "builtins": [
                "hikeshi.ui.templatetags.ui",
                "hikeshi.ui.templatetags.times",
                "hikeshi.ui.templatetags.marks",
                "hikeshi.ui.templatetags.parts",
                "hikeshi.ui.templatetags.lists",
                "django.templatetags.i18n",
                "template_partials.templatetags.partials",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    """Configure the one database; SQLite gets the settings that make it safe under threads."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(ENVIRONMENT.database_url))
    if parsed["ENGINE"].endswith("sqlite3"):
        parsed["OPTIONS"] = {
            # IMMEDIATE: a transaction that will write asks for the lock at its start and waits,
            # where a deferred one would fail half-way with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456;"
            ),
        }
    else:
        parsed["CONN_MAX_AGE"] = 60
        parsed["CONN_HEALTH_CHECKS"] = True
    return parsed


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits live here and must be seen by every process, so memory of one process will not do.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "hikeshi_cache",
    },
    # How often the API was called: a write to the database for each call would cost more than the
    # call, and a limit that each process counts for itself is limit enough.
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

AUTH_USER_MODEL = "organisation.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    # Length is what makes a password hard to guess; rules on letters and digits are not.
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 14 * 24 * 3600

# Login, by django-allauth (organisation/login.py, organisation/mfa.py).
ACCOUNT_ADAPTER = "hikeshi.organisation.login.AccountAdapter"
ACCOUNT_FORMS = {"login": "hikeshi.organisation.forms.login.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# An invitation goes to the address, so whoever uses its link has shown that the address is theirs.
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Someone who asks for a new password with an unknown address learns nothing and sends no mail.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = BASE_URL.partition(":")[0]
MFA_ADAPTER = "hikeshi.organisation.mfa.MFAAdapter"
MFA_FORMS = {"add_webauthn": "hikeshi.organisation.forms.me.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Hikeshi"
# Phones are seldom more than half a minute wrong, but many are a few seconds.
MFA_TOTP_TOLERANCE = 1
# Browsers allow passkeys without TLS on localhost alone, which is where a first trial runs.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BASE_URL.startswith("https://")
# Noting each request would make every read a write; ViewerMiddleware notes one in five minutes.
USERSESSIONS_TRACK_ACTIVITY = False

LANGUAGE_CODE = "en"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
# Sentences of core and formats are marked there and said here; neither is a Django app.
LOCALE_PATHS = [SOURCE / "core" / "locale", SOURCE / "formats" / "locale"]

STATIC_URL = "static/"
# Served from the packages themselves at start: nothing has to be collected first.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
# Fonts carry their version in the name (ui/fonts.py), so that browsers may keep them for ever.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/ui/fonts/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "hikeshi.ui.fonts.FontFinder",
]
CSRF_FAILURE_VIEW = "hikeshi.ui.views.csrf_failure"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = BASE_URL.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# What one request may bring; each reader has limits of its own beneath these.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING_CONFIG = "hikeshi.project.logging.configure"
LOGGING = {
    "level": ENVIRONMENT.log_level,
    "format": ENVIRONMENT.log_format,
    "debug": DEBUG,
}
