"""Reading local.settings.json: what `func` reads, and what it would misunderstand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.cli.environment import FILE, LocalFileError, local_environ, local_values
from devhost.index import AppError
from devhost.settings import apply_local_settings, read_host_json


def values(folder: Path, content: str | bytes) -> dict[str, str]:
    """What a file with this content adds."""
    data = content.encode() if isinstance(content, str) else content
    (folder / FILE).write_bytes(data)
    return local_values(folder)


@pytest.mark.parametrize(
    "content",
    [
        '{"Values": {"A": "x"}}',
        '{"Values": {"A": "x",},}',
        '// first\n{"Values": {"A": "x" /* why */} // last\n}',
        '/* a // b */{"Values": /**/ {"A": "x", // , }\n}}',
        '{"Values": {"A": "x" /* , */ , /* } */ } }',
        "{'Values': {'A': 'x'}}",
        '\ufeff{"Values": {"A": "x"}}',
        '{"IsEncrypted": false, "Values": {"A": "x"}, "Host": {"CORS": "*"}}',
        '{"IsEncrypted": null, "Values": {"A": "x"}}\r\n',
        '{"Values": {"A": "x"}}'.encode("utf-16"),
    ],
)
def test_a_file_is_read_as_func_reads_it(tmp_path: Path, content: str | bytes) -> None:
    """Comments, trailing commas, single quotes and byte order marks are allowed."""
    assert {"A": "x"} == values(tmp_path, content)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("http://h.test/a//b", '"http://h.test/a//b"'),
        ("/* no */", '"/* no */"'),
        ("a,}", '"a,}"'),
        ('say "x", // y', r'"say \"x\", // y"'),
        ("\\", r'"\\"'),
        ("it's", '"it\'s"'),
        ('it\'s "x"', r"""'it\'s "x"'"""),
        ("two\nlines", '"two\nlines"'),
    ],
)
def test_what_stands_in_a_text_is_part_of_it(tmp_path: Path, expected: str, text: str) -> None:
    """Inside quotes nothing is a comment or a trailing comma."""
    assert {"A": expected} == values(tmp_path, f'{{"Values": {{"A": {text}, }}}}')


@pytest.mark.parametrize(
    "content", ['{"values": {"A": "x"}}', '{"values": {}, "Values": {"A": "x"}}']
)
def test_values_in_other_letters_are_read_too(tmp_path: Path, content: str) -> None:
    """`func` takes them; else no region would be set, though the file names some."""
    assert {"A": "x"} == values(tmp_path, content)


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("0", "0"),
        ("-5", "-5"),
        ("12345678901234567890", "12345678901234567890"),
        ("1.5", "1.5"),
        ("1", "1.0"),
        ("100000", "1e5"),
        ("True", "true"),
        ("False", "false"),
        ("", '""'),
    ],
)
def test_numbers_and_truth_values_become_text(tmp_path: Path, expected: str, value: str) -> None:
    """They are written as .NET does, because `func` does it."""
    assert {"A": expected} == values(tmp_path, f'{{"Values": {{"A": {value}}}}}')


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ("Values.A is null", '{"Values": {"A": null}}'),
        ("Values.A is an object", '{"Values": {"A": {"B": "hush"}}}'),
        ("Values.A is a list", '{"Values": {"A": ["hush"]}}'),
        (
            "Values.A is null; give it a text, or take it out; Values.B is",
            '{"Values": {"A": null, "B": {}}}',
        ),
        ("without a name", '{"Values": {"": "hush"}}'),
        ("without a name", '{"Values": {" ": "hush"}}'),
        ("Values.A=B has a name", '{"Values": {"A=B": "hush"}}'),
        ("has a name", '{"Values": {"A\\u0000": "hush"}}'),
        ("Values.A holds a character", '{"Values": {"A": "hush\\u0000"}}'),
        ("Values.A holds a character", '{"Values": {"A": "\\ud800"}}'),
        ("Values.A stands in it twice", '{"Values": {"A": "hush", "A": "x"}}'),
        ("Values stands in it twice", '{"Values": {"A": "hush"}, "Values": {}}'),
        ("Values.A stands in it twice", '{"Values": {"A": {"B": {"hush": 1, "hush": 2}}}}'),
        ("(IsEncrypted is true)", '{"IsEncrypted": true, "Values": {"A": "hush"}}'),
        ("(IsEncrypted is true)", '{"IsEncrypted": "True"}'),
        ("(IsEncrypted is true)", '{"isEncrypted": true}'),
        (
            "ACR_GLOBAL_TIMEOUT, acr_global_ui belongs into Values",
            '{"ACR_GLOBAL_TIMEOUT": "hush", "acr_global_ui": "hush", "Values": {}}',
        ),
        ("with an object Values in it", '{"Values": null}'),
        ("with an object Values in it", '["hush"]'),
        ("is not JSON (line 3, column 5)", "{\n/* hush\n */ hush}"),
        ("is not JSON (line 1, column 1)", ""),
        ("is not JSON (line 1, column 4)", "{} /* hush"),
        ("is not JSON (line 2, column 1", '{"Values":\n{"A": "hush",,}}'),
        ("is not JSON", '{"Values": {"A": NaN}}'),
        ("is not JSON", '{"Values": {"A": ' + "9" * 5_000 + "}}"),
        ("is not JSON", "[" * 100_000),
    ],
)
def test_an_entry_that_is_no_setting_is_named(tmp_path: Path, said: str, content: str) -> None:
    """Commands and host name file and entry, and show no value."""
    with pytest.raises(LocalFileError) as caught:
        values(tmp_path, content)
    assert FILE in caught.value.message
    assert said in caught.value.message
    assert "hush" not in caught.value.message
    with pytest.raises(AppError) as refused:
        apply_local_settings(tmp_path)
    assert caught.value.message == str(refused.value)


def test_host_and_commands_see_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In both, the environment overrides the file."""
    for name in ("LOCAL_A", "LOCAL_B", "LOCAL_C"):
        monkeypatch.setenv(name, "shell")
    monkeypatch.delenv("LOCAL_A")
    monkeypatch.delenv("LOCAL_C")
    content = '{"Values": {"LOCAL_A": true, "LOCAL_B": 5, "LOCAL_C": 0,}, /* all */}'
    (tmp_path / FILE).write_text(content)
    expected = {"LOCAL_A": "True", "LOCAL_B": "shell", "LOCAL_C": "0"}
    there = local_environ(os.environ, tmp_path)
    apply_local_settings(tmp_path)
    for seen in (there, os.environ):
        assert expected == {name: seen[name] for name in expected}


