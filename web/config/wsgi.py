import os
import sys

from django.core.wsgi import get_wsgi_application

from config.utf8_request import Utf8Request
from socle.core.folders import FolderProblem, check_site_folders

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
application.request_class = Utf8Request
try:
    check_site_folders()
except FolderProblem as problem:  # a site that loses uploads must not start
    sys.stderr.write(f"{problem}\n")
    sys.exit(1)
