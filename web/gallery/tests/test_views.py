import pytest

from accounts.models import User
from gallery.models import Gallery

pytestmark = pytest.mark.django_db


def test_visitors_are_sent_to_the_sign_in_page(client, gallery):
    for url in ("/", "/galleries/new/", gallery.get_absolute_url()):
        response = client.get(url)
        assert response.status_code == 302
        assert response.url == f"/sign-in/?next={url}"


def test_a_photographer_creates_a_gallery_and_lands_on_it(client, photographer):
    client.force_login(photographer)

    response = client.post("/galleries/new/", {"name": "Élan d’été"}, follow=True)

    gallery = Gallery.objects.get()
    assert response.redirect_chain == [(f"/galleries/{gallery.slug}/", 302)]
    assert gallery.owner == photographer
    assert 'data-can-upload="true"' in response.content.decode()


def test_a_member_sees_galleries_and_cannot_create_one(client, gallery):
    client.force_login(User.objects.create_user("guest@example.com", "only-looking"))

    assert "Summer camp" in client.get("/").content.decode()
    assert client.get("/galleries/new/").status_code == 403
    page = client.get(gallery.get_absolute_url()).content.decode()
    assert 'data-can-upload="true"' not in page


def test_slugs_never_meet(photographer):
    names = ["Camp", "Camp", "camp!", "new", "🏕️"]
    slugs = [Gallery.objects.create(name=n, owner=photographer).slug for n in names]

    assert slugs == ["camp", "camp-2", "camp-3", "gallery-new", "gallery"]
