"""The WSGI application of a site."""

import sys

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from socle.core.utf8_request import Utf8Request
from socle.core.writable_folders import FolderProblem, check_site_folders


def get_site_application() -> WSGIHandler:
    """Django's own, once the folders are there; ends the process where they are not."""
    application = get_wsgi_application()
    application.request_class = Utf8Request
    try:
        check_site_folders()
    except FolderProblem as problem:  # a site that loses uploads must not start
        sys.stderr.write(f"{problem}\n")
        sys.exit(1)
    return application
