import os
import sys

from django.core.wsgi import get_wsgi_application

from config.folders import FolderProblem, check_site_folders
from config.utf8_request import Utf8Request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
application.request_class = Utf8Request
try:
    check_site_folders()
except FolderProblem as problem:  # a site that loses uploads must not start
    sys.stderr.write(f"{problem}\n")
    sys.exit(1)
