"""socle/docker/sbom.py where no image is: what Alpine's list of packages becomes."""

import importlib.util
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALLED = """C:Q1hE2b=
P:musl
V:1.2.5-r9
A:x86_64
T:the musl c library (libc) implementation
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1w=

C:Q1zz=
P:.certbot-deps
V:20250401.120000
A:noarch
D:libffi libssl3 openssl

"""


def load_sbom():
    spec = importlib.util.spec_from_file_location(
        "sbom", REPOSITORY / "socle/docker/sbom.py"
    )
    sbom = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sbom)
    return sbom


def test_alpines_packages_are_listed_with_their_versions(tmp_path, monkeypatch):
    sbom = load_sbom()
    monkeypatch.setattr(sbom, "APK", tmp_path / "installed")
    sbom.APK.write_text(INSTALLED)

    bill = sbom.bill(None)

    listed = {part["purl"]: part for part in bill["components"]}
    musl = listed["pkg:apk/alpine/musl@1.2.5-r9?arch=x86_64"]
    assert (musl["name"], musl["version"]) == ("musl", "1.2.5-r9")
    assert "pkg:apk/alpine/.certbot-deps@20250401.120000?arch=noarch" in listed
    assert any(purl.startswith("pkg:pypi/pytest@") for purl in listed)
