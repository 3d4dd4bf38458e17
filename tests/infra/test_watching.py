"""The queries, the workbook that is made of them, and the alerts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from acr_global import spans
from acr_global.instruments import INSTRUMENTS
from tests.functions.test_log import documented
from tests.infra.deployment import EVERY, INFRA, ROOT, load

QUERIES = {path.stem: path.read_text() for path in sorted((INFRA / "queries").glob("*.kql"))}
SERVICE = ROOT / ".tools" / "kusto" / "node_modules" / "@kusto" / "language-service-next"
TABLES = {
    # learn.microsoft.com/azure/azure-monitor/reference/tables: those columns that are of use
    "AppTraces": {
        "TimeGenerated": "datetime",
        "Message": "string",
        "SeverityLevel": "int",
        "Properties": "dynamic",
        "AppRoleName": "string",
        "AppRoleInstance": "string",
        "OperationId": "string",
        "ItemCount": "int",
        "_ResourceId": "string",
    },
    "AppMetrics": {
        "TimeGenerated": "datetime",
        "Name": "string",
        "Sum": "real",
        "Min": "real",
        "Max": "real",
        "ItemCount": "int",
        "Properties": "dynamic",
        "AppRoleName": "string",
        "_ResourceId": "string",
    },
    "AppDependencies": {
        "TimeGenerated": "datetime",
        "Name": "string",
        "DurationMs": "real",
        "Success": "bool",
        "ResultCode": "string",
        "OperationId": "string",
        "ParentId": "string",
        "Properties": "dynamic",
        "AppRoleName": "string",
        "_ResourceId": "string",
    },
}
ALERTS = "Microsoft.Insights/scheduledQueryRules"
WORKBOOK = "Microsoft.Insights/workbooks"


WRONG = {"column": "AppTraces | where Mesage == ''", "table": "Traces | take 1"}


@cache
def bound() -> Any:
    """What Kusto's language service says of each query; asked once, for it takes long to load."""
    if not SERVICE.exists():
        if not shutil.which("npm"):
            pytest.skip("Kusto's language service is not there, and neither is npm to get it with")
        package = SERVICE / "package.json"
        subprocess.run(["make", "-s", str(package.relative_to(ROOT))], cwd=ROOT, check=True)
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("kusto.js")), str(SERVICE)],
        input=json.dumps({"tables": TABLES, "queries": QUERIES | deployed() | WRONG}),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@cache
def deployed() -> dict[str, str]:
    """Every query of a deployment's alerts and workbook, by what it is of."""
    found = {
        rule["name"]: rule["properties"]["criteria"]["allOf"][0]["query"]
        for rule in load("main").all(ALERTS)
    }
    return found | {part["name"]: part["content"]["query"] for part in parts()}


def parts() -> list[dict[str, Any]]:
    """The workbook's parts that have a query."""
    text = load("main").the(WORKBOOK)["properties"]["serializedData"]
    return [part for part in json.loads(text)["items"] if part["type"] == 3]


def test_every_query_binds() -> None:
    """Against the tables as they are declared: no unknown name, function or operator."""
    said = {name: one for name, one in bound().items() if name not in WRONG}
    assert {} == {name: one["wrong"] for name, one in said.items() if one["wrong"]}
    assert all(one["columns"] for one in said.values())


def test_a_wrong_query_is_found() -> None:
    """A column that the table has not, and a table that is not there."""
    assert all(bound()[name]["wrong"] for name in WRONG)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_reads_what_the_app_writes(name: str) -> None:
    """Events, their fields, metrics and attributes are those of the code."""
    query, log = QUERIES[name], documented()
    events = re.findall(r'startswith "([a-z-]+) \{"', query)
    assert set(events) <= set(log)
    fields = {field for event in events or log for field in log[event][0]}
    assert {a or b for a, b in re.findall(r'\bit(?:\.(\w+)|\["(\w+)"\])', query)} <= fields
    names = {i.name for i in INSTRUMENTS} | set(spans.ATTRIBUTES)
    assert set(re.findall(r'"(acr_global\.[\w.]+)"', query)) <= names


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_begins_with_what_it_shows(name: str) -> None:
    """The docs show that line above it; infra/ puts its condition below the table's name."""
    assert re.match(r"// .+\n(let .+\n)?App\w+\n\|", QUERIES[name])


def test_a_deployment_s_queries_look_at_its_own_app() -> None:
    """Others may write to the workspace."""
    mine = load("main").the("Microsoft.Insights/components")["id"]
    assert len(deployed()) == 12
    for query in deployed().values():
        assert f'AppTraces\n| where _ResourceId =~ "{mine}"\n' in query


def test_alerts_and_workbook_read_the_workspace_that_is_written_to() -> None:
    """A new one, or the one that is given."""
    for name in ("main", "private"):
        deployment = load(name)
        component = deployment.the("Microsoft.Insights/components")["properties"]
        workspaces = {rule["properties"]["scopes"][0] for rule in deployment.all(ALERTS)}
        assert len(workspaces) == 1
        (workspace,) = workspaces
        assert component["WorkspaceResourceId"].lower() == workspace.lower()
        assert workspace in deployment.the(WORKBOOK)["properties"]["serializedData"]


def test_no_webhook_or_timer_at_all_is_an_alert_and_any_dead_letter_or_error() -> None:
    """The first two count what is not there."""
    rules = {r["name"].rsplit("-", 1)[1]: r["properties"] for r in load("main").all(ALERTS)}
    conditions = {
        name: (rule["criteria"]["allOf"][0]["operator"], rule["criteria"]["allOf"][0]["threshold"])
        for name, rule in rules.items()
    }
    any_row = ("GreaterThan", 0)
    no_row = ("LessThan", 1)
    assert conditions == {
        "letters": any_row,
        "errors": any_row,
        "overdue": any_row,
        "silent": no_row,
        "timers": no_row,
    }
    assert "P2D" == rules["silent"]["windowSize"]


def test_each_alert_names_the_heading_that_says_what_to_do() -> None:
    """Whoever is woken by it reads its description first."""
    page = (ROOT / "docs" / "alarms.md").read_text()
    about = [rule["properties"]["description"] for rule in load("main").all(ALERTS)]
    headings = [re.findall(r"docs/alarms\.md, ([^.]+)\.$", text) for text in about]
    assert all(one and f"\n## {one[0]}\n" in page for one in headings), about


def test_all_of_it_can_be_left_out() -> None:
    """By parameters; it is there unless somebody says so."""
    kinds = {name: [len(load(name).all(k)) for k in (ALERTS, WORKBOOK)] for name in EVERY}
    assert {name: [0, 0] if name == "existing" else [5, 1] for name in EVERY} == kinds


def test_the_exporter_is_set_up_where_it_is_asked_for() -> None:
    """Host and worker together: one alone would send the lines twice, or not at all."""
    settings = {name: load(name).app_settings for name in EVERY}
    named = {
        "AzureFunctionsJobHost__telemetryMode",
        "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
        "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME",
    }
    assert named <= set(settings["existing"])
    assert not named & set(settings["main"])
