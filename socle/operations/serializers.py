from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from socle.backups.models import Run
from socle.core.health.results import CheckState
from socle.operations.jobs import OUTCOMES


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
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="What a person should know of it before a restore.",
    )


class NextSerializer(serializers.Serializer):
    what = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class FactSerializer(serializers.Serializer):
    """One fact about the site, as /health/ready knows it."""

    name = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in CheckState])
    says = serializers.CharField()
    todo = serializers.CharField(
        help_text="The next command or place; empty where nothing is to be done."
    )


class VersionSerializer(serializers.Serializer):
    name = serializers.CharField()
    version = serializers.CharField(help_text="Empty where it could not be asked.")


class JobRunSerializer(serializers.Serializer):
    started_at = serializers.DateTimeField()
    seconds = serializers.FloatField()
    outcome = serializers.ChoiceField(choices=sorted(OUTCOMES))
    exit_status = serializers.IntegerField()
    output = serializers.CharField(help_text="The end of what it has written.")


class JobSerializer(serializers.Serializer):
    """One of cron's jobs. Its newest run comes first."""

    name = serializers.CharField()
    description = serializers.CharField()
    next_at = serializers.DateTimeField(
        allow_null=True, help_text="null for one that runs by hand only."
    )
    running_since = serializers.DateTimeField(allow_null=True)
    runs = JobRunSerializer(many=True)


class BoardSerializer(serializers.Serializer):
    facts = FactSerializer(source="system.facts", many=True)
    versions = VersionSerializer(source="system.versions", many=True)
    newest_at = serializers.DateTimeField(allow_null=True)
    is_overdue = serializers.BooleanField()
    backups = NightSerializer(source="shelf.nights", many=True)
    problem = serializers.CharField(
        source="shelf.problem", help_text="Why the store could not be read, or empty."
    )
    running = RunSerializer(source="state.running", many=True)
    failures = RunSerializer(many=True)
    next_runs = NextSerializer(many=True)
    jobs = serializers.SerializerMethodField()

    @extend_schema_field(JobSerializer(many=True))
    def get_jobs(self, board):
        """Empty where there is no cron, or where it has not started yet."""
        return JobSerializer(board.jobs.jobs if board.jobs else [], many=True).data
