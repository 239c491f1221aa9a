from django.contrib import messages
from django.contrib.auth.mixins import UserPassesTestMixin
from django.http import HttpRequest, JsonResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from socle.backups.exceptions import BackupError
from socle.operations.dashboard import gather, site_time
from socle.operations.services import ask_for_backup
from socle.operations.state import look
from socle.operations.system import look_at_system


class OperatorsOnly(UserPassesTestMixin):
    """Visitors are sent to sign in, everybody else but operators is refused."""

    request: HttpRequest

    def test_func(self):
        return self.request.user.has_perm("accounts.operate")


@method_decorator(never_cache, name="dispatch")
class BackupsView(OperatorsOnly, TemplateView):
    template_name = "operations/backups.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(board=gather(now=site_time()), **kwargs)


class BoardView(BackupsView):
    """What the page's script puts in the place of what it shows."""

    template_name = "operations/board.html"
    raise_exception = True  # a script has no use for the sign-in page


@method_decorator(never_cache, name="dispatch")
class SystemView(OperatorsOnly, TemplateView):
    """How the site is, each minute anew."""

    template_name = "operations/system.html"
    raise_exception = True

    def get_context_data(self, **kwargs):
        return super().get_context_data(system=look_at_system(), **kwargs)


@method_decorator(never_cache, name="dispatch")
class StateView(OperatorsOnly, View):
    """Asked every few seconds: what runs, and whether the board is another one."""

    raise_exception = True

    def get(self, request):
        state = look()
        return JsonResponse(
            {
                "key": state.key,
                "busy": state.is_busy,
                "progress": {str(run.pk): run.progress for run in state.running},
            }
        )


class BackUpView(OperatorsOnly, View):
    http_method_names = ["post"]

    def post(self, request):
        try:
            ask_for_backup(by=request.user.email, now=site_time())
        except BackupError as error:
            messages.warning(request, str(error))
        return redirect("operations:backups")
