from functools import cache

from axes.backends import AxesStandaloneBackend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts import account_limit
from accounts.models import clean_address


class RoleBackend(AxesStandaloneBackend, ModelBackend):
    """
    Django's own, behind the lock-out; the permissions of a person cost one query.

    One backend does both, so that `login(request, user)` need not be told which.
    """

    def authenticate(self, request, username=None, password=None, **kwargs):
        if request is not None:  # a program's own call is nobody's guess
            super().authenticate(request, username, password, **kwargs)
            if username and account_limit.is_reached(request, clean_address(username)):
                request.axes_locked_out = True
                raise PermissionDenied
        return ModelBackend.authenticate(self, request, username, password, **kwargs)

    def get_all_permissions(self, user_obj, obj=None):
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = _permissions(user_obj)
        return user_obj._perm_cache


def _permissions(user):
    if user.is_superuser:
        rows = Permission.objects.order_by()
        names = rows.values_list("content_type__app_label", "codename")
    else:
        with connection.cursor() as cursor:
            cursor.execute(_of_groups_and_person(), [user.pk, user.pk])
            names = cursor.fetchall()
    return {f"{app}.{codename}" for app, codename in names}


@cache
def _of_groups_and_person() -> str:
    """The statement, written once: that takes longer than carrying it out."""
    rows = Permission.objects.order_by()
    columns = ("content_type__app_label", "codename")
    of_groups = rows.filter(group__user=0).values_list(*columns)
    of_person = rows.filter(user=0).values_list(*columns)
    return of_groups.union(of_person).query.sql_with_params()[0]
