"""What somebody is answered who may not see the pages: the page to sign in with, or one sentence.

The page's form is sent by its script, because only a script can put the key where the host reads
it: into a header. Without a script it is posted as it stands, and refused; the key is in no URL
then either.
"""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.pages.browsers import HEADERS, html
from acr_global.sessions import PATH
from acr_global.ui.render import render

SIGN_IN = "/api/ui-signin"
"""Where the form goes: http/sign_in.py."""


def page(request: func.HttpRequest) -> func.HttpResponse:
    """401, with the page to sign in with; from there it goes on at the same address."""
    elsewhere = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    looked = request.method in ("GET", "HEAD")
    then, again = ("" if looked else PATH), ("1" if elsewhere and looked else "")
    return html(render("signin.html", action=SIGN_IN, then=then, again=again), 401)


def plain(status: int, sentence: str) -> func.HttpResponse:
    """One sentence."""
    return func.HttpResponse(sentence, status_code=status, mimetype="text/plain", headers=HEADERS)
