"""Settings, from the environment. docs/operations.md lists every variable."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRON = os.environ


def is_on(name: str, default: str = "") -> bool:
    return ENVIRON.get(name, default).lower() in {"1", "true", "yes", "on"}


SECRET_KEY = ENVIRON.get("COJUDGE_SECRET_KEY", "")  # judge.embedded makes one where the database is embedded
DEBUG = is_on("COJUDGE_DEBUG")
ALLOWED_HOSTS = ENVIRON.get("COJUDGE_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in ENVIRON.get("COJUDGE_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "judge",
    "annotation",
    "llm_judge",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "axes",
]
MIDDLEWARE = [
    "judge.log_lines.RequestIdMiddleware",
    "judge.page_headers.HeadersMiddleware",
    "judge.body_limit.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "judge.assets.AssetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "judge.http.PersonLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "judge.http.CojudgeErrorMiddleware",
    "judge.api.middleware.ApiMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "judge.urls"
WSGI_APPLICATION = "judge.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
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


def database(url: str) -> dict[str, Any]:
    """Django's database settings for a PostgreSQL URL or a libpq connection string."""
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
    }
    if is_on("COJUDGE_POOL"):  # the web process: granian's threads share a pool
        settings["OPTIONS"]["pool"] = {"min_size": 2, "max_size": 16, "timeout": 10}
    else:
        settings["CONN_MAX_AGE"] = 60
    if is_on("COJUDGE_PGBOUNCER"):  # transaction pooling: a cursor outside a transaction finds its rows no more
        settings["DISABLE_SERVER_SIDE_CURSORS"] = True
    else:
        # what judge.actions.prepared runs is planned once; nothing else is prepared
        settings["OPTIONS"]["prepare_threshold"] = 0
        settings["OPTIONS"]["options"] = f"{parts.get('options', '')} -c plan_cache_mode=force_generic_plan".strip()
    return settings


