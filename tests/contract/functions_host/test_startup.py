"""What keeps the host from starting, and how it says so."""

from pathlib import Path

import pytest

from local.host.errors import HostError
from local.host.settings import load_host_config
from tests.contract.functions_host.processes import APP, RunningHost


def refusal(folder: Path, *only: str, app: Path = APP, **settings: str) -> str:
    with RunningHost(folder, *only, app=app, settings=settings) as host:
        assert host.wait() == 3
        return host.log()


def write_app(folder: Path, body: str) -> Path:
    app = folder / "app"
    app.mkdir()
    (app / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (app / "function_app.py").write_text(
        "import azure.functions as func\n\napp = func.FunctionApp()\n\n\n" + body, encoding="utf-8"
    )
    return app


def test_a_schedule_that_is_not_ncrontab_is_named_with_its_function(tmp_path: Path) -> None:
    log = refusal(tmp_path, "hourly", HOURLY="61 * * * * *")
    assert "function hourly: schedule '61 * * * * *' is not NCRONTAB: second '61' is not within 0-59" in log


def test_a_missing_setting_is_named_with_its_function(tmp_path: Path) -> None:
    assert "function hourly: setting HOURLY is missing or empty" in refusal(tmp_path, "hourly", HOURLY="")


def test_a_missing_connection_is_named_with_its_function(tmp_path: Path) -> None:
    assert "function on_plain: setting ServiceBus is missing or empty" in refusal(tmp_path, "on_plain", ServiceBus="")


def test_an_identity_based_connection_is_refused(tmp_path: Path) -> None:
    log = refusal(tmp_path, "on_plain", ServiceBus="", ServiceBus__fullyQualifiedNamespace="example.com")
    assert "function on_plain: connection ServiceBus is identity-based" in log


def test_a_malformed_connection_string_is_refused(tmp_path: Path) -> None:
    log = refusal(tmp_path, "on_plain", ServiceBus="nothing")
    assert "function on_plain: its Service Bus connection string is malformed" in log


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("sessionIdleTimeout", "60", "is '60'; give a time span such as 00:01:00"),
        ("maxConcurrentSessions", "0", "is '0'; give a whole number of at least 1"),
        ("maxConcurrentCalls", "many", "is 'many'; give a whole number of at least 1"),
    ],
)
def test_a_wrong_value_in_host_json_is_named(name: str, value: str, reason: str) -> None:
    with pytest.raises(HostError) as refused:
        load_host_config(APP, {f"AzureFunctionsJobHost__extensions__serviceBus__{name}": value})
    assert str(refused.value).startswith(f"{APP}/host.json: extensions.serviceBus.{name} {reason}")


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00:00.25", 0.25), ("00:01:00", 60), ("01:00:01", 3601), ("1.00:00:00", 86_400)]
)
def test_time_spans_of_host_json_are_read(text: str, seconds: float) -> None:
    setting = "AzureFunctionsJobHost__extensions__serviceBus__sessionIdleTimeout"
    assert load_host_config(APP, {setting: text}).session_idle_timeout == seconds


def test_an_app_that_cannot_be_indexed_is_refused_with_the_reason_of_the_runtime(tmp_path: Path) -> None:
    app = write_app(tmp_path, '@app.route(route="x")\ndef x(other: func.HttpRequest) -> str:\n    return ""\n')
    assert "function_app.py cannot be indexed: FunctionLoadError" in refusal(tmp_path, app=app)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            '@app.queue_trigger(arg_name="msg", queue_name="q", connection="C")\n'
            "def x(msg: func.QueueMessage) -> None:\n    return\n",
            "function x: the local host has no queueTrigger",
        ),
        (
            '@app.route(route="a/{id:datetime}")\ndef x(req: func.HttpRequest) -> str:\n    return ""\n',
            "function x: route 'a/{id:datetime}': constraint 'datetime' is not among",
        ),
        (
            '@app.route(route="a/{id")\ndef x(req: func.HttpRequest) -> str:\n    return ""\n',
            "function x: route 'a/{id' has a segment '{id' that is no template",
        ),
    ],
)
def test_what_the_host_cannot_serve_is_refused(tmp_path: Path, body: str, reason: str) -> None:
    assert reason in refusal(tmp_path, app=write_app(tmp_path, body))


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}", encoding="utf-8")
    assert "has no function_app.py" in refusal(tmp_path, app=tmp_path)


def test_host_json_and_local_settings_are_read_and_the_environment_wins(tmp_path: Path) -> None:
    app = write_app(
        tmp_path,
        "import os\n\n\n"
        '@app.route(route="%PLACE%", auth_level=func.AuthLevel.ANONYMOUS)\n'
        "def x(req: func.HttpRequest) -> str:\n"
        '    return os.environ["FROM_FILE"] + os.environ["FROM_BOTH"] + os.path.basename(os.getcwd())\n',
    )
    (app / "local.settings.json").write_text(
        '{"IsEncrypted": false, "Values": {"PLACE": "here", "FROM_FILE": "file ", "FROM_BOTH": "file"}}',
        encoding="utf-8",
    )
    settings = {"FROM_BOTH": "environment ", "AzureFunctionsJobHost__extensions__http__routePrefix": "v1"}
    with RunningHost(tmp_path, app=app, settings=settings) as host:
        host.started()
        with host.client() as client:
            assert client.get("/v1/here").text == "file environment app"
            assert client.get("/api/here").status_code == 404
