"""Invitations: a letter that lets somebody make an account, with a role."""

import uuid
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet

from accounts.exceptions import (
    HasAccount,
    InvitationExpired,
    LinkExpired,
    RoleNotAllowed,
)
from accounts.models import INVITATION_LIFETIME, Invitation, User, clean_address
from accounts.passwords import check_strength
from accounts.services import ROLES

SALT = "accounts.invitation"


def roles_for(user: User) -> list[str]:
    """The roles that `user` may give: those whose rights they have themselves."""
    if not user.has_perm("accounts.invite"):
        return []
    return [role for role in ROLES if user.has_perms(_installed(ROLES[role]))]


def _installed(permissions: set[str]) -> set[str]:
    return {name for name in permissions if name.partition(".")[0] in apps.app_configs}


def visible_to(user: User) -> QuerySet[Invitation]:
    """Superusers see all invitations, others those that they sent."""
    invitations = Invitation.objects.select_related("invited_by")
    return invitations if user.is_superuser else invitations.filter(invited_by=user)


def invite(email: str, *, role: str, by: User, now: datetime) -> Invitation:
    """
    Make an invitation, or make it anew with another end. Sending it is the caller's.

    Raises RoleNotAllowed or HasAccount.
    """
    email = clean_address(email)
    if role not in roles_for(by):
        raise RoleNotAllowed
    if User.objects.filter(email=email).exists():
        raise HasAccount
    facts: dict[str, Any] = {
        "role": role,
        "invited_by": by,
        "created_at": now,
        "expires_at": now + INVITATION_LIFETIME,
        "nonce": uuid.uuid4(),
    }
    invitation, _is_new = Invitation.objects.update_or_create(
        email=email, defaults=facts
    )
    return invitation


def key_of(invitation: Invitation) -> str:
    """What stands in the letter's link. Only the newest letter's is good."""
    content = {"id": invitation.pk, "nonce": invitation.nonce.hex}
    return signing.dumps(content, salt=SALT)


def find(key: str, *, now: datetime, is_locked: bool = False) -> Invitation:
    """
    The invitation of a letter. `is_locked`: held until the transaction ends.

    Raises InvitationExpired, or LinkExpired for one that was used, withdrawn, replaced
    by a newer letter, or whose sender may not give the role any more.
    """
    try:
        content = signing.loads(key, salt=SALT)
    except signing.BadSignature:
        raise LinkExpired from None
    rows = Invitation.objects.select_related("invited_by")
    rows = rows.select_for_update(of=("self",)) if is_locked else rows
    nonce = uuid.UUID(content["nonce"])
    invitation = rows.filter(pk=content["id"], nonce=nonce).first()
    if invitation is None or invitation.role not in roles_for(invitation.invited_by):
        raise LinkExpired
    if invitation.is_expired(now=now):
        raise InvitationExpired
    return invitation


@transaction.atomic
def accept(
    key: str,
    *,
    password: str,
    first_name: str,
    last_name: str,
    language: str,
    now: datetime,
) -> User:
    """
    Make the account that a letter invites to. The letter is used up.

    Raises InvitationExpired, LinkExpired, HasAccount or WeakPassword.
    """
    invitation = find(key, now=now, is_locked=True)
    if User.objects.filter(email=invitation.email).exists():
        raise HasAccount
    person = User(
        email=invitation.email,
        first_name=first_name,
        last_name=last_name,
        language=language,
    )
    check_strength(password, user=person)
    person.set_password(password)
    person.save()
    person.groups.add(Group.objects.get_or_create(name=invitation.role)[0])
    invitation.delete()
    return person
