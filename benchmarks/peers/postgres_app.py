"""FastAPI and PostgreSQL. A push is a row, which webhooks lock one after another; an arrival is a
row of its own; what is to be sent is a row, too, and goes when it has been sent.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
from fastapi import FastAPI, Request, Response

REGIONS = frozenset(os.environ["REGIONS"].split(","))
TIMEOUT, TARGET = timedelta(seconds=float(os.environ["TIMEOUT"])), os.environ["TARGET"]

SCHEMA = """
create table if not exists push (
    id text primary key, repository text not null, deadline timestamptz not null, verdict text);
create index if not exists open_pushes on push (deadline) where verdict is null;
create table if not exists arrival (
    push text references push, region text, at timestamptz default now(),
    primary key (push, region));
create table if not exists outbox (id bigserial primary key, body text not null);
"""


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Send, and watch the deadlines, while the app runs."""
    async with asyncpg.create_pool(os.environ["STORE"], min_size=10, max_size=10) as pool:
        await pool.execute(SCHEMA)
        app.state.pool, app.state.due = pool, asyncio.Event()
        tasks = [asyncio.create_task(work(pool, app.state.due)) for work in (send, expire)]
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
    async with app.state.pool.acquire() as db, db.transaction():
        await db.execute(
            "insert into push values ($1, $2, now() + $3) on conflict do nothing",
            push,
            repository,
            TIMEOUT,
        )
        verdict = await db.fetchval("select verdict from push where id = $1 for update", push)
        await db.execute("insert into arrival values ($1, $2) on conflict do nothing", push, region)
        there = await db.fetchval("select count(*) from arrival where push = $1", push)
        if verdict is None and there == len(REGIONS):
            await decide(db, push, "complete", repository)
    app.state.due.set()
    return Response(status_code=202)


async def decide(
    db: Any, push: str, verdict: str, repository: str, missing: list[str] | None = None
) -> None:
    """Give a push its verdict, and put what is said of it into the outbox."""
    said = {"id": f"{push}.{verdict}", "type": verdict, "missing": missing or []}
    body = json.dumps(said | {"push": {"id": push, "repository": repository}})
    await db.execute("update push set verdict = $2 where id = $1", push, verdict)
    await db.execute("insert into outbox (body) values ($1)", body)


async def send(pool: Any, due: asyncio.Event) -> None:
    """Post what is in the outbox, one after another, until each is taken."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        while True:
            due.clear()
            async with pool.acquire() as db, db.transaction():
                row = await db.fetchrow(
                    "select id, body from outbox order by id limit 1 for update skip locked"
                )
                if row and await is_taken(session, row["body"]):
                    await db.execute("delete from outbox where id = $1", row["id"])
                    continue
            if row:
                await asyncio.sleep(1)
            else:
                await due.wait()


async def is_taken(session: aiohttp.ClientSession, body: str) -> bool:
    """Whether the receiver has it."""
    headers = {"content-type": "application/json"}
    try:
        async with session.post(TARGET, data=body, headers=headers) as answer:
            return answer.ok
    except (aiohttp.ClientError, TimeoutError):
        return False


async def expire(pool: Any, due: asyncio.Event) -> None:
    """Decide what has passed its deadline."""
    while True:
        async with pool.acquire() as db, db.transaction():
            rows = await db.fetch(
                "select id, repository from push where verdict is null and deadline < now()"
                " for update skip locked"
            )
            for row in rows:
                found = await db.fetch("select region from arrival where push = $1", row["id"])
                missing = sorted(REGIONS - {arrival["region"] for arrival in found})
                await decide(db, row["id"], "overdue", row["repository"], missing)
        if rows:
            due.set()
        await asyncio.sleep(0.5)
