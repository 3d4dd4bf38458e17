"""View model → HTML, by the templates beside.

Jinja2 escapes every value; what is invisible or turns the direction of writing is taken out, as in
messages. It is imported with the first page: a webhook needs none of it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acr_global.notify.words import plain
from acr_global.ui import assets, texts

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **values: Any) -> str:
    """A page. `values`: what the template names; a name that is missing is an error."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"iso": texts.iso, "utc": texts.utc}
    environment.globals |= {"path": texts.path, "asset": assets.path, "most": texts.MAX_NAMES}
    return environment


def _visible(value: Any) -> Any:
    return plain(value) if type(value) is str else value
