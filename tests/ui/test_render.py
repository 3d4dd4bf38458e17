"""What others have named appears as text, and nothing else of theirs does."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from acr_global.api import DeadLetter, DeadLetterDetails, DeadLetters, Pushes, PushState, Regions
from acr_global.functions.pages.guard import Visitor
from acr_global.model import Evidence, EvidenceKind, Outcome, VerdictType
from acr_global.ui import letters, push, pushes, regions
from acr_global.ui.render import TEMPLATES, render
from tests.ui import samples
from tests.ui.test_regions import region

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}\u202e\x07\ud800"
VISIBLE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


class Read(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def common(**values: Any) -> dict[str, Any]:
    """What each page is given besides its own."""
    visitor = Visitor("token", values.pop("name", None), values.pop("log_out", None))
    return {
        "here": "",
        "csrf": "token",
        "version": "1.0",
        "every": 5,
        "visitor": visitor,
        "done": None,
    } | values


def a_list(**about: Any) -> str:
    """The list with one push."""
    one = samples.push(PushState.OVERDUE, missing=(HOSTILE,), undelivered=(HOSTILE,), **about)
    asked = {"image": HOSTILE, "missing": HOSTILE}
    found = Pushes(pushes=(one,), next="n")
    view = pushes.page(found, asked, {}, (), (), None)
    return render("pushes.html", view=view, **common())


def a_push(**about: Any) -> str:
    """A push with everything that can be shown."""
    seen = Evidence(region="b", kind=EvidenceKind.MANIFEST, found=False, detail=HOSTILE)
    caught = Evidence(region="c", kind=EvidenceKind.CAUGHT_UP, found=True, detail="in the log")
    attempt = samples.attempt(HOSTILE, 601, Outcome.DEAD, reason=HOSTILE, location=HOSTILE)
    known = samples.details(
        PushState.OVERDUE,
        samples.arrived(HOSTILE, 0),
        samples.missing("b", seen),
        samples.arrived("c", 2, evidence=(caught,)),
        verdicts=(
            samples.said(
                VerdictType.OVERDUE,
                601,
                attempt,
                missing=("b",),
                error=HOSTILE,
                group=HOSTILE,
                grouped=(HOSTILE,),
            ),
        ),
        deliveries=(samples.delivery("dead", verdict=VerdictType.OVERDUE, dead=(HOSTILE,)),),
        **about,
    )
    return render("push.html", view=push.page(known), **common())


def a_letter() -> str:
    """A dead letter alone."""
    known: dict[str, Any] = {
        "state": "given-up",
        "cause": HOSTILE,
        "reference": HOSTILE,
        "push": HOSTILE,
    }
    found = DeadLetterDetails(id="_delivery.unsaid.p", attempts=(), **known)
    return render("deadletter.html", view=letters.details(found), **common(done=HOSTILE))


def some_letters() -> str:
    """The list of them."""
    one = DeadLetter(id=HOSTILE, reference=HOSTILE, dead=(HOSTILE,), cause=HOSTILE, push=HOSTILE)
    view = letters.page(DeadLetters(deadletters=(one,), next=HOSTILE), HOSTILE)
    return render("deadletters.html", view=view, **common())


def some_regions() -> str:
    """Regions with hostile names."""
    found = Regions(since=samples.AT, pushes=9, regions=(region(HOSTILE, missing=1),))
    view = regions.page(found, {"registry": HOSTILE}, (HOSTILE,))
    return render("regions.html", view=view, columns=regions.COLUMNS, **common())


PAGES: dict[str, Callable[[], str]] = {
    "pushes": lambda: a_list(repository=HOSTILE, tag=HOSTILE, registry=HOSTILE, digest=HOSTILE),
    "push": lambda: a_push(repository=HOSTILE, tag=HOSTILE, registry=HOSTILE, digest=HOSTILE),
    "deadletter": a_letter,
    "deadletters": some_letters,
    "regions": some_regions,
    "error": lambda: render("error.html", heading=HOSTILE, message=HOSTILE, **common()),
    "visitor": lambda: render(
        "error.html", heading="", message="", **common(name=HOSTILE, log_out="/.auth/logout")
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_hostile_names_are_text(name: str) -> None:
    """They make no tag and no attribute; what is invisible or turns letters round is gone."""
    page = Read(PAGES[name]())
    assert VISIBLE in page.text
    assert [] == [attrs for tag, attrs in page.tags if tag == "img"]
    assert 1 == sum(tag == "script" for tag, _ in page.tags)
    assert not re.search("[\u202e\x07\ud800]", page.text)
    page.text.encode()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_inline_and_nothing_from_elsewhere(name: str) -> None:
    """No script, style or handler stands in it; all that it loads is ours."""
    for tag, attrs in Read(PAGES[name]()).tags:
        assert tag != "style"
        assert not [one for one in attrs if one == "style" or one.startswith("on")], tag
        loaded = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
        assert loaded is None or loaded.startswith("/api/ui-assets/")


@pytest.mark.parametrize("name", PAGES)
def test_every_form_that_posts_carries_the_token(name: str) -> None:
    """Every id that is referred to is there once."""
    text = PAGES[name]()
    posting = re.findall(r'<form method="post".*?</form>', text, re.DOTALL)
    assert all('name="csrf" value="token"' in form for form in posting)
    tags = Read(text).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = " ".join(attrs.get("aria-labelledby") or "" for _, attrs in tags).split()
    assert set() == set(wanted) - set(ids)


def test_a_name_that_a_template_lacks_is_an_error() -> None:
    """Rather than a hole in the page."""
    with pytest.raises(UndefinedError):
        render("error.html", heading="x", **common())


def test_of_sixty_regions_a_row_names_some() -> None:
    """It says how many more there are."""
    one = samples.push(PushState.OVERDUE, missing=tuple(f"region{n}" for n in range(60)))
    view = pushes.page(Pushes(pushes=(one,)), {}, {}, ())
    page = Read(render("pushes.html", view=view, **common())).text
    assert ("region5" in page, "region6" in page, "and 54 more" in page) == (True, False, True)


def test_a_moment_is_in_utc_until_the_script_has_seen_it() -> None:
    """UTC stays there, for whoever points at it."""
    told = "2026-05-04 10:00:00 UTC"
    assert f'<time datetime="2026-05-04T10:00:00.000Z" title="{told}">{told}</time>' in a_list()


def test_every_template_is_a_page_s() -> None:
    """None is left over."""
    there = {path.stem for path in TEMPLATES.iterdir()}
    assert {*PAGES, "base", "parts", "signin"} - {"visitor"} == there
