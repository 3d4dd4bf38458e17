"""FastAPI and Redis. A push is a set of regions and a place in a sorted set of deadlines; a script
decides, so that no two webhooks can; what is to be sent is a list, and stays in another until sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from fastapi import FastAPI, Request, Response
from redis.asyncio import Redis

REGIONS = frozenset(os.environ["REGIONS"].split(","))
TIMEOUT, TARGET = float(os.environ["TIMEOUT"]), os.environ["TARGET"]
KEPT = 7 * 86_400
OUTBOX, SENDING, DEADLINES = "outbox", "sending", "deadlines"

redis: Any = Redis.from_url(os.environ["STORE"], decode_responses=True)

# KEYS: arrivals, verdict, deadlines, outbox. ARGV: region, how many, deadline, id, message, kept
ARRIVE = redis.register_script("""
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[6])
if redis.call('SCARD', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[3], 'NX', ARGV[3], ARGV[4])
else
  redis.call('SET', KEYS[2], 'complete', 'EX', ARGV[6])
  redis.call('ZREM', KEYS[3], ARGV[4])
  redis.call('LPUSH', KEYS[4], ARGV[5])
end
return 1
""")

# KEYS: verdict, deadlines, outbox. ARGV: id, message, kept
EXPIRE = redis.register_script("""
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], 'overdue', 'EX', ARGV[3])
redis.call('LPUSH', KEYS[3], ARGV[2])
return 1
""")


@asynccontextmanager
async def running(_: FastAPI) -> AsyncIterator[None]:
    """Send, and watch the deadlines, while the app runs."""
    while await redis.lmove(SENDING, OUTBOX, "RIGHT", "RIGHT"):
        pass  # what an earlier process may have left unsent
    tasks = [asyncio.create_task(work) for work in (send(), expire())]
    yield
    for task in tasks:
        task.cancel()


app = FastAPI(lifespan=running)


@app.post("/api/ImagePush")
async def image_push(request: Request, region: str) -> Response:
    """One region's webhook."""
    event = await request.json()
    push, repository = event["id"], event["target"]["repository"]
    if region not in REGIONS:
        return Response(status_code=400)
    await redis.set(f"{push}:repository", repository, ex=KEPT)
    deadline, told = time.time() + TIMEOUT, message(push, "complete", repository)
    await ARRIVE(
        keys=[f"{push}:regions", f"{push}:verdict", DEADLINES, OUTBOX],
        args=[region, len(REGIONS), deadline, push, told, KEPT],
    )
    return Response(status_code=202)


def message(push: str, verdict: str, repository: str, missing: list[str] | None = None) -> str:
    """The notification."""
    said = {"id": f"{push}.{verdict}", "type": verdict, "missing": missing or []}
    return json.dumps(said | {"push": {"id": push, "repository": repository}})


async def send() -> None:
    """Post what is in the outbox, one after another, until each is taken."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        while True:
            body = await redis.blmove(OUTBOX, SENDING, 1, "RIGHT", "LEFT")
            if body is None:
                continue
            try:
                headers = {"content-type": "application/json"}
                async with session.post(TARGET, data=body, headers=headers) as answer:
                    answer.raise_for_status()
            except (aiohttp.ClientError, TimeoutError):
                await redis.lpush(OUTBOX, body)
                await asyncio.sleep(1)
            await redis.lrem(SENDING, 1, body)


async def expire() -> None:
    """Decide what has passed its deadline."""
    while True:
        for push in await redis.zrangebyscore(DEADLINES, "-inf", time.time()):
            there = await redis.smembers(f"{push}:regions")
            repository = await redis.get(f"{push}:repository")
            body = message(push, "overdue", repository, sorted(REGIONS - there))
            await EXPIRE(keys=[f"{push}:verdict", DEADLINES, OUTBOX], args=[push, body, KEPT])
        await asyncio.sleep(0.5)
