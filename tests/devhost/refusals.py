"""What the Durable extension refuses at start, in its words: one table for devhost and the engine.

Seen on the extension 3.19. `engine` marks what the real engine is started with in each test run;
the rest was seen there once, in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

APP = """
import azure.functions as func
import azure.durable_functions as df

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.orchestration_trigger(context_name="context")
def Main(context):
    yield context.call_activity("Work", 1)

@app.activity_trigger(input_name="work")
def Work(work: str) -> str:
    return work
"""
"""An app that is not refused."""


def activity(name: str, parameter: str = "work") -> str:
    """One more activity for that app."""
    return f"""
@app.function_name("{name}")
@app.activity_trigger(input_name="{parameter}")
def more({parameter}: str) -> str:
    return "more"
"""


@dataclass(frozen=True)
class Refusal:
    """One wrong thing, and the words in which it is refused."""

    name: str
    words: str
    durable: dict[str, Any] = field(default_factory=dict)
    """What host.json says below extensions.durableTask."""
    more: str = ""
    """What the app has besides."""
    engine: bool = False


def provider(**settings: Any) -> dict[str, Any]:
    return {"storageProvider": settings}


NO_TIME = "Could not cast or convert from System.String to System.TimeSpan."
HUB = "should contain only alphanumeric characters, start with a letter, and have length between"
VISIBILITY = "ControlQueueVisibilityTimeout must be between 1 and 60 minutes."
PARTITIONS = "PartitionCount must be an integer value between 1 and 16."
THRESHOLD = "ControlQueueBufferThreshold must be between 1 and 1000."
ACTIVITIES = "MaxConcurrentActivityFunctions must be a positive integer value."
ORCHESTRATORS = "MaxConcurrentOrchestratorFunctions must be a positive integer value."
OVERLOADS = "Method overloads are not supported. There are multiple methods with the name"

REFUSALS = [
    Refusal(
        "an activity's parameter named data",
        "Error indexing method 'More': Can't bind parameter 'data' to type 'System.String'.",
        more=activity("More", "data"),
        engine=True,
    ),
    Refusal("in any case", "Can't bind parameter 'DATA'", more=activity("More", "DATA")),
    Refusal("one name in two cases", OVERLOADS, more=activity("WORK"), engine=True),
    Refusal(
        "one name twice",
        "Function Work does not have a unique function name.",
        more=activity("Work"),
    ),
    Refusal(
        "a name that begins with an underscore",
        "Error indexing method '_More': '_More' is not a valid function name.",
        more=activity("_More"),
        engine=True,
    ),
    Refusal("a name with a dot", "'a.b' is not a valid function name.", more=activity("a.b")),
    Refusal(
        "a visibility timeout that is too short",
        VISIBILITY,
        provider(controlQueueVisibilityTimeout="00:00:59"),
        engine=True,
    ),
    Refusal("too long", VISIBILITY, provider(controlQueueVisibilityTimeout="01:00:01")),
    Refusal("60 days", VISIBILITY, provider(controlQueueVisibilityTimeout=60)),
    Refusal(
        "60 seconds",
        NO_TIME,
        provider(controlQueueVisibilityTimeout="00:00:60"),
        engine=True,
    ),
    Refusal("no time", NO_TIME, provider(workItemQueueVisibilityTimeout="soon")),
    Refusal("no time either", NO_TIME, provider(maxQueuePollingInterval="1.5")),
    Refusal(
        "polling before now",
        "MaxQueuePollingInterval must be non-negative.",
        provider(maxQueuePollingInterval="-00:00:01"),
    ),
    Refusal("a hub's name that is too short", f"Task hub name 'ab' {HUB}", {"hubName": "ab"}),
    Refusal("too long a name", f"{'a' * 51}' {HUB}", {"hubName": "a" * 51}),
    Refusal("a digit first", f"Task hub name '1abc' {HUB}", {"hubName": "1abc"}),
    Refusal("a hyphen in it", f"Task hub name 'a-b' {HUB}", {"hubName": "a-b"}, engine=True),
    Refusal("a setting that is not there", f"'%NOWHERE%' {HUB}", {"hubName": "%NOWHERE%"}),
    Refusal("no partition", PARTITIONS, provider(partitionCount=0)),
    Refusal("too many partitions", PARTITIONS, provider(partitionCount=17), engine=True),
    Refusal(
        "a partition count that is no number",
        "Could not convert string to integer: four. Path 'partitionCount'",
        provider(partitionCount="four"),
        engine=True,
    ),
    Refusal(
        "no batch",
        "ControlQueueBatchSize must be a non-negative integer.",
        provider(controlQueueBatchSize=0),
    ),
    Refusal(
        "too large a batch",
        "The control queue batch size must not exceed 32.",
        provider(controlQueueBatchSize=33),
        engine=True,
    ),
    Refusal("no buffer", THRESHOLD, provider(controlQueueBufferThreshold=0)),
    Refusal("too large a buffer", THRESHOLD, provider(controlQueueBufferThreshold=1001)),
    Refusal(
        "a provider that is not there",
        "Storage provider type (mssql) was not found. Available storage providers: AzureStorage.",
        provider(type="mssql"),
    ),
    Refusal(
        "no place for an activity",
        ACTIVITIES,
        {"maxConcurrentActivityFunctions": 0},
        engine=True,
    ),
    Refusal("less than none", ORCHESTRATORS, {"maxConcurrentOrchestratorFunctions": -1}),
    Refusal(
        "places that are no whole number",
        "1.5 is not a valid value for Int32.",
        {"maxConcurrentActivityFunctions": 1.5},
    ),
    Refusal(
        "extended sessions",
        "Durable Functions with extendedSessionsEnabled set to 'true' is only supported when using"
        " the in-process or isolated .NET worker.",
        {"extendedSessionsEnabled": True},
        engine=True,
    ),
]

ACCEPTED: list[dict[str, Any]] = [
    provider(controlQueueVisibilityTimeout="00:01:00", maxQueuePollingInterval="00:00:01.5"),
    provider(controlQueueVisibilityTimeout="1:00", workItemQueueVisibilityTimeout="02:00:00"),
    provider(workItemQueueVisibilityTimeout="8.00:00:00", maxQueuePollingInterval="2"),
    provider(partitionCount=" 16 ", controlQueueBatchSize="32", type="azurestorage"),
    {"hubName": "a" * 50, "maxConcurrentActivityFunctions": "10"},
    {"maxConcurrentActivityFunctions": "", "maxConcurrentOrchestratorFunctions": None},
    {"hubName": None, "extendedSessionsEnabled": False, "unknown": 1},
]
"""Odd, and taken by the extension all the same."""
