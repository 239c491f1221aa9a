"""Somebody of each role, and one of each thing that a page may be about."""

from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts import passwords, sessions
from accounts.invitations import key_of
from accounts.models import Invitation, User
from accounts.services import fill_groups
from gallery.models import Download, Gallery, Upload
from gallery.tests.stored import stored_photo

ROLES = (
    *("nobody", "member", "photographer", "moderator", "operator"),
    *("staff", "superuser"),
)
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


@dataclass(frozen=True)
class Visitor:
    """By cookie in `browser`, and by token with the headers `bearer`."""

    browser: Client
    bearer: dict[str, str]


def visitors() -> dict[str, Visitor]:
    fill_groups()
    return {role: visitor(role) for role in ROLES}


def visitor(role: str) -> Visitor:
    browser = Client(headers=BROWSER, raise_request_exception=False)
    if role == "nobody":
        return Visitor(browser, {})
    fields = {"is_staff": role in {"staff", "superuser"}}
    fields["is_superuser"] = role == "superuser"
    user = User.objects.create_user(f"{role}@example.com", **fields)
    user.groups.set(Group.objects.filter(name=role))
    browser.force_login(user)
    tokens = sessions.begin(user, request=HttpRequest(), now=timezone.now())
    return Visitor(browser, {"authorization": f"Bearer {tokens.access}"})


def samples() -> dict[str, dict[str, object]]:
    """What stands in the gaps of an address, by the route's name or by the gap's."""
    owner = User.objects.create_user("owner@example.com")
    owner.groups.set(Group.objects.filter(name="photographer"))
    gallery = Gallery.objects.create(name="Camp", owner=owner, visibility="members")
    photo = stored_photo(gallery, owner)
    upload = Upload.objects.create(
        gallery=gallery, owner=owner, name="b.jpg", size_bytes=9
    )
    download = Download.objects.create(gallery=gallery, fingerprint="0")
    invitation = Invitation.objects.create(
        email="guest@example.com", role="member", invited_by=owner
    )
    tokens = sessions.begin(owner, request=HttpRequest(), now=timezone.now())
    uid, token = passwords.reset_key(owner)
    entry = LogEntry.objects.create(
        user=owner, action_flag=1, object_repr="a", content_type=None
    )
    return {
        "photo_id": photo.pk,
        "slug": gallery.slug,
        "variant": "thumbnail",
        "gallery:signed_file": f"/media/1999999999/{'x' * 22}/{photo.thumbnail}",
        "uid": uid,
        "token": token,
        "key": key_of(invitation),
        "app_label": "accounts",
        "content_type_id": 1,
        "id": owner.pk,
        "gallery:download_file": download.pk,
        "gallery:api_download": download.pk,
        "gallery:api_photo": photo.pk,
        "gallery:api_upload": upload.pk,
        "accounts:revoke_sign_in": tokens.sign_in.pk,
        "accounts:api_sign_in_detail": tokens.sign_in.pk,
        "accounts:send_invitation": invitation.pk,
        "accounts:withdraw_invitation": invitation.pk,
        "accounts:api_invitation": invitation.pk,
        "admin:accounts_user": owner.pk,
        "admin:accounts_invitation": invitation.pk,
        "admin:accounts_signin": tokens.sign_in.pk,
        "admin:gallery_gallery": gallery.pk,
        "admin:gallery_photo": photo.pk,
        "admin:auth_group": Group.objects.first().pk,
        "admin:admin_logentry": entry.pk,
    }
