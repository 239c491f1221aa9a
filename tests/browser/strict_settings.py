"""The site's settings with the cookies of PROD; all else as tests need it."""

from config.settings import *  # noqa: F403

SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = TOKEN_COOKIE_SAMESITE = "Strict"
