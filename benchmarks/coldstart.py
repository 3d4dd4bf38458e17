"""What a start takes, in fresh interpreters: importing the app, beside a Durable app of one
function; and that with the first webhook, up to its answer, beside the textbook app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from acr_global_rig.registry import REGIONS, event
from benchmarks.endpoint import listening
from benchmarks.sides import ENVIRON
from benchmarks.table import Table, number, ratio, spread

ROOT = Path(__file__).resolve().parent.parent
ANY_DURABLE_APP = """
import azure.functions, azure.durable_functions
app = azure.durable_functions.DFApp()
@app.orchestration_trigger(context_name="context")
def orchestrate(context):
    return 1
"""
THIS_APP = "from function_app import app"
THE_TEXTBOOK_APP = """
import os
from tests.e2e.textbook import build_textbook
app = build_textbook(dict(os.environ))
"""
NOTHING = "pass"

FIRST_WEBHOOK = """
import asyncio, json, os
import azure.functions as func
region, body, client = json.loads(os.environ["BENCH_WEBHOOK"])
url = "http://127.0.0.1/api/ImagePush"
request = func.HttpRequest("POST", url, params={"region": region}, body=body.encode())
calls = {f.get_function_name(): f.get_user_function() for f in app.get_functions()}
answer = asyncio.run(calls["ImagePush"](req=request, client=client))
assert answer.status_code == 202, answer.get_body()
"""
A_SECOND_LATER = """
time.sleep(1)
wall, cpu = time.perf_counter(), time.process_time()
"""
"""As a host that gets ready for calls meanwhile; what is measured begins then."""

NO_THREADS = "import threading\nthreading.Thread.start = lambda thread: None\n"
"""Of imports side by side it cannot be told which takes how long."""

COMPARED = (
    ("import", THIS_APP, ANY_DURABLE_APP),
    ("import and first webhook", THIS_APP + FIRST_WEBHOOK, THE_TEXTBOOK_APP + FIRST_WEBHOOK),
    (
        "first webhook, a second later",
        THIS_APP + A_SECOND_LATER + FIRST_WEBHOOK,
        THE_TEXTBOOK_APP + A_SECOND_LATER + FIRST_WEBHOOK,
    ),
)
"""What is measured, by this app and by the other."""

PROBE = """
import sys, time
wall, cpu = time.perf_counter(), time.process_time()
{what}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
try:
    line = next(l for l in open("/proc/self/status") if l.startswith("VmHWM:"))
    peak = int(line.split()[1])
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak //= 1024 if sys.platform == "darwin" else 1
print(wall * 1000, cpu * 1000, peak / 1024)
"""
"""Prints wall ms, CPU ms, and the peak of resident memory in MiB."""

Sample = tuple[float, float, float]


def _python(code: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ACR_GLOBAL_", "PYTHON"))}
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        env=kept | ENVIRON | more,
        check=True,
        capture_output=True,
        text=True,
    )


def sample(what: str) -> Sample:
    """Measure one fresh interpreter."""
    # In a folder of its own, or it would first see to what the sample before it has left.
    with listening() as client, TemporaryDirectory() as folder:
        posted = json.dumps([REGIONS[0], json.dumps(event("p1")), client])
        more = {"BENCH_WEBHOOK": posted, "TMPDIR": folder}
        done = _python(PROBE.replace("{what}", what), **more)
    wall, cpu, peak = done.stdout.split()
    return float(wall), float(cpu), float(peak)


def own_times(what: str) -> dict[str, float]:
    """Milliseconds that each module itself takes, without its imports."""
    times = {}
    for line in _python(NO_THREADS + what, "-X", "importtime").stderr.splitlines():
        own, _, name = line.removeprefix("import time:").rpartition("|")
        if line.startswith("import time:") and own.split("|")[0].strip().isdigit():
            times[name.strip()] = int(own.split("|")[0]) / 1_000
    return times


def run(quick: bool) -> list[Table]:
    """Measure in turns, after one uncounted run of each (which may write bytecode)."""
    rounds = 5 if quick else 20
    whats = (NOTHING, *(what for _, *both in COMPARED for what in both))
    found: dict[str, list[Sample]] = {what: [] for what in whats}
    for what in whats:
        sample(what)
    for _ in range(rounds):
        for what in whats:
            found[what].append(sample(what))
    return [_totals(found, rounds), *_modules(3 if quick else 5)]


def _totals(found: dict[str, list[Sample]], rounds: int) -> Table:
    rows = []
    for beginning, app, other in COMPARED:
        for index, unit in enumerate(("wall ms", "CPU ms", "memory MiB")):
            ours, theirs = ([s[index] for s in found[what]] for what in (app, other))
            adds, times = median(ours) - median(theirs), ratio(median(ours), median(theirs))
            rows.append([f"{beginning}: {unit}", spread(ours), spread(theirs), number(adds), times])
    return Table(
        "cold start: importing function_app, and then at once the first webhook, to its answer",
        ["", "app", "other app", "app adds", "app : other"],
        rows,
        [
            "Other app: a DFApp with one orchestrator; where there is a webhook, the textbook app.",
            "Memory of bare Python: " + spread([s[2] for s in found[NOTHING]]) + " MiB.",
            f"Median (lowest-highest) of {rounds} interleaved runs, files and bytecode in cache.",
        ],
    )


def _modules(rounds: int) -> list[Table]:
    """The modules that the app imports and the baseline does not."""
    runs = [(own_times(ANY_DURABLE_APP), own_times(THIS_APP)) for _ in range(rounds)]
    shared = runs[0][0].keys()
    names = set.intersection(*(set(app) for _, app in runs)) - shared
    own = {name: median(app[name] for _, app in runs) for name in names}
    packages: defaultdict[str, float] = defaultdict(float)
    counts: defaultdict[str, int] = defaultdict(int)
    for name, ms in own.items():
        package = name.partition(".")[0]
        package = package if package not in sys.stdlib_module_names else "standard library"
        packages[package] += ms
        counts[package] += 1
    whole = sum(own.values())
    note = f"Own time, under -X importtime, which slows imports; median of {rounds} runs."
    return [
        Table(
            "cold start: what the app adds, by package",
            ["package", "modules", "own ms", "share"],
            [
                [name, str(counts[name]), number(ms), f"{ms / whole:.0%}"]
                for name, ms in sorted(packages.items(), key=lambda p: -p[1])
            ],
            [note],
        ),
        Table(
            "cold start: the heaviest modules that the app adds",
            ["module", "own ms", "share"],
            [
                [name, number(ms), f"{ms / whole:.0%}"]
                for name, ms in sorted(own.items(), key=lambda p: -p[1])[:12]
            ],
            [note],
        ),
    ]
