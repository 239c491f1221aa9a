"""Whether this process lives, and whether what it needs is in order."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import override

from socle.core.health.check_runner import all_checks, ask_all
from socle.core.health.results import CheckState, Fact


def live(_request):
    """200 as long as the process answers at all; touches nothing else."""
    return HttpResponse("alive", content_type="text/plain")


def ready(request):
    """
    503 when something fails that the site cannot do without. Whatever else is wrong
    makes it `degraded`: an old backup is no reason to send nobody here any more.
    """
    checks = all_checks()
    facts = ask_all(checks)
    status = overall(facts, essential={one.name for one in checks if one.essential})
    response = JsonResponse(
        {
            "status": status,
            "checks": {fact.name: told(fact, request) for fact in facts},
        },
        status=503 if status == "unavailable" else 200,
    )
    response["Cache-Control"] = "no-store"
    # Django would log a 503 as an error, every 15 s; what fails has logs of its own.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def overall(facts: list[Fact], *, essential: set[str]) -> str:
    if any(fact.state == CheckState.FAIL and fact.name in essential for fact in facts):
        return "unavailable"
    return "ok" if all(fact.state == CheckState.OK for fact in facts) else "degraded"


def told(fact: Fact, request: HttpRequest) -> dict[str, str]:
    """Only states for the world: a driver's words name hosts and accounts."""
    if not settings.LOCAL and "X-Forwarded-For" in request.headers:
        return {"state": fact.state}
    with override("en"):
        return {"state": fact.state, "says": str(fact.says)}
