"""
Fields for what people write, which all doors share: pages, API, admin, uploads.

The model's field cleans what is written by whatever way, `update()` and
`bulk_create()` as well.
"""

from django.db import models

from socle.core.unicode_text import one_line, paragraphs


class CleanedField(models.Field):
    clean_text = staticmethod(one_line)

    def to_python(self, value):
        value = super().to_python(value)
        return self.cleaned(value) if isinstance(value, str) else value

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return self.cleaned(value) if isinstance(value, str) else value

    def pre_save(self, instance, add):
        """What was saved is what the instance has from then on."""
        value = super().pre_save(instance, add)
        if isinstance(value, str):
            value = self.cleaned(value)
            setattr(instance, self.attname, value)
        return value

    def cleaned(self, value: str) -> str:
        """Composed, a few texts are longer than they were: those are cut."""
        cleaned = type(self).clean_text(value)
        if self.max_length is None or len(value) > self.max_length:
            return cleaned
        return cleaned[: self.max_length]


class NameField(CleanedField, models.CharField):
    """A name or caption: see `one_line`."""


class ParagraphsField(CleanedField, models.TextField):
    """A longer text: see `paragraphs`."""

    clean_text = staticmethod(paragraphs)
