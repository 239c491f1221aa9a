from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.exceptions import AccountError
from accounts.models import User, clean_address
from accounts.passwords import check_strength

ROLE_LABELS = {
    "member": _("Member: sees galleries"),
    "photographer": _("Photographer: adds photos"),
    "moderator": _("Moderator: edits all, invites"),
    "operator": _("Operator: sees operations"),
}
# Each role and what its group may do, as app.codename. A permission whose app is
# not installed is left out: the gallery can be removed.
ROLES: dict[str, set[str]] = {
    "member": {"gallery.view_gallery", "gallery.view_photo"},
    "photographer": {
        "gallery.view_gallery",
        "gallery.view_photo",
        "gallery.add_gallery",
        "gallery.add_photo",
    },
    "moderator": {
        "accounts.invite",
        *(
            f"gallery.{action}_{model}"
            for action in ("view", "add", "change", "delete")
            for model in ("gallery", "photo")
        ),
    },
    "operator": {"gallery.view_gallery", "gallery.view_photo", "accounts.operate"},
}


@dataclass(frozen=True)
class GroupChange:
    """What `fill_groups` changed in one group; permissions as app.codename."""

    name: str
    is_new: bool
    added: list[str]
    removed: list[str]

    @property
    def is_change(self) -> bool:
        return bool(self.is_new or self.added or self.removed)


@transaction.atomic
def fill_groups() -> list[GroupChange]:
    """Make each role's group hold exactly its permissions. Safe to run again."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    return [
        fill_group(name, {key: known[key] for key in wanted if key in known})
        for name, wanted in ROLES.items()
    ]


def fill_group(name: str, wanted: dict[str, Permission]) -> GroupChange:
    group, is_new = Group.objects.get_or_create(name=name)
    current = {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in group.permissions.select_related("content_type")
    }
    group.permissions.set(wanted.values())
    return GroupChange(
        name=name,
        is_new=is_new,
        added=sorted(wanted.keys() - current),
        removed=sorted(current - wanted.keys()),
    )


def create_admin(email: str, *, password: str) -> bool:
    """
    Make a superuser; True when it was made, False when the address has a user.

    An existing user is left as it is, password included. Raises WeakPassword, and
    AccountError when the existing user is not a superuser.
    """
    email = clean_address(email)
    existing = User.objects.filter(email=email).first()
    if existing is not None:
        if not existing.is_superuser:
            raise AccountError(
                f"{email} is already an ordinary user. Choose another ADMIN_EMAIL, "
                "or make this user a superuser at /admin/."
            )
        return False
    check_strength(password, user=User(email=email))
    User.objects.create_superuser(email, password)
    return True
