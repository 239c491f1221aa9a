"""The words for searching lose their accents; the columns are computed anew."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import migrations, models
from django.db.models import CharField, F, Func, Value

SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~’‘“”«»–—…·"
MARKS = "".join(
    chr(n)
    for first, last in [
        (0x300, 0x36F),
        (0x591, 0x5BD),
        (0x5BF, 0x5BF),
        (0x5C1, 0x5C2),
        (0x5C4, 0x5C5),
        (0x5C7, 0x5C7),
        (0x640, 0x640),
        (0x64B, 0x65F),
        (0x670, 0x670),
    ]
    for n in range(first, last + 1)
)
LETTERS, PLAIN_LETTERS = "łŁøØđĐðÐħĦŧŦı", "lLoOdDdDhHtTi"
IN_TWO = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}


def call(function, *parts):
    return Func(*parts, function=function, output_field=CharField())


def normalized(text, form):
    template = f"normalize(%(expressions)s, {form})"
    return Func(text, template=template, output_field=CharField())


def words_of(text):
    for one, two in IN_TWO.items():
        text = call("replace", text, Value(one), Value(two))
    text = normalized(text, "NFKD")
    text = call("translate", text, Value(LETTERS + MARKS), Value(PLAIN_LETTERS))
    text = normalized(text, "NFC")
    return call("translate", text, Value(SIGNS), Value(" " * len(SIGNS)))


def searchable(*fields):
    words = SearchVector(*(words_of(F(field)) for field in fields), config="simple")
    return models.GeneratedField(
        expression=words, output_field=SearchVectorField(), db_persist=True
    )


def columns():
    """A generated column cannot be changed: another one takes its place."""
    for model, other in [("gallery", "description"), ("photo", "caption")]:
        words = searchable("name", other)
        index = GinIndex(fields=["search"], name=f"{model}_words")
        yield migrations.RemoveIndex(model, f"{model}_words")
        yield migrations.RemoveField(model, "search")
        yield migrations.AddField(model, "search", words)
        yield migrations.AddIndex(model, index)


class Migration(migrations.Migration):
    dependencies = [("gallery", "0005_visible_names")]

    operations = list(columns())
