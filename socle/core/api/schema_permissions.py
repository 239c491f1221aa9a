"""
Who may read how the API is made: operators and staff, as with everything inside.

Members need no description to use it, and web/frontend/src/api/openapi.yml is the same.
"""

from rest_framework.permissions import BasePermission


def may_read(user) -> bool:
    return user.is_active and (user.is_staff or user.has_perm("accounts.operate"))


class MayRead(BasePermission):
    def has_permission(self, request, view):
        return may_read(request.user)
