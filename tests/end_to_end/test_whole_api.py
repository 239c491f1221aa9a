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
# They end the sign-in that they are asked with, the last one all others too: each is
# asked with one of its own.
ENDINGS = ["signOut", "revokeSignIn", "changePassword", "signOutEverywhere"]
LEFT_OUT = "unsupported_method,positive_data_acceptance,negative_data_rejection"
# As a scheme's token and not as a header: so it is left out where that must be refused.
CONFIGURATION = '[auth.openapi.bearer]\nbearer = "${ACCESS_TOKEN}"\n'


def test_the_api_answers_as_it_is_described(stack, tmp_path):
    visitor = stack.visitor(stack.admin)
    for name in ("Summer", "Winter"):
        visitor.create_gallery(f"{name} of the schema")

    (tmp_path / "openapi.json").write_bytes(
        visitor.get("/api/schema/?format=json").content
    )
    others = f"--exclude-operation-id-regex=^({'|'.join(ENDINGS)})$"
    questions = [others, *(f"--include-operation-id={name}" for name in ENDINGS)]
    # Beforehand: after it, too many have tried to sign in.
    tokens = [access_token(stack) for _ in questions]
    for question, token in zip(questions, tokens, strict=True):
        ask(stack, tmp_path, question, token=token)


def ask(stack, folder: Path, *arguments: str, token: str) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
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
            "ACCESS_TOKEN": token,
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
