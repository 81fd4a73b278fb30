import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest
import requests

CLIENT, SECRET, KEY = "a-client", "a-secret-for-tests", "a-signing-key-for-tests"
SCOPE = "https://api.businesscentral.dynamics.com/.default"
REPOSITORY = Path(__file__).parents[3]


@contextmanager
def running(*arguments: str) -> Iterator[dict[str, Any]]:
    environment = os.environ | {"LOCAL_CLIENT_ID": CLIENT, "LOCAL_CLIENT_SECRET": SECRET, "LOCAL_TOKEN_KEY": KEY}
    command = [sys.executable, "-m", "local.dynamics", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(10)
        assert code == 0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with running("authority", "--port", "0", "--state-dir", str(tmp_path_factory.mktemp("authority"))) as ready:
        yield ready


@pytest.fixture(scope="module")
def business_central(authority: dict[str, Any]) -> Iterator[str]:
    issuer = f"{authority['url']}/{authority['tenant']}/v2.0"
    with running("business_central", "--port", "0", "--authority-issuer", issuer) as ready:
        yield str(ready["url"])


@pytest.fixture
def session(authority: dict[str, Any]) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = authority["ca_file"]
        yield session


def acquire(authority: dict[str, Any], session: requests.Session, secret: str = SECRET, scope: str = SCOPE) -> Any:
    app = msal.ConfidentialClientApplication(
        CLIENT,
        client_credential=secret,
        authority=f"{authority['url']}/{authority['tenant']}",
        instance_discovery=False,
        http_client=session,
    )
    return app.acquire_token_for_client([scope])


def test_msal_gets_a_token_that_business_central_accepts(
    authority: dict[str, Any], session: requests.Session, business_central: str
) -> None:
    result = acquire(authority, session)
    assert (result["token_type"], result["expires_in"]) == ("Bearer", 3600)
    headers = {"Authorization": f"Bearer {result['access_token']}"}
    url = f"{business_central}/v2.0/{authority['tenant']}/sandbox/api/v2.0/companies"
    answer = httpx.get(url, headers=headers)
    assert sorted(row["name"] for row in answer.json()["value"]) == ["CRONUS EU", "CRONUS US"]
    assert httpx.get(url).status_code == 401


def test_a_token_for_another_resource_is_refused(
    authority: dict[str, Any], session: requests.Session, business_central: str
) -> None:
    result = acquire(authority, session, scope="https://org.crm4.dynamics.com/.default")
    headers = {"Authorization": f"Bearer {result['access_token']}"}
    answer = httpx.get(f"{business_central}/v2.0/t/sandbox/api/v2.0/companies", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "Authentication_InvalidCredentials"


def test_a_wrong_secret_is_an_invalid_client(authority: dict[str, Any], session: requests.Session) -> None:
    result = acquire(authority, session, secret="wrong")
    assert result["error"] == "invalid_client"
    assert result["error_codes"] == [7000215]


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "openid"}, 400, "invalid_scope"),
    ],
)
def test_the_authority_refuses_what_entra_refuses(
    authority: dict[str, Any], session: requests.Session, change: dict[str, str], status: int, error: str
) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE}
    url = f"{authority['url']}/{authority['tenant']}/oauth2/v2.0/token"
    answer = session.post(url, data=form | change, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_dropped_connection_really_has_no_answer(business_central: str) -> None:
    httpx.post(f"{business_central}/__faults", json={"faults": [{"mode": "drop_before"}]})
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{business_central}/v2.0/t/sandbox/api/v2.0/companies")
    assert httpx.get(f"{business_central}/v2.0/t/sandbox/api/v2.0/companies").status_code == 401


def test_a_held_answer_does_not_delay_the_end_of_the_process() -> None:
    with ThreadPoolExecutor() as pool:
        with running("business_central") as ready:
            httpx.post(f"{ready['url']}/__faults", json={"faults": [{"mode": "delay_after", "delay_ms": 60_000}]})
            held = pool.submit(httpx.get, f"{ready['url']}/v2.0/sandbox/api/v2.0/companies", timeout=20)
            while not any(entry["status"] for entry in httpx.get(f"{ready['url']}/__requests").json()["requests"]):
                time.sleep(0.05)
        assert isinstance(held.exception(10), httpx.RemoteProtocolError)


@pytest.mark.parametrize("arguments", [["business_central"], ["authority", "--state-dir", "unused"]])
def test_a_server_without_its_settings_says_what_is_missing(arguments: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCAL_")}
    command = [sys.executable, "-m", "local.dynamics", *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert result.returncode == 1
    assert "LOCAL_TOKEN_KEY" in result.stderr
