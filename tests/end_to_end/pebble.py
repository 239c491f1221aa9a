"""A certificate authority of our own beside the stack: Let's Encrypt's test server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from stack import Stack
from waiting import wait_until

NAME = "site.example"  # in ALLOWED_HOSTS, and nginx' on the network
CLOSED = "closed.example"  # a name that leads to no web server
FILE = "pebble.yml"
OVERRIDE = """
services:
  pebble:
    image: ghcr.io/letsencrypt/pebble:2.7
    command: [-config, /pebble.json]
    environment: {PEBBLE_VA_NOSLEEP: 1, PEBBLE_AUTHZREUSE: 0, PEBBLE_WFE_NONCEREJECT: 0}
    configs: [{source: pebble, target: /pebble.json}]
    volumes: ["pebble:/test/certs"]
    networks: [edge]
    ports: ["127.0.0.1:0:15000"]
  nginx:
    environment: {SITE_URL: "THE_ADDRESS", ENVIRONMENT: prod} # without DEV's password
    networks: {edge: {aliases: [site.example]}}
  certbot:
    environment:
      SITE_URL: "THE_ADDRESS"
      ACME_EMAIL: ops@site.example
      ACME_SERVER: https://pebble:14000/dir
      REQUESTS_CA_BUNDLE: /pebble/pebble.minica.pem
    volumes: ["pebble:/pebble:ro"]
    networks: {edge: {aliases: [closed.example]}}
volumes:
  pebble:
configs:
  pebble:
    content: >
      {"pebble": {"listenAddress": "0.0.0.0:14000",
      "managementListenAddress": "0.0.0.0:15000", "httpPort": 8080, "tlsPort": 8443,
      "certificate": "test/certs/localhost/cert.pem",
      "privateKey": "test/certs/localhost/key.pem",
      "certificateValidityPeriod": 7776000}}
"""
TIME_PASSES = """
import json
from pathlib import Path

renewal = Path("/etc/letsencrypt/renewal/site.conf")
renewal.write_text("renew_before_expiry = 365 days\\n" + renewal.read_text())
tried = Path("/etc/letsencrypt/last-try.json")
tried.write_text(json.dumps(json.loads(tried.read_text()) | {"next_try": 1}))
"""
YOUNG_AGAIN = "sed -i '/^renew_before_expiry/d' /etc/letsencrypt/renewal/site.conf"


@dataclass(frozen=True)
class Certified:
    """The stack, with nginx and certbot as they are for a name of the internet."""

    stack: Stack

    @property
    def port(self) -> str:
        return self.stack.value("HTTPS_PORT")

    def compose(self, *arguments: str, **options):
        return self.stack.compose("-f", FILE, *arguments, **options)

    def inside(self, service: str, *command: str, **options):
        return self.compose("exec", "-T", service, *command, **options)

    def root(self) -> str:
        """The file of the authority's own certificate, new with each pebble."""
        shown = self.compose("port", "pebble", "15000").stdout.strip()
        address = f"https://{shown.replace('0.0.0.0', '127.0.0.1')}/roots/0"
        answer = requests.get(address, verify=False, timeout=10)
        assert answer.ok, answer.status_code
        file = self.stack.folder.parent / "pebble-root.pem"
        file.write_text(answer.text)
        return str(file)

    @contextmanager
    def near_its_end(self) -> Iterator[None]:
        """So the loop sees the certificate; and its own pause is over."""
        self.inside("certbot", "python3", "-c", TIME_PASSES)
        try:
            yield
        finally:
            self.inside("certbot", "sh", "-c", YOUNG_AGAIN)

    def served(self) -> str:
        """Serial number and issuer of the certificate that nginx shows."""
        ask = (
            f"openssl s_client -connect 127.0.0.1:8443 -servername {NAME} </dev/null "
            "2>/dev/null | openssl x509 -noout -serial -issuer"
        )
        return self.inside("nginx", "sh", "-c", ask).stdout


@contextmanager
def certified(stack: Stack) -> Iterator[Certified]:
    """Afterwards nginx and certbot are what they were."""
    url = f"https://{NAME}:{stack.value('HTTPS_PORT')}"
    (stack.folder / FILE).write_text(OVERRIDE.replace("THE_ADDRESS", url))
    here = Certified(stack)
    here.compose("up", "--detach", "pebble")
    # A certbot that does not meet it waits for a quarter of an hour.
    wait_until(here.root, within=60, what="pebble answers")
    here.compose("up", "--detach", "nginx", "certbot")
    try:
        yield here
    finally:
        # What a pebble has issued, no other pebble knows.
        here.inside("certbot", "sh", "-c", "rm -rf /etc/letsencrypt/*")
        here.compose("rm", "--stop", "--force", "--volumes", "pebble", "certbot")
        stack.compose("up", "--detach", "--no-deps", "--wait", "nginx", "certbot")
        wait_until(stack.is_ready, within=30, what="the stack is as before")
