from rest_framework import permissions


class RoleAllows(permissions.DjangoModelPermissions):
    """Whoever is signed in reads; the rest needs the model's permission."""
