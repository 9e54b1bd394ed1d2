"""Servers on this machine that play the services, with and without TLS."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notify_stage import Stage

sys.path.insert(0, str(Path(__file__).parent))

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*_PROXIES, *(name.lower() for name in _PROXIES), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stage() -> Iterator[Stage]:
    from notify_stage import playing

    with playing() as found:
        yield found


@pytest.fixture
def other_stage() -> Iterator[Stage]:
    from notify_stage import playing

    with playing() as found:
        yield found


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    from notify_stage import certificate

    folder = tmp_path_factory.mktemp("certificates")
    return {name: certificate(folder, name) for name in ("localhost", "elsewhere.example.com")}


@pytest.fixture
def secure_stage(certificates: dict[str, tuple[Path, Path]]) -> Iterator[Stage]:
    """A server with a certificate for localhost that nobody trusts, unless a test says so."""
    from notify_stage import playing

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates["localhost"])
    with playing(context) as found:
        yield found


@pytest.fixture
def misnamed_stage(certificates: dict[str, tuple[Path, Path]]) -> Iterator[Stage]:
    """A server on localhost with another server's certificate."""
    from notify_stage import playing

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates["elsewhere.example.com"])
    with playing(context) as found:
        yield found


@pytest.fixture
def trusted(certificates: dict[str, tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The certificates of this machine's servers count as those of an authority."""
    bundle = tmp_path / "authorities.pem"
    bundle.write_text("".join(made.read_text() for made, _ in certificates.values()))
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(bundle))
