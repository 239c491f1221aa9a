import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from socle.core.text_fields import NameField

INVITATION_LIFETIME = timedelta(days=7)


def clean_address(email: str) -> str:
    """In the one form in which addresses are stored, compared and counted."""
    return email.strip().lower()


class UserManager(BaseUserManager):
    """Makes users whose name is their e-mail address, kept in lower case."""

    @classmethod
    def normalize_email(cls, email):
        """Django's own lowers the domain alone. Every form of a user comes by here."""
        return clean_address(email or "")

    def create_user(self, email, password=None, **fields):
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )

    def get_by_natural_key(self, email):
        return self.get(email=self.normalize_email(email))


class User(AbstractUser):
    """A person. The e-mail address is the name to sign in with."""

    username = None
    email = models.EmailField(_("e-mail address"), unique=True)
    first_name = NameField(_("first name"), max_length=150, blank=True)
    last_name = NameField(_("last name"), max_length=150, blank=True)
    language = models.CharField(
        _("language"),
        max_length=5,
        blank=True,
        choices=settings.LANGUAGES,
        help_text=_("Of pages and e-mails. Empty: the one that the browser asks for."),
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [
            ("operate", _("Can see operations and take backups")),
            ("invite", _("Can invite people")),
        ]

    def __str__(self):
        return self.email


class SignInQuerySet(models.QuerySet):
    def open_ones(self, *, now):
        """Neither revoked nor expired. A new password ends them as well: see `ends`."""
        return self.filter(revoked_at=None, expires_at__gt=now)


class SignIn(models.Model):
    """
    One person on one device: a family of tokens, each refresh token the successor of
    the one before. Revoking the row ends all of them at once, for it is asked at each
    request.

    The tokens themselves are stored nowhere: a copy of the database opens no door.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    created_at = models.DateTimeField(_("signed in"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), default=timezone.now)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    # Of the password at that time: another one, set wherever, ends the sign-in.
    password_stamp = models.CharField(max_length=64, editable=False)
    # Of Django's session beside it: while it is the same, it need not be read.
    # The database's own default: while an update runs, older code writes rows too.
    session_key = models.CharField(
        max_length=40, blank=True, default="", db_default="", editable=False
    )
    # The one refresh token that may be exchanged, and the one that it replaced.
    current_jti = models.CharField(max_length=32, editable=False)
    previous_jti = models.CharField(max_length=32, blank=True, editable=False)
    rotated_at = models.DateTimeField(_("tokens issued"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    # False until the client shows that the current tokens have reached it.
    current_is_used = models.BooleanField(default=False, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = SignInQuerySet.as_manager()

    class Meta:
        ordering = ["-last_used_at"]
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def __str__(self):
        return f"{self.user_id}: {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_good(self):
        """What every request asks: neither revoked, nor locked, nor a new password."""
        return (
            self.revoked_at is None
            and self.user.is_active
            and constant_time_compare(
                self.password_stamp, self.user.get_session_auth_hash()
            )
        )


def invitation_end():
    return timezone.now() + INVITATION_LIFETIME


class Invitation(models.Model):
    """A place for somebody without an account, until it is taken or expires."""

    email = models.EmailField(_("e-mail address"), unique=True)
    role = models.CharField(_("role"), max_length=50)
    invited_by = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="invitations"
    )
    created_at = models.DateTimeField(_("invited"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), default=invitation_end)
    # Another one each time it is sent: only the newest letter opens the door.
    nonce = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self):
        return self.email

    def is_expired(self, *, now):
        return self.expires_at <= now
