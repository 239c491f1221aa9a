"""What the operations page shows, for other programs."""

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, permissions, status
from rest_framework.response import Response
from rest_framework.views import APIView

from socle.backups.exceptions import AlreadyRunning, BackupError
from socle.operations.dashboard import gather, site_time
from socle.operations.serializers import BoardSerializer
from socle.operations.services import ask_for_backup


class Operator(permissions.BasePermission):
    def has_permission(self, request: HttpRequest, view) -> bool:
        return request.user.has_perm("accounts.operate")


class OperationsApi(APIView):
    permission_classes = [Operator]

    def handle_exception(self, exc):
        if isinstance(exc, BackupError):
            exc = problem_of(exc)
        return super().handle_exception(exc)

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class BoardApi(OperationsApi):
    @extend_schema(
        operation_id="getOperations",
        summary="How the site is, its backups and jobs, and what comes next",
        tags=["Operations"],
        responses=BoardSerializer,
    )
    def get(self, request):
        return Response(BoardSerializer(gather(now=site_time())).data)


class BackUpApi(OperationsApi):
    @extend_schema(
        operation_id="startBackup",
        summary="Ask for a backup now",
        tags=["Operations"],
        request=None,
        responses={202: OpenApiResponse(description="It begins within a minute.")},
    )
    def post(self, request):
        ask_for_backup(by=request.user.email, now=site_time())
        return Response(status=status.HTTP_202_ACCEPTED)


def problem_of(error: BackupError) -> exceptions.APIException:
    """409 for one that runs already; 503 for what does not answer."""
    runs = isinstance(error, AlreadyRunning)
    problem = exceptions.APIException(
        str(error), code="already_running" if runs else "unavailable"
    )
    problem.status_code = (
        status.HTTP_409_CONFLICT if runs else status.HTTP_503_SERVICE_UNAVAILABLE
    )
    return problem
