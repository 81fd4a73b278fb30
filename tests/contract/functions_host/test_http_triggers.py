"""HTTP triggers of a real host process."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.contract.functions_host.processes import RunningHost, eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with RunningHost(tmp_path_factory.mktemp("host"), settings={"FUNCTIONS_KEY": "key-of-the-tests"}) as running:
        yield running.started()


@pytest.fixture(scope="module")
def client(host: RunningHost) -> Iterator[httpx.Client]:
    with host.client() as client:
        yield client


def test_the_ready_line_names_address_key_and_enabled_functions(host: RunningHost) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", host.url)
    assert host.key == "key-of-the-tests"
    assert host.functions == ["orders", "latest", "files", "binary", "broken", "slow", "keeper"]


def test_a_request_arrives_whole_and_its_answer_returns_whole(host: RunningHost, client: httpx.Client) -> None:
    response = client.post(
        "/api/orders/7?a=1&b=x%20y&a=2&empty=",
        content="häagen".encode(),
        headers={"x-functions-key": host.key, "x-shop": "de", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
    )
    assert response.status_code == 201
    answer = response.json()
    trace_parent = answer.pop("trace_parent")
    assert answer == {
        "method": "POST",
        "id": "7",
        "query": {"a": "1,2", "b": "x y"},
        "body": "häagen",
        "header": "de",
        "url": f"{host.url}/api/orders/7?a=1&b=x%20y&a=2&empty=",
    }
    assert re.fullmatch(rf"00-{TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{{16}}-01", trace_parent)
    assert response.headers["x-answer"] == "yes"
    assert response.headers["content-type"] == "application/json"
    assert response.headers.get_list("set-cookie") == [
        "basket=7; Path=/; Secure; HttpOnly; SameSite=Lax",
        "theme=dark; Max-Age=60",
    ]


def test_a_request_without_a_trace_begins_one(host: RunningHost, client: httpx.Client) -> None:
    traces = {client.get("/api/orders", headers={"x-functions-key": host.key}).json()["trace_parent"] for _ in range(2)}
    assert len(traces) == 2
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace) for trace in traces)


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}, {"x-functions-key": "clé"}])
@pytest.mark.parametrize("path", ["/api/orders/7", "/api/keeper", "/admin/host/status"])
def test_a_request_without_the_key_is_refused(client: httpx.Client, path: str, headers: dict[str, str]) -> None:
    response = client.get(path, headers=httpx.Headers(headers, encoding="utf-8"))
    assert response.status_code == 401
    assert response.content == b""


@pytest.mark.parametrize("path", ["/api/orders/7", "/api/keeper", "/admin/host/status"])
def test_the_key_is_taken_from_the_query_as_well(host: RunningHost, client: httpx.Client, path: str) -> None:
    assert client.get(path, params={"code": host.key}).is_success


def test_an_anonymous_function_needs_no_key(client: httpx.Client) -> None:
    response = client.get("/api/orders/latest")
    assert (response.status_code, response.text) == (200, "latest")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "parameter"),
    [("/api/orders", None), ("/api/orders/", None), ("/api/orders/-3", "-3"), ("/API/Orders/4", "4")],
)
def test_an_optional_number_in_a_route_may_be_absent(
    host: RunningHost, client: httpx.Client, path: str, parameter: str | None
) -> None:
    response = client.get(path, headers={"x-functions-key": host.key})
    assert response.json()["id"] == parameter


@pytest.mark.parametrize(
    ("path", "rest"), [("/api/files", "none"), ("/api/files/a/b.txt", "a/b.txt"), ("/api/files/a%20b%2Fc", "a b/c")]
)
def test_a_catch_all_takes_the_rest_of_the_path(client: httpx.Client, path: str, rest: str) -> None:
    assert client.get(path).text == rest


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/orders/seven"),
        ("DELETE", "/api/orders/7"),
        ("GET", "/api/nothing"),
        ("GET", "/orders/7"),
        ("GET", "/api/hourly"),
    ],
)
def test_what_no_route_takes_is_not_found(host: RunningHost, client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, path, headers={"x-functions-key": host.key}).status_code == 404


def test_bytes_pass_unchanged(client: httpx.Client) -> None:
    body = bytes(range(256)) * 4096
    response = client.post("/api/binary", content=body)
    assert response.content == body
    assert response.headers["content-type"] == "application/octet-stream"


def test_a_body_above_the_limit_of_azure_is_refused(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(101):
            yield bytes(1024 * 1024)

    assert client.post("/api/binary", content=chunks()).status_code == 413


def test_a_failing_function_answers_500_without_a_body_and_is_logged(host: RunningHost, client: httpx.Client) -> None:
    response = client.get("/api/broken")
    assert (response.status_code, response.content) == (500, b"")
    line = next(line for line in host.log().splitlines() if "the stock is gone" in line)
    assert re.search(r"ERROR \[broken [0-9a-f-]{36}\]", line)


def test_log_lines_of_a_function_in_a_thread_name_it_and_its_invocation(
    host: RunningHost, client: httpx.Client
) -> None:
    assert client.get("/api/slow?seconds=0").text == "done"
    assert re.search(r"INFO \[slow [0-9a-f-]{36}\] root: slow has ended", host.log())


def test_the_key_is_never_logged(host: RunningHost, client: httpx.Client) -> None:
    assert client.get("/api/keeper", params={"code": host.key}).text == "kept"
    assert host.key not in host.log()


def test_the_host_says_that_it_runs(host: RunningHost, client: httpx.Client) -> None:
    assert "Your Functions host is up and running" in client.get("/").text
    assert client.get("/admin/host/status", headers={"x-functions-key": host.key}).json() == {"state": "Running"}


def test_a_stop_lets_a_request_that_runs_end(tmp_path: Path) -> None:
    with RunningHost(tmp_path) as host, ThreadPoolExecutor() as threads:
        host.started()
        with host.client() as client:
            answer = threads.submit(client.get, "/api/slow?seconds=1.5")
            eventually(lambda: host.records("slow"), bool)
            host.terminate()
            assert answer.result(10).text == "done"
        assert host.wait() == 0


def test_a_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    with RunningHost(tmp_path, options=("--drain-seconds", "1")) as host:
        host.started()
        with host.client() as client, pytest.raises(httpx.ReadTimeout):
            client.get("/api/slow?seconds=60", timeout=0.5)
        host.terminate()
        assert host.wait() == 0
        assert "Stopped while still running: slow" in host.log()
