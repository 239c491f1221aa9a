import json
import os

import pytest
from django.http import Http404
from django.urls import path
from rest_framework import exceptions, permissions, serializers
from rest_framework.decorators import api_view, permission_classes

from socle.core.api import problems


class Answer(serializers.Serializer):
    size = serializers.IntegerField(max_value=3)


class Question(serializers.Serializer):
    name = serializers.CharField()
    answers = Answer(many=True)


def view(raise_error):
    @api_view(["GET", "POST"])
    @permission_classes([permissions.AllowAny])
    def ask(request):
        raise_error(request)

    return ask


def refuse(error):
    def raise_error(_request):
        raise error

    return view(raise_error)


urlpatterns = [
    path(
        "api/fields",
        view(
            lambda request: Question(data=request.data).is_valid(raise_exception=True)
        ),
    ),
    path("api/whole", refuse(exceptions.ValidationError("Too late.", code="too_late"))),
    path("api/gone", refuse(Http404("of the database"))),
    path("api/closed", refuse(exceptions.PermissionDenied("Only for owners."))),
    path("api/slow-down", refuse(exceptions.Throttled(wait=7))),
    path("api/broken", refuse(ZeroDivisionError())),
]
handler404 = "socle.core.api.problems.page_not_found"
handler500 = "socle.core.api.problems.server_error"
pytestmark = pytest.mark.urls(__name__)


def problem(response):
    assert response["Content-Type"] == "application/problem+json"
    return response.json()


def test_each_wrong_field_is_named_with_its_code(client):
    data = {"name": "", "answers": [{"size": 1}, {"size": 9}]}
    response = client.post("/api/fields", data, content_type="application/json")

    body = problem(response)
    assert (response.status_code, body["status"], body["code"]) == (400, 400, "invalid")
    assert {(error["field"], error["code"]) for error in body["errors"]} == {
        ("name", "blank"),
        ("answers.1.size", "max_value"),
    }


def test_what_is_wrong_with_the_whole_is_the_detail(client):
    body = problem(client.get("/api/whole"))

    assert (body["code"], body["detail"]) == ("too_late", "Too late.")
    assert "errors" not in body


@pytest.mark.parametrize(
    ("address", "status", "code", "title"),
    [
        ("/api/gone", 404, "not_found", "Not Found"),
        ("/api/closed", 403, "permission_denied", "Forbidden"),
        ("/api/slow-down", 429, "throttled", "Too Many Requests"),
        ("/api/nowhere", 404, "not_found", "Not Found"),
    ],
)
def test_every_refusal_has_the_same_form(client, address, status, code, title):
    response = client.get(address)

    body = problem(response)
    assert (response.status_code, body["status"]) == (status, status)
    assert (body["code"], body["title"], body["type"]) == (code, title, "about:blank")
    assert "of the database" not in body["detail"]


def test_a_body_that_is_no_json_is_named(client):
    response = client.post("/api/fields", b"{", content_type="application/json")

    assert problem(response)["code"] == "parse_error"


def test_a_failure_of_the_site_tells_nothing_of_its_inside(client, settings):
    client.raise_request_exception = False
    os.utime(settings.MEDIA_ROOT.parent, (0, 0))  # no swap has just changed it

    body = problem(client.get("/api/broken"))
    assert (body["status"], body["code"]) == (500, "server_error")
    assert "ZeroDivision" not in str(body)


@pytest.mark.urls("config.urls")
def test_pages_keep_their_pages(client):
    assert client.get("/nowhere")["Content-Type"].startswith("text/html")


def test_a_missing_csrf_token_is_a_problem_as_well(rf):
    refused = problems.csrf_failure(rf.post("/api/galleries/"), reason="No cookie.")

    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert json.loads(refused.content)["code"] == "csrf_failed"


@pytest.mark.urls("config.urls")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("end", ["galleries/a,b/c/", "uploads/a%0Ab/", ""])
def test_an_unknown_address_of_the_api_is_a_problem_in_debug_too(
    client, settings, method, end
):
    settings.DEBUG = True
    response = getattr(client, method)(f"/api/{end}")

    assert (response.status_code, problem(response)["code"]) == (404, "not_found")


@pytest.mark.urls("config.urls")
def test_who_forgot_the_slash_at_the_end_is_led_on(client):
    response = client.get("/api/docs?a=b")

    assert (response.status_code, response.url) == (301, "/api/docs/?a=b")
