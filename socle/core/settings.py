"""
The base's settings: the environment decides, `.env.example` explains.

web/config/settings.py takes all of them over and adds what is the project's.
"""

import os
import sys
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from socle import SOCLE_DIR
from socle.core import logs, sentry
from socle.core.content_policy import content_policy, media_hosts
from socle.core.env import Environment, redis_urls, with_password
from socle.core.mail import mail_settings
from socle.core.media import downloads_storage, media_storage

env = Environment(os.environ)
# The project: the folder of manage.py, beside which its package `config` lies.
BASE_DIR = Path(str(import_module("config").__file__)).resolve().parent.parent

# Which project, where
PROJECT_NAME = env.text("PROJECT_NAME", "socle")
# What people call it; _ stands for a blank, which .env takes nowhere.
SITE_NAME = env.text("SITE_NAME", PROJECT_NAME).replace("_", " ")
ENVIRONMENT = env.choice("ENVIRONMENT", "prod", among={"local", "dev", "prod"})
LOCAL = ENVIRONMENT == "local"
DEBUG = LOCAL and env.flag("DEBUG", True)
# Flower looks at the queue, and is given no secret that is not the queue's.
QUEUE_ONLY = env.flag("QUEUE_ONLY")
SECRET_KEY = token_urlsafe(50) if QUEUE_ONLY else env.required("SECRET_KEY")
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS"), "127.0.0.1"]  # the health checks'
SITE_URL = env.text("SITE_URL", "http://localhost:8080")
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True

BASE_APPS = [
    "accounts.admin_app.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "axes",
    "csp",
    "django_filters",
    "django_structlog",
    "django_vite",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "socle.core",
    "socle.backups",
    "socle.operations",
]

MIDDLEWARE = [
    "socle.core.request_ids.RequestIdMiddleware",
    "socle.core.metrics.requests.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "socle.core.content_policy.ContentPolicyMiddleware",
    "socle.core.charset.CharsetMiddleware",
    "socle.backups.middleware.SwapMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.TokenMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.cross_site.CrossSiteMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # A template of the project goes before one of the base that has its name.
        "DIRS": [BASE_DIR / "templates", SOCLE_DIR / "core" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "socle.core.context.site",
            ],
        },
    },
]

# Database
POSTGRES_BIN = env.text("POSTGRES_BIN")
# As which web and worker sign in; `migrate_site` makes it. Empty: as the owner.
POSTGRES_SITE_USER = env.text("POSTGRES_SITE_USER")
POSTGRES_SITE_PASSWORD = env.text("POSTGRES_SITE_PASSWORD")
POSTGRES_WAIT_SECONDS = env.number("POSTGRES_WAIT_SECONDS", 60)
MIGRATION_WAIT_SECONDS = env.number("MIGRATION_WAIT_SECONDS", 3600)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": env.text("POSTGRES_HOST", "postgres"),
        "PORT": env.number("POSTGRES_PORT", 5432),
        "NAME": env.text("POSTGRES_DB", "socle"),
        "USER": env.text("POSTGRES_USER", "socle"),
        "PASSWORD": "" if QUEUE_ONLY else env.required("POSTGRES_PASSWORD"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: broker, cache
REDIS_URL = with_password(env.required("REDIS_URL"), env.text("REDIS_PASSWORD"))
# A Redis that hangs must not hang the few threads that answer visitors.
_broker, _cache = redis_urls(REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _cache,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
}

# Sign-in
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# JWT in cookies for the site's pages, as Bearer for other clients.
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    # Derived, so that nothing else that SECRET_KEY signs is ever taken for a token.
    "SIGNING_KEY": sha256(f"tokens {SECRET_KEY}".encode()).hexdigest(),
}
PASSWORD_RESET_TIMEOUT = 2 * 60 * 60
LOGIN_URL = "accounts:sign_in"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
# Ten wrong passwords for one address from one place close it there for 15 minutes;
# how many from everywhere: accounts/account_limit.py.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "accounts.axes_hooks.client_network"
AXES_USERNAME_FORM_FIELD = "username"  # as Django names it in every sign-in form
AXES_USERNAME_CALLABLE = "accounts.axes_hooks.typed_address"
AXES_LOCKOUT_CALLABLE = "accounts.axes_hooks.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # accounts.SignIn is one; this makes a session for each

