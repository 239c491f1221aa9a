"""
What web asks of a Redis that hangs: python -m socle.core.tests.asking_redis PID

Stops the server of that PID once the connections are made, and prints what it got.
"""

import json
import os
import signal
import sys
from importlib import import_module

import django
from kombu.exceptions import OperationalError


def main(pid: int) -> None:
    django.setup()
    throttles = import_module("socle.core.api.throttles")
    queue, letters = import_module("gallery.queue"), import_module("accounts.tasks")

    def ask() -> list:
        counted = throttles.count("asking", seconds=60)
        return [counted, queue.send(queue.TASK, 1, queue=queue.FILES_QUEUE)]

    got = ask() + ask()
    os.kill(pid, signal.SIGSTOP)
    got += ask() + ask()
    try:
        letters.send_invitation.apply_async(args=[1, "en"], retry=False)
    except OperationalError:
        got.append("no letter")
    sys.stdout.write(json.dumps(got))


if __name__ == "__main__":
    main(int(sys.argv[1]))
