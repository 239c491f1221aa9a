"""./install_docker.sh --check: the site's address, name and certificate."""

import re
from contextlib import closing

import pytest
from outside import Site
from patient import Patient, just_now


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (502, "answers 502: nginx is there, the site behind it is not."),
        (400, "answers 400: the site takes that host for a foreign one."),
        (404, "answers 404, which is not this site."),
    ],
)
def test_an_address_that_does_not_lead_to_the_site(patient, site, status, words):
    site.status = status

    assert patient.check().problem.says.endswith(words)


def test_a_site_that_is_starting_is_no_problem(patient, site):
    site.status = 503
    patient.ill("web", health="starting", started=just_now())

    report = patient.check()

    assert report.status == 0, report.text
    assert "answers 503: web is starting." in report.text


def test_an_address_that_nobody_answers(patient):
    with closing(Site()) as other:
        port = other.port
    patient.change(SITE_URL=f"http://localhost:{port}")

    assert f"http://localhost:{port} does not answer: curl: (7)" in (
        patient.check().problem.says
    )


def test_a_local_name_that_does_not_resolve(patient):
    patient.change(SITE_URL="http://gallery.invalid:8080", ALLOWED_HOSTS="*")

    problem = patient.check().problem

    assert problem.says.startswith("The name gallery.invalid (of SITE_URL in .env)")
    assert problem.todo == "Add this line to /etc/hosts: 127.0.0.1 gallery.invalid"


@pytest.fixture
def edge(server, site) -> Patient:
    """PROD with a name, a port 80 and a certificate of its own."""
    server.change(BEHIND_PROXY="", HTTPS_PORT=str(site.port))
    server.docker(port=f"8443/tcp -> 0.0.0.0:{site.port}\n8080/tcp -> 0.0.0.0:80")
    server.change(HTTP_PORT="80")
    return server


@pytest.fixture
def port_80(edge):
    """What the name leads to; it writes nginx' log, until a test takes that away."""
    with closing(Site()) as site:
        site.log = edge.answers / "logs"
        yield site


def checked(edge: Patient, port_80: Site):
    return edge.check(DOCTOR_PUBLIC_HTTP_PORT=str(port_80.port))


def test_a_name_that_leads_here(edge, port_80):
    report = checked(edge, port_80)

    assert report.status == 0, report.text
    assert "http://localhost leads to our nginx, also for certificates." in report.text
    assert re.search(r"The certificate of localhost is good for \d+ days", report.text)


def test_a_name_that_leads_to_another_machine(edge, port_80):
    port_80.log = None
    port_80.status = 404

    problem = checked(edge, port_80).problem

    assert "is answered with 404, by something else than our nginx" in problem.says
    assert "127.0.0.1" in problem.todo
    assert problem.todo.endswith(": ./install_docker.sh prod --behind-proxy")


def test_a_port_80_that_is_closed(edge, port_80):
    port_80.close()

    problem = checked(edge, port_80).problem

    assert f"(port {port_80.port}) does not answer: curl: (7)" in problem.says
    assert f"Open port {port_80.port} in the firewall" in problem.todo


def test_a_public_name_that_does_not_resolve(edge, port_80):
    edge.change(SITE_URL="https://photos.invalid", ALLOWED_HOSTS="photos.invalid")

    problems = checked(edge, port_80).of("problem")

    assert "photos.invalid (of SITE_URL in .env) does not resolve." in problems[0].says
    assert "an A record (no AAAA record) for photos.invalid" in problems[0].todo


def name_server(edge: Patient, *addresses: str) -> None:
    """Knows localhost by `addresses`, as the machine's own getent would print them."""
    of_6 = "".join(f"{one} STREAM\\n" for one in addresses if ":" in one)
    edge.stub(
        "getent",
        f"""case "$*" in
  *ahostsv6*) printf '{of_6}::ffff:127.0.0.1 STREAM\\n' ;;
  *) echo "127.0.0.1 STREAM" ;;
esac""",
    )


def test_a_name_with_an_aaaa_record(edge, port_80):
    name_server(edge, "127.0.0.1", "2001:db8::7")

    warning = checked(edge, port_80).warning

    assert warning.says.startswith("localhost has an AAAA record (2001:db8::7)")
    assert warning.todo.startswith("Delete the AAAA record at its name server")


def test_a_name_without_an_aaaa_record(edge, port_80):
    name_server(edge, "127.0.0.1", "::1")

    assert checked(edge, port_80).of("warn") == []


def test_behind_a_proxy_an_aaaa_record_is_the_proxys(edge, port_80):
    name_server(edge, "127.0.0.1", "2001:db8::7")
    edge.change(BEHIND_PROXY="1")

    assert "AAAA" not in checked(edge, port_80).text


@pytest.mark.parametrize(
    ("certificate", "says"),
    [
        ({"days": -3}, "The certificate of localhost expired on 20"),
        ({"self_signed": True}, "nginx still shows its self-signed certificate for"),
        ({"name": "other.example"}, "a certificate for another name than localhost:"),
    ],
)
def test_a_certificate_that_is_not_right(edge, port_80, tmp_path, certificate, says):
    with closing(Site()) as site:
        site.use_certificate(tmp_path, **certificate)
        serve(edge, site)

        problem = checked(edge, port_80).problem

    assert says in problem.says
    assert problem.todo.startswith("Run: docker compose logs --tail 50 certbot")


def serve(edge: Patient, site: Site) -> None:
    edge.change(HTTPS_PORT=str(site.port), SITE_URL=f"https://localhost:{site.port}")
    edge.docker(port=f"8443/tcp -> 0.0.0.0:{site.port}\n8080/tcp -> 0.0.0.0:80")


@pytest.mark.parametrize(("days", "kind"), [(13, "warn"), (15, "ok")])
def test_a_certificate_that_expires_soon(edge, port_80, tmp_path, days, kind):
    with closing(Site()) as site:
        site.use_certificate(tmp_path, days=days)
        serve(edge, site)

        report = checked(edge, port_80)

    (line,) = [one for one in report.lines if "certificate of localhost" in one.says]
    assert line.kind == kind
    assert f" {days} days" in line.says
