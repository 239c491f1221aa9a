from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.devices import device_name
from accounts.models import Invitation, SignIn, User
from accounts.services import ROLES
from socle.core.api.serializer_fields import NameSerializerField, TextModelSerializer

EMAIL_MAX = 254
PASSWORD_MAX = 1024  # hashing is slow on purpose: nobody may make it slower


class PasswordField(serializers.CharField):
    def __init__(self, **kwargs):
        kwargs |= {"max_length": PASSWORD_MAX, "trim_whitespace": False}
        super().__init__(write_only=True, style={"input_type": "password"}, **kwargs)


class EmailField(serializers.EmailField):
    def __init__(self, **kwargs):
        super().__init__(max_length=EMAIL_MAX, **kwargs)


class CredentialsSerializer(serializers.Serializer):
    # Not checked for its form: a mistyped address is wrong like any other.
    email = serializers.CharField(max_length=EMAIL_MAX)
    password = PasswordField()


class TokensSerializer(serializers.Serializer):
    access = serializers.CharField(
        help_text=_("Good for ten minutes, as `Authorization: Bearer`.")
    )
    refresh = serializers.CharField(
        help_text=_("Good for two weeks, to be exchanged once.")
    )


class RefreshSerializer(serializers.Serializer):
    refresh = serializers.CharField(
        required=False, max_length=2000, help_text=_("Left out: that of the cookie.")
    )


class AccountSerializer(TextModelSerializer):
    """Who is signed in, and what they may do."""

    roles = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "email",
            "first_name",
            "last_name",
            "language",
            "roles",
            "permissions",
            "is_staff",
        ]
        read_only_fields = ["email", "is_staff"]

    def get_roles(self, user) -> list[str]:
        return sorted(group.name for group in user.groups.all())

    def get_permissions(self, user) -> list[str]:
        """Those that roles are made of; superusers have them all."""
        known = set().union(*ROLES.values())
        return sorted(known & user.get_all_permissions())


class ChangePasswordSerializer(serializers.Serializer):
    old_password = PasswordField()
    new_password = PasswordField()


class RequestResetSerializer(serializers.Serializer):
    email = EmailField()


class ResetPasswordSerializer(serializers.Serializer):
    uid = serializers.CharField(
        max_length=100, help_text=_("Of the link in the e-mail.")
    )
    token = serializers.CharField(
        max_length=100, help_text=_("Of the link in the e-mail.")
    )
    new_password = PasswordField()


class SignInSerializer(serializers.ModelSerializer):
    device = serializers.SerializerMethodField()
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = SignIn
        fields = [
            "id",
            "device",
            "address",
            "created_at",
            "last_used_at",
            "expires_at",
            "is_current",
        ]

    def get_device(self, sign_in) -> str:
        return device_name(sign_in.user_agent)

    def get_is_current(self, sign_in) -> bool:
        current = self.context["request"].auth
        return bool(current) and sign_in.pk == current.pk


class InvitationSerializer(serializers.ModelSerializer):
    email = EmailField()
    role = serializers.ChoiceField(choices=list(ROLES))
    invited_by = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "invited_by", "created_at", "expires_at"]
        read_only_fields = ["created_at", "expires_at"]

    @extend_schema_field(serializers.EmailField())
    def get_invited_by(self, invitation):
        return invitation.invited_by.email


class AcceptInvitationSerializer(serializers.Serializer):
    token = serializers.CharField(
        max_length=400, help_text=_("Of the link in the e-mail.")
    )
    first_name = NameSerializerField(max_length=150, allow_blank=True, default="")
    last_name = NameSerializerField(max_length=150, allow_blank=True, default="")
    password = PasswordField()
