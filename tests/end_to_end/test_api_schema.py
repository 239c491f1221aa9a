"""
Schemathesis asks the running site for everything that its own description allows, and
for much that it forbids: no 5xx, and no answer that the description does not know.

Left out are three of its checks: nginx itself answers TRACE; a 400 may have reasons
that no description holds (an old cursor, a weak password); and REST framework takes 7
for "7".
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES_AN_OPERATION = 25
# They end the sign-in that the other questions are asked with: asked last, by another.
ENDINGS = "signOut|signOutEverywhere|changePassword|revokeSignIn"
LEFT_OUT = "unsupported_method,positive_data_acceptance,negative_data_rejection"
# As a scheme's token and not as a header: so it is left out where that must be refused.
CONFIGURATION = '[auth.openapi.bearer]\nbearer = "${ACCESS_TOKEN}"\n'


def test_the_api_answers_as_it_is_described(stack, tmp_path):
    visitor = stack.visitor(stack.admin)
    for name in ("Summer", "Winter"):
        visitor.create_gallery(f"{name} of the schema")

    description = visitor.get("/api/schema/?format=json").content
    others = f"--exclude-operation-id-regex=^({ENDINGS})$"
    ask(stack, tmp_path, description, others)
    for ending in ENDINGS.split("|"):
        ask(stack, tmp_path, description, f"--include-operation-id={ending}")


def ask(stack, folder: Path, description: bytes, *arguments: str) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    (folder / "openapi.json").write_bytes(description)
    asked = subprocess.run(
        [
            program,
            "run",
            "openapi.json",
            f"--url={stack.url}",
            f"--max-examples={CASES_AN_OPERATION}",
            f"--exclude-checks={LEFT_OUT}",
            "--continue-on-failure",
            "--warnings=off",
            "--no-shrink",
            *arguments,
        ],
        cwd=folder,
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "PYTHONPATH": str(HERE),
            "ACCESS_TOKEN": access_token(stack),
        },
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert asked.returncode == 0, asked.stdout[-6000:] + asked.stderr[-2000:]


def access_token(stack) -> str:
    person = stack.admin
    answer = stack.visitor().request(
        "POST",
        "/api/auth/tokens/",
        json={"email": person.email, "password": person.password},
    )
    assert answer.status_code == 200, answer.text[:500]
    return answer.json()["access"]
