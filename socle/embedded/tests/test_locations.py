"""A project's own locations (nginx/locations.d), in each server that shows the site."""

import subprocess
from dataclasses import replace

import pytest

from socle.embedded.nginx import SOURCES
from socle.embedded.tests.edge import HTTPS, PROXIED, edge_of, nginx_in

MODES = {
    "local": {},
    "https": HTTPS,
    "proxied": PROXIED,
    "dev": HTTPS | {"ENVIRONMENT": "dev"},
}
OWN = """
location = /blog/ {
    return 301 /news/;
}

location /big-reports/ {
    include /etc/nginx/conf.d/servers/limited.inc;
    include /etc/nginx/conf.d/servers/proxy.inc;
    proxy_pass http://$web;
    client_max_body_size 500m;
}
"""


@pytest.mark.parametrize("mode", MODES)
def test_a_location_of_the_project_is_served(mode, tmp_path):
    (tmp_path / "old_pages.conf").write_text(OWN)

    with edge_of(locations=tmp_path, **MODES[mode]) as edge:
        moved, report = edge.ask("/blog/"), edge.ask("/big-reports/2026/")

    assert (moved.status, moved.headers["Location"]) == (301, "/news/")
    assert report.asked["path"] == "/big-reports/2026/"
    assert report.asked["headers"]["Host"] == "site.example"


MISTAKES = {
    "location /a/ {\n    retrun 200;\n}\n": 'line 2: unknown directive "retrun".',
    "location /a/ {\n    return 200;\n": "line 3: unexpected end of file",
    "location /health/ {\n}\n": 'line 1: duplicate location "/health/".',
    "location /a/ { proxy_pass http://$nowhere; }\n": 'unknown "nowhere" variable',
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_wrong_file_is_named_and_nginx_does_not_start(text, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "old_pages.conf").write_text(text)
    edge = HTTPS | {"LOG_FORMAT": "text"}
    nginx = nginx_in(tmp_path / "nginx", web_port=1, edge=edge)

    with pytest.raises(subprocess.CalledProcessError) as failed:
        replace(nginx, locations=own).prepare()

    said = failed.value.stdout.decode()
    assert "nginx/locations.d/old_pages.conf" in said
    assert MISTAKES[text] in said
    assert "docker compose up --detach --build nginx" in said


def test_nginx_image_has_the_projects_locations():
    recipe = (SOURCES / "Dockerfile").read_text()

    assert "COPY locations.d/ /etc/nginx/locations.d/" in recipe
