"""
A process whose pages and tasks fail: python -m socle.core.tests.failing_site

It is the site's own WSGI application; a worker takes the task with --include.
"""

import logging
from importlib import import_module
from wsgiref.util import setup_testing_defaults

import sentry_sdk
from celery import shared_task
from django.http import HttpResponse
from django.urls import path

QUEUE = "failing"


@shared_task(name="failing.fail_later")
def fail_later(email):
    raise OSError(f"No letter to {email}")


@shared_task(name="failing.hand_on")
def hand_on_later():
    fail_later.apply_async(["ada@example.com"], queue=QUEUE)
    return "handed on, for ada@example.com"


def fail(request, key):
    logging.getLogger("gallery").info("About to fail for ada@example.com")
    raise ValueError("ada@example.com at 203.0.113.9")


def hand_on(request):
    fail_later.apply_async(["ada@example.com"], queue=QUEUE)
    return HttpResponse()


def break_pipe(request):
    raise BrokenPipeError


def ask(application, address, **more):
    environ = {"PATH_INFO": address, "QUERY_STRING": "token=s3cret"}
    setup_testing_defaults(environ)
    environ |= {
        "HTTP_HOST": "127.0.0.1",
        "HTTP_X_REQUEST_ID": f"request-{address.strip('/')[:4]}",
        "HTTP_COOKIE": "access=c00kie",
        "HTTP_AUTHORIZATION": "Bearer s3cret-token",
        "REMOTE_ADDR": "203.0.113.9",
    }
    answer = application(environ | more, lambda *_: None)
    b"".join(answer)
    answer.close()


def main():
    from config.wsgi import application

    urls = import_module("config.urls")
    urls.urlpatterns[:0] = [
        path("invitations/<str:key>/fail/", fail),
        path("hand-on/", hand_on),
        path("pipe/", break_pipe),
    ]
    ask(application, "/invitations/MTI:1vKx9a:aBcDeFgHiJkLmN/fail/")
    ask(application, "/hand-on/")
    ask(application, "/pipe/")
    ask(application, "/health/live")
    ask(application, "/sign-in/", HTTP_HOST="evil.example")
    sentry_sdk.flush(10)


if __name__ == "__main__":
    main()
