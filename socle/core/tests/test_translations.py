"""French says all that English says, and what is compiled is what is written."""

import re

import pytest
from babel.messages.catalog import Message
from django.utils import translation

from socle.core.tests import catalogue

NARROW, FIXED = "\u202f", "\u00a0"
HTML = re.compile(r"<[^>]+>|https?:\S+|`[^`]+`|data:")
PLACES = re.compile(r"%\((\w+)\)s|\{(\w*)\}")


def said(message: Message) -> list[str]:
    strings = message.string
    return list(strings) if isinstance(strings, tuple) else [strings]


def messages() -> list[Message]:
    return [message for message in catalogue.written() if message.id]


def test_every_message_is_translated_and_none_is_left_over():
    wanted = {(m.id, m.context) for m in catalogue.extracted() if m.id}
    known = {(message.id, message.context) for message in messages()}

    assert wanted - known == set(), "Next: python -m socle.core.tests.catalogue"
    assert known - wanted == set(), "Next: python -m socle.core.tests.catalogue"
    assert [m.id for m in messages() if m.fuzzy or not all(said(m))] == []
    assert not catalogue.written().obsolete


def test_what_is_compiled_is_what_is_written():
    assert catalogue.MO.read_bytes() == catalogue.compiled(catalogue.written()), (
        "Next: python -m socle.core.tests.catalogue"
    )


def test_each_place_for_a_value_is_kept():
    for message in messages():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = {place for text in ids for place in PLACES.findall(text)}
        for text in said(message):
            # A singular may say "one" in words.
            assert set(PLACES.findall(text)) <= wanted, text
        assert set(PLACES.findall(said(message)[-1])) >= set(PLACES.findall(ids[-1]))


def test_french_has_its_own_apostrophes_quotes_and_spaces():
    for message in messages():
        for text in said(message):
            words = PLACES.sub("x", HTML.sub("", text))
            assert "'" not in words, text
            assert not re.search(rf"[^{NARROW}?!][?!;]", words), text
            assert not re.search(rf"[^{FIXED}\d]:(?!\d)", words), text
            assert not re.search(rf"«[^{FIXED}]|[^{FIXED}]»|[“”]", words), text


@pytest.mark.django_db
def test_a_page_speaks_the_language_that_is_asked_for(client):
    assert b'lang="en"' in client.get("/", headers={"accept-language": "de"}).content
    page = client.get("/", headers={"accept-language": "fr-CH, en;q=0.5"})
    assert 'lang="fr"' in page.content.decode()
    assert "Galeries" in page.content.decode()


@pytest.mark.django_db
def test_the_switch_is_kept_and_leads_back(client):
    answer = client.post(
        "/language/", {"language": "fr", "next": "/?search=a"}, HTTP_HOST="localhost"
    )
    assert answer.headers["Location"] == "/?search=a"
    assert "Se connecter" in client.get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["https://example.com/", "//example.com", "nonsense:"])
def test_the_switch_leads_nowhere_else(client, page):
    answer = client.post("/language/", {"language": "xx", "next": page})
    assert answer.headers["Location"] == "/"
    assert not answer.cookies


@pytest.mark.django_db
def test_whoever_is_signed_in_keeps_it_in_the_account(client, django_user_model):
    user = django_user_model.objects.create_user("ada@example.com", "x" * 12)
    client.force_login(user)
    client.post("/language/", {"language": "fr", "next": "/"})

    user.refresh_from_db()
    assert user.language == "fr"
    assert 'lang="fr"' in client.get("/").content.decode()


def test_dates_are_french():
    with translation.override("fr"):
        from datetime import date

        from django.utils.formats import date_format

        assert date_format(date(2026, 10, 3), "j F Y") == "3 octobre 2026"
