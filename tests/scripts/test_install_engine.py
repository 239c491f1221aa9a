"""./install_docker.sh: what the engine must be able to do is asked before it builds."""

import pytest
from docker_project import FOR_A_SERVER, REPOSITORY

SECURITY = "[name=seccomp,profile=builtin]"
NO_POOL = (
    "Error response from daemon: could not find an available, non-overlapping IPv4 "
    "address pool among the defaults to assign to the network"
)
SUBNETTED = "Error response from daemon: all predefined address pools have been fully "
SUBNETTED += "subnetted"


def facts(version="26.1.5", cpus=4, memory_mb=16_000, quota=True, security=SECURITY):
    words = (version, cpus, memory_mb * 1_000_000, str(quota).lower(), security)
    return "|".join(str(word) for word in words)


def headings() -> str:
    return (REPOSITORY / "docs/troubleshooting.md").read_text()


def section_of(said: str) -> str:
    """The heading that the message names; it must exist."""
    name = said.rpartition("(docs/troubleshooting.md: ")[2].partition(")")[0]
    assert f"\n### {name}\n" in headings(), said
    return name


# --- Processors --------------------------------------------------------------------


def test_one_processor_is_enough(project):
    project.docker(facts=facts(cpus=1))

    said = project.install()

    assert "This machine has 1 processor: WEB_CPUS in .env is 1 now, not 2." in said
    values = project.values()
    assert (values["WEB_CPUS"], values["WORKER_CPUS"]) == ("1", "1")


def test_where_there_are_processors_the_limits_are_the_usual_ones(project):
    project.docker(facts=facts(cpus=2))

    assert "CPUS" not in project.install()
    assert project.values()["WEB_CPUS"] == ""


def test_a_limit_of_ones_own_is_kept_where_it_fits(project):
    project.docker(facts=facts(cpus=2))
    project.install()
    project.change(WEB_CPUS="1.5", WORKER_CPUS="3")

    said = project.install()

    assert "This machine has 2 processors: WORKER_CPUS in .env is 2 now, not 3." in said
    values = project.values()
    assert (values["WEB_CPUS"], values["WORKER_CPUS"]) == ("1.5", "2")


def test_each_limit_that_may_be_more_than_one_processor_can_be_lowered():
    import re

    for name in ("services.yml", "docker-compose.yml", "dev.yml", "prod.yml"):
        text = (REPOSITORY / name).read_text()
        for limit in re.findall(r"cpus: \"?([^\",}]+\}?)", text):
            assert limit.startswith("${W") or float(limit) <= 1, (name, limit)


# --- Networks ----------------------------------------------------------------------


@pytest.mark.parametrize("error", [NO_POOL, SUBNETTED])
def test_no_free_range_of_addresses(project, error):
    project.docker(network=error, status=1)

    said = project.refuse()

    assert "Docker has no free range of addresses for the 3 networks" in said
    assert "Run: docker network prune" in said
    assert section_of(said) == "Docker has no free range of addresses"


def test_the_networks_that_were_tried_are_removed_again(project):
    project.install()

    made = (project.answers / "made").read_text().splitlines()
    assert len(made) == 3
    assert made == (project.answers / "removed").read_text().splitlines()


def test_networks_that_are_there_are_not_tried(project):
    project.docker(networks="socle_app\nsocle_data\nsocle_edge\nbridge\n")

    project.install()

    assert not (project.answers / "made").exists()


def test_only_what_is_missing_is_tried(project):
    project.docker(networks="photos-prod_app\nsocle_edge\n")

    project.install("prod", *FOR_A_SERVER, PROJECT_NAME="photos")

    assert len((project.answers / "made").read_text().splitlines()) == 2


