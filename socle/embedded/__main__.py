"""What ./install_local.sh does with the packages there: -m socle.embedded ACTION"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from socle.embedded.console import paint, say
from socle.embedded.env_file import PORTS
from socle.embedded.exceptions import LocalError
from socle.embedded.interrupts import interrupt_on_signals, undisturbed
from socle.embedded.lock import only_one
from socle.embedded.monitor import watch
from socle.embedded.stack import Stack
from socle.embedded.summary import down, places, print_summary, status_table

ROOT = Path(__file__).resolve().parents[2]
NOT_RUNNING = 3


def main() -> int:
    arguments = parse(sys.argv[1:])
    interrupt_on_signals()
    ports = {name: getattr(arguments, name) for name in PORTS}
    try:
        if arguments.action == "start":
            return start(
                {name: port for name, port in ports.items() if port},
                detach=arguments.detach,
            )
        if arguments.action == "run":
            return run(arguments.task)
        return {"stop": stop, "status": status, "reset": reset}[arguments.action]()
    except LocalError as error:
        say(f"{paint('Stopped:', 'red')} {error}")
        return 1
    except KeyboardInterrupt:
        say("Interrupted; nothing is left running.")
        return 130


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m socle.embedded")
    parser.add_argument("action", choices=["start", "stop", "status", "run", "reset"])
    parser.add_argument("task", nargs="?", default="--list")
    parser.add_argument("--detach", action="store_true")
    for name in PORTS:
        option = f"--{name.lower().replace('_', '-')}"
        parser.add_argument(option, dest=name, type=int)
    return parser.parse_args(words)


def start(ports: dict[str, int], *, detach: bool) -> int:
    with only_one(lock_file()):
        stack = Stack(ROOT, wanted_ports=ports)
        if stack.supervisor.is_running():
            if not stack.must_start_anew():
                return update(stack)
            say("Settings or packages have changed: the stack is started anew.")
            detach = detach or stack.was_detached()
            stack.stop()
        process = stack.start(outlives_us=detach)
    print_summary(stack, in_foreground=not detach)
    return 0 if detach else stay(stack, process)


def update(stack: Stack) -> int:
    if not stack.update():
        say("Everything runs already, and nothing has changed.")
    print_summary(stack, in_foreground=False)
    return 0


def stay(stack: Stack, process: subprocess.Popen) -> int:
    """Until Ctrl-C, or until another terminal stops the stack."""
    try:
        watch(stack, process)
        say("The stack was stopped from elsewhere.")
    except KeyboardInterrupt:
        with undisturbed():
            say()
            stack.stop()
            process.wait()
    return 0


def stop() -> int:
    with only_one(lock_file()):
        stack = Stack(ROOT, wanted_ports={})
        runs = stack.supervisor.is_running()
        with undisturbed():
            stack.stop()
    say("The stack is stopped." if runs else "The stack did not run.")
    return 0


def status() -> int:
    stack = Stack(ROOT, wanted_ports={})
    if not stack.supervisor.is_running():
        say("The stack does not run. Start it: ./install_local.sh --detach")
        print("\n".join(places(stack.layout)))  # noqa: T201
        return NOT_RUNNING
    programs = stack.supervisor.programs()
    print(status_table(programs))  # noqa: T201
    print(f"\nSite {stack.url}   Flower {stack.env['FLOWER_URL']}")  # noqa: T201
    print("\n".join(places(stack.layout)))  # noqa: T201
    print(f"\n{stack.jobs('--status')}")  # noqa: T201
    problems = down(programs, stack.layout.logs)
    for problem in problems:
        say(problem)
    return 1 if problems else 0


def run(task: str) -> int:
    """A job of cron, now, in front of who asked; `run --list` names them."""
    stack = Stack(ROOT, wanted_ports={})
    if not stack.supervisor.is_running():
        say("The stack does not run. Start it: ./install_local.sh --detach")
        return NOT_RUNNING
    return stack.run_job(task)


def reset() -> int:
    """The caller has asked the user."""
    with only_one(lock_file()):
        stack = Stack(ROOT, wanted_ports={})
        with undisturbed():
            stack.stop()
            for place in stack.layout.data:
                remove(place)
    say("Database, uploads, bucket, logs and secrets are deleted.")
    say("Start from nothing: ./install_local.sh")
    return 0


def remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def lock_file() -> Path:
    folder = ROOT / ".local"
    folder.mkdir(exist_ok=True)
    return folder / "lock"


if __name__ == "__main__":
    sys.exit(main())
