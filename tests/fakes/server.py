"""An HTTP server that plays a list of answers and keeps the requests."""

from __future__ import annotations

from collections.abc import Callable

import httpx

type Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class ScriptedServer:
    """Answers in order; the last answer is repeated. An exception stands for a broken connection."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), follow_redirects=False)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        # A response may be read only once, so a repeated one is copied.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def hosts(self) -> list[str]:
        return [request.url.host for request in self.requests]


def broken(kind: type[httpx.RequestError]) -> httpx.RequestError:
    return kind("broken")
