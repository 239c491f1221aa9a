"""What supervisord reads: the programs, their order and their logs."""

import os
import shlex
from pathlib import Path

from socle.embedded.layout import Layout
from socle.embedded.programs import Program

SUPERVISORD = """\
; Written by ./install_local.sh at each start.
[unix_http_server]
file = {socket}
chmod = 0700

[supervisord]
logfile = {logs}/supervisord.log
logfile_maxbytes = 5MB
logfile_backups = 2
pidfile = {run}/supervisord.pid
childlogdir = {logs}
nocleanup = true
{user}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
# Nothing starts by itself: ./install_local.sh starts them one after the other, each
# when what it needs answers. Once started, a program that ends is started again.
PROGRAM = """
[program:{name}]
command = {command}
directory = {folder}
environment = {environment}
priority = {priority}
autostart = false
autorestart = true
startsecs = 1
startretries = 30
stopsignal = {stop_signal}
stopwaitsecs = {stop_seconds}
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 3
"""


def supervisor_file(programs: list[Program], *, layout: Layout, socket: Path) -> str:
    user = "user = root" if os.getuid() == 0 else ""
    head = SUPERVISORD.format(
        socket=plain(socket), logs=plain(layout.logs), run=plain(layout.run), user=user
    )
    sections = [
        PROGRAM.format(
            name=program.name,
            command=plain(shlex.join(program.command)),
            folder=plain(program.folder),
            environment=",".join(
                f'{name}="{plain(value)}"'
                for name, value in program.environment.items()
            ),
            priority=10 * number,
            stop_signal=program.stop_signal,
            stop_seconds=program.stop_seconds,
            logs=plain(layout.logs),
        )
        for number, program in enumerate(programs, start=1)
    ]
    return head + "".join(sections)


def plain(value: Path | str) -> str:
    """supervisord expands %(name)s."""
    return str(value).replace("%", "%%")
