from rest_framework import serializers

from backups.models import Run


class RunSerializer(serializers.ModelSerializer):
    class Meta:
        model = Run
        fields = ["id", "kind", "started_at", "ended_at", "reason", "progress"]
        read_only_fields = fields


class NightSerializer(serializers.Serializer):
    """One backup in the store. Sizes in bytes."""

    id = serializers.CharField()
    url = serializers.CharField(help_text="What ./google_storage.sh -r takes.")
    taken_at = serializers.DateTimeField()
    database_bytes = serializers.IntegerField()
    media_files = serializers.IntegerField()
    media_bytes = serializers.IntegerField()
    new_bytes = serializers.IntegerField()
    seconds = serializers.FloatField()
    lost_files = serializers.IntegerField()
    encrypted = serializers.BooleanField()
    proven_at = serializers.DateTimeField(
        allow_null=True, help_text="When a drill restored it."
    )


class NextSerializer(serializers.Serializer):
    what = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class BoardSerializer(serializers.Serializer):
    newest_at = serializers.DateTimeField(allow_null=True)
    is_overdue = serializers.BooleanField()
    backups = NightSerializer(source="shelf.nights", many=True)
    problem = serializers.CharField(
        source="shelf.problem", help_text="Why the store could not be read, or empty."
    )
    running = RunSerializer(source="state.running", many=True)
    failures = RunSerializer(many=True)
    next_runs = NextSerializer(many=True)
