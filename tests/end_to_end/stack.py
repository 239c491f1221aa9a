"""The running project, and all that tests do to it."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import requests
from clone import as_owner
from visitor import Person, Visitor
from waiting import wait_until

MINUTES_8 = 480
COMPOSE = ("docker", "compose", "--ansi=never", "--progress=plain")


@dataclass(frozen=True)
class Stack:
    project: str  # as Compose names it
    folder: Path
    url: str
    compose_file: str = "docker-compose.yml"

    def run(
        self, *command: str, check=True, timeout=120, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """In the copy, as its user, without the variables of whoever runs the tests."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent / "home"),
        }
        for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "TMPDIR"):
            if name in os.environ:
                environment[name] = os.environ[name]
        done = subprocess.run(
            [*as_owner(), *command],
            cwd=self.folder,
            env=environment | {"NO_COLOR": "1"} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check:
            assert done.returncode == 0, (
                f"{' '.join(command)} ended with {done.returncode}:\n"
                f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        return done

    def compose(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        return self.run(*COMPOSE, "-f", self.compose_file, *arguments, **options)

    def inside(self, service: str, *command: str, **options) -> str:
        """What `command` prints in the running container of `service`."""
        return self.compose("exec", "-T", service, *command, **options).stdout

    def sql(self, statement: str) -> str:
        program = ["psql", "-U", "socle", "-d", "socle", "-v", "ON_ERROR_STOP=1"]
        return self.inside("postgres", *program, "-qAtc", statement).strip()

    def logs(self, *services: str, tail: int | str = "all") -> str:
        done = self.compose("logs", "--no-color", "--tail", str(tail), *services)
        return done.stdout + done.stderr

    def container(self, service: str) -> dict:
        """Everything that the engine knows of the container of `service`."""
        name = self.compose("ps", "--all", "--quiet", service).stdout.strip()
        assert name, f"{service} has no container"
        return json.loads(self.run("docker", "inspect", name).stdout)[0]

    def started_at(self, service: str) -> str:
        return self.container(service)["State"]["StartedAt"]

    def value(self, name: str) -> str:
        """Of one variable in .env."""
        lines = (self.folder / ".env").read_text().splitlines()
        (found,) = [line for line in lines if line.startswith(f"{name}=")]
        return found.split("=", 1)[1]

    def setting(self, name: str, value: str) -> None:
        """Change one line of .env."""
        file = self.folder / ".env"
        lines = file.read_text().splitlines()
        changed = [
            f"{name}={value}" if line.startswith(f"{name}=") else line for line in lines
        ]
        assert changed != lines, f"{name} is not in .env, or has that value already"
        file.write_text("\n".join(changed) + "\n")

    @property
    def admin(self) -> Person:
        password = self.folder / ".local/docker-admin-password"
        return Person("admin@example.com", password.read_text().strip())

    def visitor(self, person: Person | None = None, **options) -> Visitor:
        visitor = Visitor(self.url, **options)
        if person:
            visitor.sign_in(person)
        return visitor

    def make_person(self, name: str, *, staff: bool = False, role: str = "") -> Person:
        """Signed in as; without a role they are allowed nothing."""
        person = Person(f"{name}@example.com", f"a-password-of-{name}")
        code = (
            "from accounts.models import User; "
            "from django.contrib.auth.models import Group; "
            f"user = User.objects.create_user({person.email!r}, {person.password!r}, "
            f"is_staff={staff}); "
            f"user.groups.set(Group.objects.filter(name={role!r}))"
        )
        self.inside("web", "python", "manage.py", "shell", "--command", code)
        return person

    @property
    def plain_url(self) -> str:
        return f"http://localhost:{self.value('HTTP_PORT')}"

    def install(self, *arguments: str, **variables: str) -> str:
        """What ./install_docker.sh says to a person."""
        script = "./install_docker.sh"
        return self.run(script, *arguments, timeout=MINUTES_8, **variables).stderr

    def is_ready(self) -> bool:
        answer = requests.get(f"{self.plain_url}/health/ready", timeout=10)
        assert answer.status_code == 200, answer.text[:300]
        return True

    def wait_until_ready(self, *, within: float = 60) -> None:
        wait_until(self.is_ready, within=within, what="/health/ready answers 200")
