"""Images as people name them."""

from __future__ import annotations

import pytest

from acr_global.image import Image, parse_image

DIGEST = f"sha256:{'ab' * 32}"


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("app", Image(None, "app")),
        ("team/app:v2", Image(None, "team/app", "v2")),
        (f"team/app@{DIGEST}", Image(None, "team/app", None, DIGEST)),
        (f"team/app:v2@{DIGEST}", Image(None, "team/app", "v2", DIGEST)),
        ("MyRegistry.azurecr.io/team/app:v2", Image("myregistry.azurecr.io", "team/app", "v2")),
        ("localhost/app", Image("localhost", "app")),
        ("localhost:5000/app:v2", Image("localhost:5000", "app", "v2")),
        (DIGEST, Image(digest=DIGEST)),
        ("team/app:v2\r\n", Image(None, "team/app", "v2")),
    ],
)
def test_an_image_is_read(text: str, image: Image) -> None:
    """Its registry only where the first part can be one, as with docker."""
    assert image == parse_image(text)


@pytest.mark.parametrize(
    "text", ["", ":v1", "team/app:", "team/app@v1", "a:b/c", "-.azurecr.io/app", "r.io/"]
)
def test_what_names_no_image_is_refused(text: str) -> None:
    """The error says what would be right."""
    with pytest.raises(ValueError, match="such as"):
        parse_image(text)


@pytest.mark.parametrize(
    "text", ["Team/app:v1", "r.io/team/App", "team/app:v1:v2", "team/app:v1@x"]
)
def test_what_can_be_no_image_is_said(text: str) -> None:
    """Whoever waits for it would wait in vain."""
    with pytest.raises(ValueError, match=r"capitals|such as"):
        parse_image(text)


@pytest.mark.parametrize(
    "text",
    [
        "oci://r.azurecr.io/charts/web:1.2.3",
        "https://r.azurecr.io/team/app:v2",
        "docker://r.azurecr.io/team/app",
    ],
)
def test_an_address_is_no_image(text: str) -> None:
    """Helm, skopeo and browsers put a scheme before it, which would be taken for the registry.
    Source: helm/helm#31347, akuity/kargo#4422 (`oci://`)."""
    with pytest.raises(ValueError, match="without oci:// or https://"):
        parse_image(text)
