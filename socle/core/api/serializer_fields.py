"""Checks what people write as it will be stored: see socle/core/text_fields.py."""

from rest_framework import serializers

from socle.core.text_fields import NameField, ParagraphsField
from socle.core.unicode_text import one_line, paragraphs


class NameSerializerField(serializers.CharField):
    clean_text = staticmethod(one_line)

    def run_validation(self, data=serializers.empty):
        """Cleaned first: a name of hidden characters alone is an empty one."""
        if isinstance(data, str) and "\0" not in data:  # that one is told
            data = type(self).clean_text(data)
        return super().run_validation(data)


class ParagraphsSerializerField(NameSerializerField):
    clean_text = staticmethod(paragraphs)


class TextModelSerializer(serializers.ModelSerializer):
    """Checks the fields above as they will be stored."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        NameField: NameSerializerField,
        ParagraphsField: ParagraphsSerializerField,
    }