DATABASES = {"default": database(ENVIRON.get("DATABASE_URL", "postgresql://cojudge@127.0.0.1/cojudge"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "judge.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "projects"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Who may come in, docs/accounts.md. Accounts are made by invitations; nobody signs up.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "judge.recognition.PasswordBackend"]
SESSION_ENGINE = "judge.recognition"
ACCOUNT_ADAPTER = "judge.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody sees the form: allauth wants to know
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # they count in each process alone; judge.lockout counts in the database
SOCIALACCOUNT_ADAPTER = "judge.sign_in.IdentityAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "judge.sign_in.FactorAdapter"
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True  # linking an identity takes the password again, as factors do
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Cojudge"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an address comes from an invitation or the provider, never from the account itself


def oidc(issuer: str) -> dict[str, Any]:
    """allauth's providers for one OpenID Connect issuer; none for an empty address."""
    app = {
        "provider_id": "sso",
        "name": ENVIRON.get("COJUDGE_OIDC_NAME") or "OpenID Connect",
        "client_id": ENVIRON.get("COJUDGE_OIDC_CLIENT_ID", ""),
        "secret": ENVIRON.get("COJUDGE_OIDC_SECRET", ""),
        "settings": {"server_url": issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}} if issuer else {}


SOCIALACCOUNT_PROVIDERS = oidc(ENVIRON.get("COJUDGE_OIDC_ISSUER", ""))
#: Proxies in front of us that append to X-Forwarded-For: without them the header is a stranger's word.
PROXIES = int(ENVIRON.get("COJUDGE_PROXIES") or (1 if is_on("COJUDGE_HTTPS") else 0))
AXES_HANDLER = "judge.lockout.LockoutHandler"
AXES_LOCKOUT_CALLABLE = "judge.lockout.locked_page"
AXES_CLIENT_IP_CALLABLE = "judge.http.client_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username", "ip_address"]
AXES_FAILURE_LIMIT = int(ENVIRON.get("COJUDGE_LOCK_AFTER", "5"))
AXES_COOLOFF_TIME = timedelta(minutes=int(ENVIRON.get("COJUDGE_LOCK_MINUTES", "15")))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who is locked out is told when it ends, and then it ends
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # judge.sign_in writes an event
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken"]
AXES_VERBOSE = False

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "templates" / "locale"]
TIME_ZONE = ENVIRON.get("COJUDGE_TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = ENVIRON.get("COJUDGE_STATIC_ROOT") or None  # where collectstatic writes, for a web server in front
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # works from a checkout without collectstatic

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
COOKIE_SUFFIX = ENVIRON.get("COJUDGE_COOKIE_SUFFIX", "")  # judge.serving: browsers do not tell two ports apart
SESSION_COOKIE_NAME = f"sessionid_{COOKIE_SUFFIX}" if COOKIE_SUFFIX else "sessionid"
CSRF_COOKIE_NAME = f"csrftoken_{COOKIE_SUFFIX}" if COOKIE_SUFFIX else "csrftoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
if is_on("COJUDGE_HTTPS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked from inside, without TLS
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = is_on("COJUDGE_HSTS_SUBDOMAINS")
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # subdomains are their owner's: COJUDGE_HSTS_SUBDOMAINS

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # larger uploads go to a temporary file
UPLOAD_LIMIT_MB = int(ENVIRON.get("COJUDGE_UPLOAD_LIMIT_MB", "200"))
UPLOAD_ROWS = int(ENVIRON.get("COJUDGE_UPLOAD_ROWS", "1000000"))  # of a file on the page; commands take any number

#: Of one API token; the allowance grows back steadily (judge.actions.allowances).
API_REQUESTS_A_MINUTE = int(ENVIRON.get("COJUDGE_API_REQUESTS_A_MINUTE", "600"))
API_BODY_MB = int(ENVIRON.get("COJUDGE_API_BODY_MB", "200"))

# The embedded judge is the default; JUDGE_URL names an OpenAI-compatible server instead.
JUDGE_URL = ENVIRON.get("JUDGE_URL", "")
JUDGE_MODEL = ENVIRON.get("JUDGE_MODEL", "")


def mailer(url: str) -> dict[str, Any]:
    """Django's mailer for smtp://user:password@host:port, smtps:// where TLS comes first, or smtp+tls:// (STARTTLS)."""
    parts = urlsplit(url)
    options: dict[str, Any] = {
        "host": parts.hostname or "localhost",
        "port": parts.port or {"smtps": 465, "smtp+tls": 587}.get(parts.scheme, 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": parts.scheme == "smtps",
        "use_tls": parts.scheme == "smtp+tls",
        "timeout": 20,
    }
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


MAIL_URL = ENVIRON.get("COJUDGE_MAIL_URL", "")  # empty: alarms are told on the page and in the log alone
MAILERS = {"default": mailer(MAIL_URL)}
DEFAULT_FROM_EMAIL = ENVIRON.get("COJUDGE_MAIL_FROM", "cojudge@localhost")

BROKER_URL = ENVIRON.get("BROKER_URL", "")  # empty: commands work without a queue, `serve` brings an embedded one
CELERY_BROKER_URL = BROKER_URL or None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_ROUTES = {
    "judge.tasks.make_export": {"queue": "export"},
    "llm_judge.tasks.judge_batch": {"queue": "judge"},
    "llm_judge.tasks.probe_judge": {"queue": "judge"},
    "llm_judge.tasks.probe_judges": {"queue": "judge"},
    "llm_judge.tasks.refit_students": {"queue": "judge"},  # a minute of work that no page waits for
}
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "unacked_restore_throttle": 1}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "sweep leases": {"task": "annotation.tasks.sweep_leases", "schedule": 60.0, "options": {"expires": 60}},
    "refresh summaries": {"task": "judge.tasks.refresh_summaries", "schedule": 5.0, "options": {"expires": 5}},
    "send webhooks": {"task": "judge.tasks.send_webhooks", "schedule": 5.0, "options": {"expires": 5}},
    "forget api traces": {"task": "judge.tasks.forget_api_traces", "schedule": 3600.0, "options": {"expires": 3600}},
    "seal log": {"task": "judge.tasks.seal_log", "schedule": 5.0, "options": {"expires": 5}},
    "keep retention": {"task": "judge.tasks.keep_retention", "schedule": 3600.0, "options": {"expires": 3600}},
    "refresh skills": {"task": "judge.tasks.refresh_skills", "schedule": 300.0, "options": {"expires": 300}},
    "refit calibrators": {"task": "judge.tasks.refit_calibrators", "schedule": 300.0, "options": {"expires": 300}},
    "refit students": {"task": "llm_judge.tasks.refit_students", "schedule": 300.0, "options": {"expires": 300}},
    "watch audits": {"task": "judge.tasks.watch_audits", "schedule": 60.0, "options": {"expires": 60}},
    "probe judges": {"task": "llm_judge.tasks.probe_judges", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep exports": {"task": "judge.tasks.sweep_exports", "schedule": 60.0, "options": {"expires": 60}},
    "sweep runs": {"task": "llm_judge.tasks.sweep_runs", "schedule": 10.0, "options": {"expires": 30}},
}

LOG_FORMAT = "json" if ENVIRON.get("COJUDGE_LOG_FORMAT", "") == "json" else "line"
METRICS_TOKEN = ENVIRON.get("COJUDGE_METRICS_TOKEN", "")  # empty: /metrics answers this machine alone
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # workers too write through our handler: judge.redaction
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "judge.log_lines.OfRequest"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "judge.log_lines.JsonLine"},
    },
    "handlers": {
        "console": {"class": "judge.redaction.RedactingHandler", "formatter": LOG_FORMAT, "filters": ["request"]},
    },
    "loggers": {"judge.requests": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"}},
    "root": {"handlers": ["console"], "level": ENVIRON.get("COJUDGE_LOG_LEVEL", "INFO")},
}
