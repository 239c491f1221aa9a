import pytest
from django.contrib.auth.models import Group, Permission

from accounts.backends import RoleBackend
from accounts.models import User

pytestmark = pytest.mark.django_db


def fresh(user):
    """Without the permissions that the object remembers."""
    return User.objects.get(pk=user.pk)


def test_permissions_come_from_groups_and_from_the_person(person, with_role):
    auditors = Group.objects.create(name="auditors")
    auditors.permissions.add(Permission.objects.get(codename="operate"))
    person.groups.add(auditors)
    person.user_permissions.add(Permission.objects.get(codename="invite"))
    both = {"accounts.operate", "accounts.invite"}

    assert fresh(person).get_all_permissions() == both
    assert fresh(person).has_perms(both)
    assert fresh(person).get_user_permissions() == {"accounts.invite"}
    assert fresh(person).get_group_permissions() == {"accounts.operate"}
    assert list(RoleBackend().with_perm("accounts.invite")) == [person]
    assert not fresh(person).has_perm("accounts.invite", obj=person)


def test_a_permission_of_one_person_opens_what_it_is_for(client, person):
    client.force_login(person)
    assert client.get("/invitations/").status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="invite"))
    assert client.get("/invitations/").status_code == 200


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