# --- The engine itself -------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "says", "command", "section"),
    [
        (
            facts(version="24.0.7"),
            "The Docker engine is 24.0.7; 25.0 is the first",
            "Update Docker",
            "The Docker engine is too old",
        ),
        (
            facts(quota=False),
            "This engine cannot limit processors",
            "docker info | grep -i cfs",
            "The engine cannot limit processors",
        ),
        (
            facts(quota=False, security="[name=rootless name=cgroupns]"),
            "This engine cannot limit processors",
            "Delegate=cpu",
            "The engine cannot limit processors",
        ),
        (
            facts(memory_mb=512),
            "The engine has 512 MB of memory; the stack needs 900 MB",
            "more memory",
            "The machine has too little memory",
        ),
    ],
)
def test_an_engine_that_cannot_run_the_stack(project, engine, says, command, section):
    project.docker(facts=engine)

    said = project.refuse()

    assert says in said
    assert command in said
    assert section_of(said) == section


def test_little_memory_is_told_and_is_no_obstacle(project):
    project.docker(facts=facts(memory_mb=1500))

    assert "The engine has 1500 MB of memory: the stack runs" in project.install()


def test_an_engine_that_says_nothing_of_itself_is_taken(project):
    project.docker(facts="")

    project.install()


def stub(project, name: str, script: str) -> None:
    path = project.root.parent / "stubs" / name
    path.write_text(f"#!/usr/bin/env bash\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("label", "is_refused"), [("user_home_t", True), ("container_file_t", False)]
)
def test_selinux_that_keeps_containers_out(project, label, is_refused):
    project.docker(facts=facts(security="[name=seccomp name=selinux]"))
    stub(project, "getenforce", "echo Enforcing")
    context = f"system_u:object_r:{label}:s0"
    own = f'if [[ "$2" == %C ]]; then echo {context}; exit; fi'
    stub(project, "stat", f'{own}; exec /usr/bin/stat "$@"')

    if is_refused:
        said = project.refuse()
        assert f"(its type is {label})" in said
        assert "sudo chcon --recursive --type container_file_t ." in said
        assert section_of(said) == "SELinux keeps containers out of this folder"
    else:
        project.install()


def test_selinux_that_is_permissive_is_no_obstacle(project):
    project.docker(facts=facts(security="[name=selinux]"))
    stub(project, "getenforce", "echo Permissive")

    project.install()


def test_an_engine_without_root_cannot_open_port_80(project, tmp_path):
    project.docker(facts=facts(security="[name=rootless]"))
    (tmp_path / "first").write_text("1024\n")

    said = project.refuse(
        "prod",
        *FOR_A_SERVER,
        HTTP_PORT="80",
        UNPRIVILEGED_PORTS=str(tmp_path / "first"),
    )

    assert "may not open port 80 (HTTP_PORT)" in said
    assert "sudo sysctl net.ipv4.ip_unprivileged_port_start=80" in said
    assert section_of(said) == "Docker runs without root"


def test_podman_is_told_by_its_name(project):
    project.docker(info="Error: template: can't evaluate field ServerVersion", status=1)
    project.docker(program="podman version 5.4.2")

    said = project.refuse()

    assert "This 'docker' is Podman" in said
    assert section_of(said) == "This 'docker' is Podman"


# --- What fails while building -----------------------------------------------------


@pytest.mark.parametrize(
    ("error", "section"),
    [
        (
            "toomanyrequests: You have reached your unauthenticated pull rate limit.",
            "toomanyrequests: the registry's pull limit",
        ),
        (
            "failed to resolve: dial tcp: lookup registry on 10.0.0.1:53: no such host",
            "Images or packages cannot be downloaded",
        ),
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown "
            "authority",
            "A company's certificate authority",
        ),
        (
            "npm error code SELF_SIGNED_CERT_IN_CHAIN",
            "A company's certificate authority",
        ),
        ("write /x: no space left on device", "No space left on device"),
    ],
)
def test_a_build_that_fails_names_the_section(project, error, section):
    project.docker(build=error, status=1)

    done = project.run()

    assert done.returncode == 1
    assert error in done.stderr
    assert section_of(done.stderr) == section
