"""
Schemathesis asks the running site for everything that its own description allows, and
for much that it forbids: no 5xx, and no answer that the description does not know.

Three people ask: a member and an administrator as other clients do (Bearer), and a
photographer as pages do, with cookies and a CSRF token. What is asked depends on a seed
alone: SCHEMATHESIS_SEED gives another one.

Left out are three of its checks: nginx itself answers TRACE; a 400 may have reasons
that no description holds (an old cursor, a weak password); and REST framework takes 7
for "7".
"""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from visitor import Person
from waiting import wait_until

HERE = Path(__file__).resolve().parent
SEED = os.environ.get("SCHEMATHESIS_SEED", "20261121")
# They end the sign-in that they are asked with, the last one all others too: each is
# asked with one of its own.
ENDINGS = ["signOut", "revokeSignIn", "changePassword", "signOutEverywhere"]
LEFT_OUT = "unsupported_method,positive_data_acceptance,negative_data_rejection"
# As a scheme's token and not as a header: so it is left out where that must be refused.
BEARER = '[auth.openapi.bearer]\nbearer = "${ACCESS_TOKEN}"\n'
COOKIE = '[auth.openapi.cookie]\napi_key = "${ACCESS_TOKEN}"\n'


@pytest.fixture(scope="module")
def description(stack) -> bytes:
    """Of a site with something in it."""
    visitor = stack.visitor(stack.admin)
    for name in ("Summer", "Winter"):
        visitor.create_gallery(f"{name} of the schema")
    return visitor.get("/api/schema/?format=json").content


# The administrator comes last: after that, too many have tried to sign in as them.
@pytest.mark.parametrize(
    ("role", "configuration", "cases"),
    [("member", BEARER, 8), ("photographer", COOKIE, 8), ("admin", BEARER, 25)],
    ids=["member", "photographer", "admin"],
)
def test_the_api_answers_as_it_is_described(
    stack, tmp_path, description, role, configuration, cases
):
    person = stack.admin
    if role != "admin":
        person = stack.make_person(f"a-{role}", role=role)
    (tmp_path / "openapi.json").write_bytes(description)
    (tmp_path / "schemathesis.toml").write_text(configuration)
    others = f"--exclude-operation-id-regex=^({'|'.join(ENDINGS)})$"
    questions = [others, *(f"--include-operation-id={name}" for name in ENDINGS)]
    # Beforehand: after it, too many have tried to sign in, which ends after a minute.
    tokens = [
        wait_until(partial(access_token, stack, person), within=90, what="a token")
        for _ in questions
    ]
    for question, token in zip(questions, tokens, strict=True):
        ask(stack, tmp_path, question, token=token, cases=cases)


def ask(stack, folder: Path, question: str, *, token: str, cases: int) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    asked = subprocess.run(
        [
            program,
            "run",
            "openapi.json",
            f"--url={stack.url}",
            f"--max-examples={cases}",
            f"--seed={SEED}",
            "--generation-database=none",
            f"--exclude-checks={LEFT_OUT}",
            "--continue-on-failure",
            "--request-timeout=60",
            "--warnings=off",
            "--no-shrink",
            question,
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
    said = asked.stdout[-6000:] + asked.stderr[-2000:]
    assert asked.returncode == 0, f"{said}\nThe same again: SCHEMATHESIS_SEED={SEED}"


def access_token(stack, person: Person) -> str:
    answer = stack.visitor().request(
        "POST",
        "/api/auth/tokens/",
        json={"email": person.email, "password": person.password},
    )
    assert answer.status_code == 200, answer.text[:500]
    return answer.json()["access"]
