import os

from socle.core.wsgi import get_site_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_site_application()
