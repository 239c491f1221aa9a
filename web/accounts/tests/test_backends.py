import pytest
from django.contrib.auth.models import Permission

from accounts.models import User

pytestmark = pytest.mark.django_db


def fresh(user):
    """Without the permissions that the object remembers."""
    return User.objects.get(pk=user.pk)


def test_permissions_come_from_roles_alone(person, with_role):
    permission = Permission.objects.get(codename="operate")
    person.user_permissions.add(permission)

    assert not fresh(person).has_perm("accounts.operate")
    assert fresh(person).get_all_permissions() == set()
    assert fresh(with_role("operator")).has_perm("accounts.operate")


@pytest.mark.parametrize("is_superuser", [True, False])
def test_all_of_them_cost_one_query(with_role, is_superuser, django_assert_num_queries):
    user = fresh(with_role("moderator", is_superuser=is_superuser))
    with django_assert_num_queries(1):
        assert user.has_perm("accounts.invite")
        assert user.has_perm("gallery.change_photo")
        assert "gallery.view_photo" in user.get_all_permissions()


def test_who_is_locked_has_none(with_role):
    user = with_role("moderator", is_active=False)
    assert not fresh(user).has_perm("accounts.invite")
