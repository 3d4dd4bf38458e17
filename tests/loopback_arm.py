"""A resource manager on loopback with a registry and our app, for tests that ask it by our code."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509

from acr_global.registration import asking
from acr_global_rig.arm import LoopbackArm, Registry, Site
from acr_global_rig.certificates import self_signed
from tests.posts import taking_posts

REGIONS = ("westeurope", "northeurope", "eastus")
URL = "https://func-app.azurewebsites.net"


@pytest.fixture(scope="session")
def certificate() -> bytes:
    """A certificate for `localhost` with its key."""
    return self_signed(x509.DNSName("localhost"), ca=True)


@pytest.fixture
def rig(
    certificate: bytes, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackArm]:
    """A resource manager without resources. The SDK retries nothing, because retries would wait."""
    path = tmp_path_factory.mktemp("arm") / "localhost.pem"
    path.write_bytes(certificate)
    monkeypatch.setattr(asking, "RETRIES", 0)
    with LoopbackArm(path) as rig:
        for name, value in rig.environ.items():
            monkeypatch.setenv(name, value)
        yield rig


@pytest.fixture
def registry(rig: LoopbackArm) -> Registry:
    """A registry of three regions."""
    return rig.add_registry("contoso", "westeurope", REGIONS)


@pytest.fixture
def site(rig: LoopbackArm) -> Site:
    """Our app, as the resource manager lists it."""
    return rig.add_site("func-app", URL)


class Answering:
    """A receiver of webhooks, which answers each region as it is told to; 200 by default."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: dict[str, int] = {}
        self.keys: list[str | None] = []
        """The header x-functions-key of each post."""
        self.slow = threading.Event()
        """Until it is set no post is answered."""
        self.slow.set()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        self.keys.append(headers.get("x-functions-key"))
        self.slow.wait()
        region = parse_qs(urlsplit(path).query)["region"][0]
        return self.statuses.get(region, 200)


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A receiver that listens."""
    app = Answering()
    with taking_posts(app.take) as app.url:
        yield app
        app.slow.set()
