"""The last lines of a run: where things are, and what to do next."""

import time
from pathlib import Path

from supervisor.states import ProcessStates

from socle.embedded.console import paint, say
from socle.embedded.layout import Layout
from socle.embedded.stack import Stack


def print_summary(stack: Stack, *, in_foreground: bool) -> None:
    user, flower_password = stack.env["FLOWER_BASIC_AUTH"].split(":", 1)
    if stack.new_password:
        sign_in = f"password {paint(stack.new_password, 'bold')} (shown once, kept in "
        sign_in += ".local/admin-password)"
        flower = f"user {user}, password {flower_password}"
    else:
        sign_in = "password: cat .local/admin-password"
        flower = f"user {user}, password: grep FLOWER_BASIC_AUTH .local/env"
        if not stack.layout.password_file.exists():
            sign_in = "with the password that this account already had"
    say()
    say(f"The site runs: {paint(stack.url, 'bold')}")
    say(f"  Sign in   {stack.env['ADMIN_EMAIL']}, {sign_in}")
    say(f"  Flower    {stack.env['FLOWER_URL']}  {flower}")
    say("  Logs      .local/logs/")
    for line in places(stack.layout):
        say(line)
    say("Next:")
    say("  ./install_local.sh --status   what runs")
    say("  ./google_storage.sh -b        back up database and uploads")
    if in_foreground:
        say("  ./run_tests.sh --fast         the tests; they leave this stack alone")
        say("Ctrl-C stops everything.")
    else:
        say("  ./install_local.sh --stop     stop everything")


def places(layout: Layout) -> list[str]:
    """What does not lie in .local/, and why."""
    if not layout.elsewhere:
        return ["  Data      .local/"]
    what = " and ".join(str(place) for place in layout.elsewhere)
    return [
        f"  Data      .local/, and {what}:",
        "            Postgres runs as nobody, who cannot enter this folder.",
        "            --reset deletes them. After deleting this clone, in another one:",
        "            ./install_local.sh --remove-leftovers",
    ]


def status_table(programs: list[dict]) -> str:
    lines = [f"{'PROGRAM':<10} {'STATE':<10} {'PROCESS':>8}  SINCE"]
    for facts in programs:
        runs = facts["state"] == ProcessStates.RUNNING
        since = duration(time.time() - facts["start"]) if runs else ""
        pid = str(facts["pid"]) if runs else ""
        state = facts["statename"].lower()
        lines.append(f"{facts['name']:<10} {state:<10} {pid:>8}  {since}".rstrip())
    return "\n".join(lines)


def duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{number} {unit}" for number, unit in parts if number] or ["0 s"]
    return " ".join(shown[:2])


def down(programs: list[dict], logs: Path) -> list[str]:
    """One line for each program that does not run."""
    running = {ProcessStates.RUNNING, ProcessStates.STARTING}
    return [
        f"{facts['name']} does not run ({facts['statename'].lower()}). "
        f"Its log: {logs / facts['name']}.log"
        for facts in programs
        if facts["state"] not in running
    ]
