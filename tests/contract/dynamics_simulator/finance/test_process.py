import os
import subprocess
import sys
from pathlib import Path

import httpx

from local.dynamics.finance.environment import AUDIENCE
from local.dynamics.tokens import issue

REPOSITORY = Path(__file__).parents[4]
KEY = "a-signing-key-for-tests"
ISSUER = "https://localhost/tenant/v2.0"


def test_the_process_says_its_address_checks_the_issuer_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "local.dynamics", "finance", "--port", "0", "--authority-issuer", ISSUER]
    environment = os.environ | {"LOCAL_TOKEN_KEY": KEY}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        url = httpx.Response(200, text=process.stdout.readline()).json()["url"]
        statuses = []
        for issuer in (ISSUER, "https://elsewhere/tenant/v2.0"):
            headers = {"Authorization": "Bearer " + issue("an-app", AUDIENCE, issuer, KEY)}
            answer = httpx.get(f"{url}/data/Warehouses", headers=headers, trust_env=False)
            statuses.append(answer.status_code)
        process.terminate()
        assert process.wait(10) == 0
    assert statuses == [200, 401]
