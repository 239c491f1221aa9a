"""gunicorn's own words, as lines of the site's log from the first one on."""

import os
from logging.config import dictConfig

from gunicorn.glogging import Logger

from socle.core import logs


class SiteLogger(Logger):
    """With `logconfig_dict` it would make up a line a request, written or not."""

    def setup(self, cfg):
        super().setup(cfg)
        dictConfig(logs.settings_of_process(["gunicorn"], variables=os.environ))
