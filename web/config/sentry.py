"""Sentry, for those who have set SENTRY_DSN."""

import sentry_sdk


def start(dsn: str, *, environment: str, release: str) -> None:
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release,
        send_default_pii=False,
        max_request_body_size="never",  # sign-in forms are among them
        include_local_variables=False,  # keys and passwords are among them
    )