def test_host_json_is_read_alike(tmp_path: Path) -> None:
    """The reader is the same, so a name that stands twice is an error."""
    path = tmp_path / "host.json"
    path.write_text('// why\n{"extensions": {"http": {"routePrefix": "x",},},}')
    assert {"extensions": {"http": {"routePrefix": "x"}}} == read_host_json(tmp_path)
    path.write_text('{"extensions": {"http": {"routePrefix": "x", "routePrefix": "y"}}}')
    with pytest.raises(AppError, match=r"extensions\.http\.routePrefix stands in it twice"):
        read_host_json(tmp_path)


def test_the_example_is_read(tmp_path: Path) -> None:
    """Everybody begins with that file."""
    example = (Path(__file__).parents[2] / f"{FILE}.example").read_bytes()
    assert json.loads(example)["Values"] == values(tmp_path, example)


ODD = st.text("""{}[],:"'/*\\ \n=1.eABnul\0\ud800\ufeff""")


@pytest.mark.fuzz
@given(ODD.map('{{"Values": {{"A": "x", {}}}}}'.format) | ODD | st.text())
def test_any_file_gives_values_or_one_sentence(text: str) -> None:
    """No other error is raised."""
    with TemporaryDirectory() as folder:
        data = text.encode("utf-8", "surrogatepass")
        try:
            found = values(Path(folder), data)
        except LocalFileError:
            return
        assert all(isinstance(value, str) for value in found.values())
