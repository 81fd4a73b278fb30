"""A small app that writes down what it was given, one JSON object a line, in the file RECORD names."""

import asyncio
import json
import logging
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.timer import TimerRequest

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
_STARTED: Counter[str] = Counter()
_ENOUGH: dict[str, asyncio.Event] = {}


def record(**entry: Any) -> None:
    with Path(os.environ["RECORD"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({**entry, "at": time.time()}) + "\n")


@app.route(route="orders/{id:int?}", methods=["GET", "POST"])
def orders(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    answer = {
        "method": req.method,
        "id": req.route_params.get("id"),
        "query": dict(req.params),
        "body": req.get_body().decode(),
        "header": req.headers.get("X-Shop"),
        "url": req.url,
        "trace_parent": context.trace_context.trace_parent,
    }
    response = func.HttpResponse(json.dumps(answer), status_code=201, mimetype="application/json")
    response.headers["X-Answer"] = "yes"
    response.headers.add("Set-Cookie", "basket=7; Path=/; HttpOnly; Secure; SameSite=Lax")
    response.headers.add("Set-Cookie", "theme=dark; Max-Age=60")
    return response


@app.route(route="orders/latest", auth_level=func.AuthLevel.ANONYMOUS)
async def latest(req: func.HttpRequest) -> str:
    return "latest"


@app.route(route="files/{*path}", auth_level=func.AuthLevel.ANONYMOUS)
async def files(req: func.HttpRequest) -> str:
    return str(req.route_params.get("path", "none"))


@app.route(route="binary", auth_level=func.AuthLevel.ANONYMOUS, methods=["POST"])
async def binary(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), mimetype="application/octet-stream")


@app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)
async def broken(req: func.HttpRequest) -> str:
    raise ValueError("the stock is gone")


@app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
def slow(req: func.HttpRequest) -> str:
    record(name="slow")
    time.sleep(float(req.params["seconds"]))
    logging.info("slow has ended")
    return "done"


@app.route(route="keeper", auth_level=func.AuthLevel.ADMIN)
async def keeper(req: func.HttpRequest) -> str:
    return "kept"


@app.timer_trigger(schedule="* * * * * *", arg_name="timer")
async def every_second(timer: func.TimerRequest) -> None:
    record(name="every_second", event="start")
    await asyncio.sleep(1.3)
    record(name="every_second", event="end")
    raise RuntimeError("a timer that fails goes on")


@app.timer_trigger(schedule="%HOURLY%", arg_name="timer")
async def hourly(timer: TimerRequest) -> None:
    record(name="hourly", past_due=timer.past_due, status=timer.schedule_status, schedule=timer.schedule)


@app.timer_trigger(schedule="0 0 5 1 1 *", arg_name="timer", run_on_startup=True, use_monitor=False)
def at_startup(timer: func.TimerRequest) -> None:
    record(name="at_startup", past_due=timer.past_due)


@app.service_bus_queue_trigger(
    arg_name="msg", queue_name="%SESSION_QUEUE%", connection="ServiceBus", is_sessions_enabled=True
)
async def on_session(msg: func.ServiceBusMessage, context: func.Context) -> None:
    await receive("on_session", msg, context)


@app.service_bus_queue_trigger(arg_name="msg", queue_name="%PLAIN_QUEUE%", connection="ServiceBus")
async def on_plain(msg: func.ServiceBusMessage, context: func.Context) -> None:
    await receive("on_plain", msg, context)


async def receive(name: str, msg: func.ServiceBusMessage, context: func.Context) -> None:
    body = json.loads(msg.get_body())
    seen = {"count": msg.delivery_count, "metadata": msg.metadata, "trace_parent": context.trace_context.trace_parent}
    record(name=name, event="start", body=body, **seen)
    await asyncio.sleep(body.get("seconds", 0))
    await others(body["name"], body.get("together", 0))
    record(name=name, event="end", body=body)
    if msg.delivery_count <= body.get("failures", 0):
        raise RuntimeError("this message is poison")


async def others(name: str, together: int) -> None:
    """Wait until so many messages of this name have started."""
    _STARTED[name] += 1
    enough = _ENOUGH.setdefault(name, asyncio.Event())
    if _STARTED[name] >= together:
        enough.set()
    try:
        await asyncio.wait_for(enough.wait(), 10)
    except TimeoutError:
        logging.warning("%s: only %s of %s started", name, _STARTED[name], together)
