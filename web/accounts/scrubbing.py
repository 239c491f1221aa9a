"""Takes people out of a copy of a database: they gave their data to another site."""

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog
from axes.models import AccessLog as SignInLog
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import connections, models, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Invitation, SignIn, User, clean_address

# Each with what is counted as; what points to another one comes first.
EMPTIED = (
    (Session, "sessions"),
    (SignIn, "sign-ins"),
    (Invitation, "invitations"),
    (AccessAttemptExpiration, "attempts to sign in"),
    (AccessAttempt, "attempts to sign in"),
    (AccessFailureLog, "attempts to sign in"),
    (SignInLog, "attempts to sign in"),
    (LogEntry, "entries of the admin's log"),  # they repeat names and addresses
)
# Apps that hand out tokens; emptied where they are installed.
TOKENS = (
    "authtoken.Token",
    "token_blacklist.BlacklistedToken",
    "token_blacklist.OutstandingToken",
)


def scrub_people(*, using: str, keep: list[str]) -> dict[str, int]:
    """
    Replace the names, addresses and passwords of everyone but the staff whose e-mail
    addresses are in `keep`; nobody stays signed in. Returns what was done, counted.

    Set by set, in one transaction: its memory does not grow with the people.
    """
    counts: dict[str, int] = {}
    with transaction.atomic(using=using):
        people = User.objects.using(using)
        counts["people"] = people.exclude(
            is_staff=True, email__in=[clean_address(address) for address in keep]
        ).update(
            email=Concat(
                Value("person-"),
                Cast("pk", CharField()),
                Value("@example.invalid"),
            ),
            first_name="",
            last_name="",
            password=make_password(None),
            last_login=None,
        )
        for model, what in [*EMPTIED, *_tokens()]:
            counts[what] = counts.get(what, 0) + _empty(model, using=using)
    return counts


def _tokens() -> list[tuple[type[models.Model], str]]:
    installed = {app.label for app in apps.get_app_configs()}
    return [
        (apps.get_model(name), "tokens")
        for name in TOKENS
        if name.partition(".")[0] in installed
    ]


def _empty(model: type[models.Model], *, using: str) -> int:
    """By the database alone: no row passes through here, no signal is sent."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
        return cursor.rowcount
