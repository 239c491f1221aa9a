from functools import cache

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db import connection


class RoleBackend(ModelBackend):
    """Permissions come from roles alone, and cost one query a request."""

    def get_user_permissions(self, user_obj, obj=None):
        return set()

    def get_group_permissions(self, user_obj, obj=None):
        is_ordinary = user_obj.is_active and not user_obj.is_superuser
        if obj is not None or not is_ordinary:
            return super().get_group_permissions(user_obj, obj)
        with connection.cursor() as cursor:
            cursor.execute(_of_roles(), [user_obj.pk])
            return {f"{app}.{codename}" for app, codename in cursor.fetchall()}


@cache
def _of_roles() -> str:
    """The statement, written once: that takes longer than carrying it out."""
    permissions = Permission.objects.filter(group__user=0).order_by()
    names = permissions.values_list("content_type__app_label", "codename")
    return names.query.sql_with_params()[0]