# E-mail: invitations and new passwords
globals().update(
    env.parsed("EMAIL_URL", lambda url: mail_settings(url, is_local=LOCAL))
)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", f"{PROJECT_NAME}@{urlsplit(SITE_URL).hostname}"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# HTTP
_https = urlsplit(SITE_URL).scheme == "https"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
BEHIND_PROXY = env.flag("BEHIND_PROXY")
if env.flag("MEDIA_BY_NGINX"):  # which sets the header; else it is anybody's claim
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
# Strict where it is PROD: what another site links to arrives without cookies there.
# Beside the site's own pages nobody reads answers: no CORS header is ever sent.
_same_site = "Strict" if ENVIRONMENT == "prod" else "Lax"
SESSION_COOKIE_SAMESITE = _same_site
CSRF_COOKIE_SAMESITE = _same_site
TOKEN_COOKIE_SAMESITE = _same_site
TOKEN_COOKIE_SECURE = _https
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Static files: collected into the image, named by content, compressed beforehand
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
# A file of the project goes before one of the base that has its name (favicon.svg).
PROJECT_STATIC = BASE_DIR / "static"
STATICFILES_DIRS = [*filter(Path.is_dir, [PROJECT_STATIC]), FRONTEND_DIST]
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_AUTOREFRESH = LOCAL
# What Vite or Django named by its content: browsers may keep it for ever.
WHITENOISE_IMMUTABLE_FILE_TEST = (
    r"/frontend/[^/]+-[\w-]{8}\.(js|css)$|\.[0-9a-f]{12}\.\w+$"
)
DJANGO_VITE = {
    "default": {"dev_mode": False, "manifest_path": FRONTEND_DIST / "manifest.json"}
}
STORAGES = {
    "default": env.parsed("MEDIA_STORAGE_URL", media_storage),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "socle.core.static_storage.StaticStorage"
    },
}

# Uploads and photos
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", "/media/live"))
MEDIA_URL = "/protected-media/"
# Zips of whole galleries: beside the media, so that no backup takes them along.
DOWNLOADS_URL = "/protected-downloads/"
STORAGES["downloads"] = env.parsed(
    "MEDIA_STORAGE_URL",
    lambda url: downloads_storage(url, folder=MEDIA_ROOT.parent / "downloads"),
)
MEDIA_STORAGE_URL = env.text("MEDIA_STORAGE_URL")
MEDIA_BY_NGINX = env.flag("MEDIA_BY_NGINX")
# The emulator of Google's storage takes no signed links: there Django sends the files.
MEDIA_BY_BUCKET = bool(MEDIA_STORAGE_URL) and not (
    MEDIA_STORAGE_URL.startswith("gs:") and os.environ.get("STORAGE_EMULATOR_HOST")
)
CONTENT_SECURITY_POLICY = content_policy(
    media_hosts=media_hosts(
        MEDIA_STORAGE_URL if MEDIA_BY_BUCKET else "",
        endpoint=os.environ.get("AWS_ENDPOINT_URL_S3", ""),
    )
)
# Signs the links by which nginx sends previews; without it Django is asked for each.
MEDIA_LINK_KEY = env.text("MEDIA_LINK_KEY")
UPLOAD_LIMIT_MB = env.number("UPLOAD_LIMIT_MB", 100)
UPLOAD_ZIP_LIMIT_MB = env.number("UPLOAD_ZIP_LIMIT_MB", 4096)
# What one person may have under way at once, and what of the volume stays free.
UPLOADS_OPEN_LIMIT = env.number("UPLOADS_OPEN_LIMIT", 100)
UPLOADS_OPEN_LIMIT_MB = env.number("UPLOADS_OPEN_LIMIT_MB", 16384)
UPLOAD_FREE_FLOOR_MB = env.number("UPLOAD_FREE_FLOOR_MB", 512)
# On the volume of the uploads: a finished one is moved there, not copied.
FILE_UPLOAD_TEMP_DIR = MEDIA_ROOT.parent / "incoming"
SILENCED_SYSTEM_CHECKS = [
    "files.E001"
]  # socle/core/writable_folders.py makes the folder
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # more goes to a temporary file
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755
DATA_UPLOAD_MAX_NUMBER_FILES = 500

# Backups
BACKUP_STORAGE_URL = env.text("BACKUP_STORAGE_URL", "gs://socle-backups")
BACKUP_AT = env.text("BACKUP_AT", "0_3_*_*_*").replace("_", " ")
BACKUP_DRILL_AT = env.text("BACKUP_DRILL_AT", "0_5_*_*_0").replace("_", " ")
BACKUP_MAX_AGE_HOURS = env.number("BACKUP_MAX_AGE_HOURS", 0 if LOCAL else 26)
BACKUP_PING_URL = env.text("BACKUP_PING_URL")
BACKUP_ENCRYPTION_KEY = env.text("BACKUP_ENCRYPTION_KEY")
if env.text(
    "AWS_SECRET_ACCESS_KEY"
):  # perhaps from a file, of which boto3 knows nothing
    os.environ["AWS_SECRET_ACCESS_KEY"] = env.text("AWS_SECRET_ACCESS_KEY")
BACKUP_KEEP_DAILY = env.number("BACKUP_KEEP_DAILY", 7)
BACKUP_KEEP_WEEKLY = env.number("BACKUP_KEEP_WEEKLY", 5)
BACKUP_KEEP_MONTHLY = env.number("BACKUP_KEEP_MONTHLY", 12)
BACKUP_SCRUBBERS: list[str] = []  # a project names what knows its people
JOBS_FOLDER = env.text("JOBS_FOLDER")  # where cron writes how its jobs ended
FLOWER_URL = env.text("FLOWER_URL", "/flower/")

