"""Search without accents: what is stored and what is asked lose them alike."""

import unicodedata

import pytest

from gallery.models import Photo
from gallery.models.search import plain, search_query
from gallery.tests.people import photo_row

pytestmark = pytest.mark.django_db

FOUND_BY = {
    "Été à Nîmes.jpg": ["ete nimes", "Été", "NIMES", "ÉTÉ à", "nîm"],
    "Straße am Weißensee.jpg": ["strasse", "straße", "STRASSE", "weiss"],
    "Łódź i Gdańsk.jpg": ["lodz", "gdansk", "Łódź"],
    "Sørlandet Ærø.jpg": ["sorlandet", "aero", "ærø"],
    "Cœur de bœuf.jpg": ["coeur", "bœuf"],
    "İstanbul ılık.jpg": ["istanbul", "ilik"],
    "Ελλάδα.jpg": ["ελλαδα", "Ελλάδα"],
    "Ёлка.jpg": ["елка", "Ёлка"],
    "مُحَمَّد آدم.jpg": ["محمد", "ادم"],
    "שָׁלוֹם.jpg": ["שלום"],
    "हिन्दी.jpg": ["हिन्दी"],
    "東京タワー.jpg": ["東京", "東京タワー"],
    "한국어.jpg": ["한국"],
    "ﬁnal ２０２４.jpg": ["final", "2024"],
}
CASES = [(name, text) for name, texts in FOUND_BY.items() for text in texts]


@pytest.fixture
def photos(gallery):
    for number, name in enumerate([*FOUND_BY, "Other.jpg"]):
        photo_row(gallery, number, name=name).save()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_are_found_with_and_without_their_accents(photos, form):
    for name, text in CASES:
        query = search_query(unicodedata.normalize(form, text))
        assert [photo.name for photo in Photo.objects.filter(search=query)] == [
            unicodedata.normalize("NFC", name)
        ], (name, text)


def test_python_and_postgres_take_the_same_words(gallery):
    """Of each letter of the first planes that has a decomposition."""
    odd = [
        chr(n)
        for n in range(0xA0, 0x1FFFF)
        if unicodedata.decomposition(chr(n)) and chr(n).isalpha()
    ]
    for start in range(0, len(odd), 60):
        some = " ".join(f"q{sign}" for sign in odd[start : start + 60])
        photo = photo_row(gallery, start, name=some[:200], caption=some)
        photo.save()
        for word in photo.name.split():
            assert Photo.objects.filter(pk=photo.pk, search=search_query(word)), word


def test_what_is_asked_is_plain():
    assert plain("Été à Nîmes, Straße, Ærø") == "Ete a Nimes, Strasse, AEro"
