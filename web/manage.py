#!/usr/bin/env python
"""The site's command line: `./manage.py help` lists the commands."""

import os
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

LOCAL_ENV = Path(__file__).resolve().parent.parent / ".local" / "env"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if "SECRET_KEY" not in os.environ and LOCAL_ENV.is_file():
        environ.Env.read_env(LOCAL_ENV)  # the stack of ./install_local.sh
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
