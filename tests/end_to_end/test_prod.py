"""PROD runs what DEV was tried with. It takes DEV's ports over: after DEV's tests."""

from progress import timed
from stack import MINUTES_8, Stack
from test_https import certificate_of


def test_prod_starts_from_the_same_images(dev):
    dev.compose("stop", "--timeout", "5")
    image = dev.container("web")["Image"]
    prod = Stack(dev.project, dev.folder, dev.url, "prod.yml")
    try:
        command = ("up", "--detach", "--wait", "--no-build")
        timed("prod.yml up --wait", prod.compose, *command, timeout=MINUTES_8)

        prod.wait_until_ready(within=20)
        page = prod.visitor(verify=certificate_of(prod)).get("/sign-in/")
        assert page.status_code == 200, page.text[:300]
        assert prod.container("web")["Image"] == image
        stage = "import config.settings as s; print(s.ENVIRONMENT, s.DEBUG)"
        assert prod.inside("web", "python", "-c", stage).split() == ["prod", "False"]
        assert prod.sql("SELECT count(*) FROM gallery_photo") == "0", "DEV's data"
    finally:
        prod.compose("down", "--volumes", "--remove-orphans")
