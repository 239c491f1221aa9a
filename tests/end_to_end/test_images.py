"""What lies in PROD's images: no tool, no right of another, no secret; and a list."""

import json

import pytest
from layers import found_in, secrets_of

OURS = ("web", "worker", "flower", "cron", "nginx", "certbot")
TOOLS = "gcc cc g++ clang make cargo go node npm pip pytest ruff mypy git gdb strace nc"
PYTHON = (
    "import importlib.metadata as m;"
    "print(*(f'{d.name} {d.version}' for d in m.distributions()), sep='\\n')"
)


@pytest.mark.parametrize("service", OURS)
def test_there_is_no_tool_to_build_or_to_look_around_with(dev, service):
    found = dev.inside(
        service, "sh", "-c", f"for tool in {TOOLS}; do command -v $tool; done; true"
    )

    assert found.split() == []


@pytest.mark.parametrize("service", OURS)
def test_no_program_gives_another_users_rights(dev, service):
    folders = ("/usr/", "/bin/", "/sbin/")
    found = dev.inside(
        service, "find", *folders, "-xdev", "-perm", "/6000", "-type", "f"
    )

    assert found.split() == []


@pytest.mark.parametrize("service", OURS)
def test_an_image_says_what_it_is_and_what_it_is_built_from(dev, service):
    image = json.loads(dev.run("docker", "inspect", image_of(dev, service)).stdout)
    labels = image[0]["Config"]["Labels"]

    assert labels["org.opencontainers.image.title"].startswith("socle-")
    assert labels["org.opencontainers.image.description"]
    assert labels["org.opencontainers.image.revision"]


def test_no_layer_of_prods_images_holds_a_secret(dev):
    secrets = secrets_of(dev)

    assert {"secret_key", "postgres_password", "dev_password"} <= set(secrets)
    assert found_in([image_of(dev, service) for service in OURS], secrets) == set()


def test_no_layer_of_locals_images_holds_a_secret(stack):
    images = [image_of(stack, service) for service in ("web", "cron", "nginx")]
    secrets = secrets_of(stack)

    assert {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"} <= set(secrets)
    assert found_in(images, secrets) == set()


def test_a_secret_that_a_later_layer_replaces_is_found(dev):
    """So is one in the image's configuration: else the two tests above say nothing."""
    folder, image = dev.folder.parent / "leaking", f"{dev.project}-leaking"
    folder.mkdir()
    (folder / "first").write_text("here is a-secret-of-a-layer")
    (folder / "second").write_text("nothing")
    steps = "FROM scratch\nCOPY first /file\nCOPY second /file\nENV A=a-secret-of-env\n"
    (folder / "Dockerfile").write_text(steps)
    dev.run("docker", "build", "--quiet", "--tag", image, str(folder))

    secrets = {"one": b"a-secret-of-a-layer", "two": b"a-secret-of-env"}
    found = found_in([image], secrets | {"three": b"in no layer"})

    assert "one in file" in found
    assert {line.split()[0] for line in found} == {"one", "two"}


@pytest.mark.parametrize("service", ["web", "cron"])
def test_the_sites_bill_of_materials_is_complete(dev, service):
    listed = bill_of(dev, service)
    debian = dev.inside(service, "dpkg-query", "-Wf", "${Package} ${Version}\n")
    python = dev.inside(service, "python", "-c", PYTHON)

    assert pairs(debian) | pairs(python) <= listed
    assert {"react", "postgresql-client-17"} <= {name for name, _ in listed}


def test_the_edges_bill_of_materials_is_complete(dev):
    debian = dev.inside("nginx", "dpkg-query", "-Wf", "${Package} ${Version}\n")

    assert pairs(debian) == bill_of(dev, "nginx")


def test_certbots_bill_of_materials_is_complete(dev):
    """The public image is Alpine's, with another list of packages than Debian's."""
    listed = bill_of(dev, "certbot")
    ask = "if command -v apk >&2; then apk info; else dpkg-query -Wf '${Package}\n'; fi"
    system = dev.inside("certbot", "sh", "-c", ask).split()
    python = dev.inside("certbot", "python3", "-c", PYTHON)

    assert pairs(python) <= listed
    assert {"certbot", "openssl", *system} <= {name for name, _ in listed}


def bill_of(stack, service: str) -> set[tuple[str, ...]]:
    """Name and version of each part that the image says it has."""
    bill = json.loads(stack.inside(service, "cat", "/usr/share/sbom.cdx.json"))
    assert bill["bomFormat"] == "CycloneDX"
    return {(part["name"], part["version"]) for part in bill["components"]}


def pairs(lines: str) -> set[tuple[str, ...]]:
    found = {tuple(line.split()) for line in lines.splitlines()}
    assert found, "nothing is installed"
    return found


def image_of(stack, service: str) -> str:
    return stack.container(service)["Image"]
