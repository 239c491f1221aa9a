"""Whether the stack's ports are free, or already its own."""

from pathlib import Path

from socle.embedded.exceptions import LocalError
from socle.embedded.probes import is_port_free
from socle.embedded.processes import describe, listeners, stack_processes

TITLES = {
    "WEB_PORT": "the site",
    "FLOWER_PORT": "Flower",
    "STORAGE_PORT": "the storage emulator",
}
OPTIONS = {
    "WEB_PORT": "--port",
    "FLOWER_PORT": "--flower-port",
    "STORAGE_PORT": "--storage-port",
}
HIGHEST = 65_535


def check_ports(ports: dict[str, int], *, local: Path) -> None:
    """Raises LocalError with a line for each port that cannot be had."""
    problems = [
        problem
        for name, port in ports.items()
        if (problem := problem_of(name, port, local=local))
    ]
    if len(set(ports.values())) < len(ports):
        problems.append(f"Two programs cannot share a port: {ports}.")
    if problems:
        raise LocalError("\n".join(problems))


def problem_of(name: str, port: int, *, local: Path) -> str:
    other = f"Choose another: ./install_local.sh {OPTIONS[name]} {port + 1}"
    if not 0 < port <= HIGHEST:
        return f"{port} is not a port: they go from 1 to {HIGHEST}."
    if is_port_free(port):
        return ""
    found = listeners(port)
    if set(found) & set(stack_processes(local)):
        return ""  # our own: it runs, or is about to be cleared away
    holder = describe(found[0]) if found else "a program of another user"
    return f"Port {port} ({TITLES[name]}) is taken by {holder}. {other}"