# Tasks. The database row is the truth; a lost message is sent again by the sweeper.
# What a task returns is for its log line and Flower: no result backend keeps it.
CELERY_BROKER_URL = _broker
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 2)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DIRECT = True  # a queue for each worker alone: its canaries
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # in kB: recycled when it grew past this
# Only while a task runs. One that waits for its hour goes back to the queue at once.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 8
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the hard limit, or a slow task would be given to a second worker.
    "visibility_timeout": 600,
    # A worker lives through what a slow disk holds Redis up for.
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "max_retries": 0,  # of each connection: whoever sends tries again, or says so
}
CELERY_TIMEZONE = TIME_ZONE
WORKER_HEARTBEAT_FILE = env.text("WORKER_HEARTBEAT_FILE", "/tmp/worker-alive")
WORKER_CANARY_FILE = env.text("WORKER_CANARY_FILE", "/tmp/worker-canary")
WORKER_CANARY_SECONDS = env.number("WORKER_CANARY_SECONDS", 60)
WORKER_DEAF_SECONDS = env.number("WORKER_DEAF_SECONDS", 300)

# The menu: functions that say which entries a request gets, in this order.
MENU_ENTRIES = ["socle.operations.menu.entries", "socle.core.menu.entries"]

# Health: /health/ready, the operations page and `manage.py site_status` ask these.
HEALTH_CHECKS = [
    "socle.core.health.checks.database",
    "socle.core.health.locks.locks",
    "socle.core.health.checks.redis",
    "socle.core.health.checks.storage",
    "socle.core.health.checks.migrations",
    "socle.core.health.worker.worker",
    "socle.backups.health.backup",
    "socle.core.health.certificate.certificate",
    "socle.core.health.host.disk",
    "socle.core.health.host.mail",
]
NGINX_TLS_ADDRESS = ("nginx", 8443)  # where visitors' certificate is read

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["socle.core.api.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["socle.core.api.parsing.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "socle.core.api.schema.Described",
    "DEFAULT_THROTTLE_CLASSES": ["socle.core.api.throttles.WindowThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "sign_in": "30/minute",
        "password_reset": "10/hour",
        "invitation": "60/hour",
        "upload": "3000/minute",
        "download": "60/minute",
    },
    "NUM_PROXIES": 1 if MEDIA_BY_NGINX else 0,
    "EXCEPTION_HANDLER": "socle.core.api.problems.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
CSRF_FAILURE_VIEW = "socle.core.api.problems.csrf_failure"
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": SITE_NAME,
    "DESCRIPTION": (
        "The site's own API: whatever a page shows or does is here. Sign in at "
        "/api/auth/sign-in/ for cookies, or at /api/auth/tokens/ for Bearer tokens."
    ),
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["socle.core.api.schema_permissions.MayRead"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "socle.core.api.schema.add_problems",
    ],
}

# Logs: a line of JSON each, or words for people; with one id a request
LOG_FORMAT = env.choice("LOG_FORMAT", "", among={"", *logs.FORMATS})
LOG_JSON = logs.wants_json(LOG_FORMAT, environment=ENVIRONMENT)
LOGGING = logs.logging_settings(
    service=logs.service_name(sys.argv, variables=os.environ),
    as_json=LOG_JSON,
    for_person=logs.speaks_to_a_person(sys.argv, variables=os.environ),
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True

# Numbers for Prometheus, asked for at METRICS_PORT by gunicorn's side; 0: none
METRICS_PORT = env.number("METRICS_PORT", 0)
WEB_PORT = env.number("WEB_PORT", 8000)
env.check("WEB_WORKERS", "WEB_THREADS", "WEB_RELOAD")  # gunicorn.conf.py reads them
METRICS_COLLECTORS = [
    "socle.core.metrics.site.answers",
    "socle.core.metrics.site.checks",
    "socle.core.metrics.site.queues",
    "socle.core.metrics.site.canary",
    "socle.core.metrics.site.disk",
    "socle.core.metrics.site.certificate",
    "socle.backups.metrics.collect",
]

# Errors, missed backups and missed drills go to Sentry if it is named.
SENTRY_DSN = env.text("SENTRY_DSN")
SENTRY_TRACES_SAMPLE_RATE = env.share("SENTRY_TRACES_SAMPLE_RATE", 0.05)
IMAGE_TAG = env.text("IMAGE_TAG", "latest")
if SENTRY_DSN:
    sentry.start(
        SENTRY_DSN,
        environment=ENVIRONMENT,
        release=f"{PROJECT_NAME}@{IMAGE_TAG}",
        traces_sample_rate=SENTRY_TRACES_SAMPLE_RATE,
    )
