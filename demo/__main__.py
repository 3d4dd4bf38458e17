"""`python -m demo`: push a handful of images, and see one right verdict on each."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

import aiohttp

from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import Exit
from acr_global.model import VerdictType
from acr_global_rig.host import Host, HostError, running_host
from acr_global_rig.registry import REGIONS
from demo import judge, table
from demo.plan import PUSHES, Push
from demo.receivers import REFUSALS, STEADY, Receipt, Receivers
from demo.screen import Screen
from demo.settings import settings
from demo.webhooks import Answer, report

ENDS_WITHIN = 55.0
"""Seconds for everything after the host has started."""


def main() -> int:
    """Run the demo; 0 only if every push got exactly the one right verdict."""
    screen = Screen()
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        return asyncio.run(_main(screen))
    if screen.code is not None:
        return screen.code
    print("\nStopped.", file=sys.stderr)
    return Exit.INTERRUPTED


async def _main(screen: Screen) -> int:
    task = asyncio.current_task()
    if task:
        screen.end = task.cancel
        if sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    screen.say(
        f"A registry with replicas in {', '.join(REGIONS)}.\n"
        f"{len(PUSHES)} pushes; each region reports each push by a webhook of its own; all\n"
        f"regions have 10 s. Two receivers are told; one refuses each message {REFUSALS} times.\n"
    )
    receivers = Receivers(lambda receipt: _show_receipt(screen, receipt))
    answers: list[Answer] = []
    async with (
        receivers.serving(),
        running_host(settings(receivers.both)) as host,
        aiohttp.ClientSession() as session,
    ):
        try:
            await host.wait_until_it_serves(session)
            screen.step("host", "", f"serves the app on {host.url}")
            await _run(screen, session, host, receivers, answers)
        except HostError as error:
            screen.say(f"\n{error} Its last lines:\n{host.output()}", "red")
            return 1
        problems = judge.find_problems(PUSHES, answers, receivers.receipts)
        _show_result(screen, receivers.receipts, problems)
        if problems:
            screen.say(f"\nThe host's last lines:\n{host.output()}")
    return 1 if problems else 0


async def _run(
    screen: Screen,
    session: aiohttp.ClientSession,
    host: Host,
    receivers: Receivers,
    answers: list[Answer],
) -> None:
    """Everything that is pushed and told, until the last is told or time is up."""

    async def post(push: Push, region: str, after: float) -> None:
        await asyncio.sleep(after)
        answer = await report(session, host.url, push, region)
        answers.append(answer)
        fine = answer.status in (200, 202)
        text = f"{region:<11}  {answer.status} {answer.word}"
        screen.step("webhook", push.image, text, None if fine else "red")

    async def push_image(push: Push) -> None:
        async with asyncio.TaskGroup() as group:
            for r in push.reports:
                group.create_task(post(push, r.region, push.begins + r.at))
        if push.missing:
            screen.step("silence", push.image, f"nothing from {', '.join(push.missing)}")
        await receivers.until_taken(push.image)
        for region in push.late:
            await post(push, region, 0.0)

    pushing = asyncio.gather(*(push_image(push) for push in PUSHES))
    ending = asyncio.create_task(host.wait_until_it_ends())
    try:
        done, _ = await asyncio.wait(
            (pushing, ending), timeout=ENDS_WITHIN, return_when=asyncio.FIRST_COMPLETED
        )
        for finished in done:
            finished.result()
        if not done:
            screen.say(f"\nTime is up: {ENDS_WITHIN:.0f} s.", "red")
    finally:
        pushing.cancel()
        ending.cancel()
        await asyncio.gather(pushing, ending, return_exceptions=True)


def _show_receipt(screen: Screen, receipt: Receipt) -> None:
    verdict = receipt.message.type
    if receipt.receiver == STEADY:
        colour = "green" if verdict is VerdictType.COMPLETE else "yellow"
        screen.step("VERDICT", receipt.image, receipt.message.text, colour)
    else:
        did = "takes it" if receipt.status == 200 else "refuses it"
        text = f"{verdict.value}: the flaky receiver {did} ({receipt.status})"
        screen.step("retry", receipt.image, text)


def _show_result(screen: Screen, receipts: list[Receipt], problems: list[str]) -> None:
    screen.say("\nEach push, its verdict, and how far each region was behind the first:\n")
    screen.say(table.render(table.verdict_rows(PUSHES, receipts)))
    screen.say(f"\nThe receiver that answers 503 to each message {REFUSALS} times:\n")
    screen.say("\n".join(table.flaky_lines(PUSHES, receipts)) + "\n")
    for problem in problems:
        screen.say(f"WRONG  {problem}", "red")
    if not problems:
        text = f"{len(PUSHES)} pushes, {len(PUSHES)} verdicts, each the right one"
        screen.say(f"{text}; {screen.seconds:.0f} s.", "green")


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
