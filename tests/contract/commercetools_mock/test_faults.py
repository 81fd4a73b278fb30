"""Faults on demand, the record of requests, and correlation ids."""

import uuid

import httpx
import pytest

from .stand_in import Document, StandIn, order_document

CONFIRM: Document = {"action": "changeOrderState", "orderState": "Confirmed"}


def seeded_path(mock: StandIn) -> str:
    order = order_document()
    mock.seed("order", order)
    return f"orders/{order['id']}"


def test_a_status_fault_answers_without_doing_the_work_as_often_as_told(mock: StandIn) -> None:
    path = seeded_path(mock)
    mock.program({"method": "POST", "path": f"^/demo/{path}$", "times": 2, "status": 503, "retry_after": 2})
    for _ in range(2):
        answer = mock.update(path, 7, CONFIRM)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["errors"][0]["code"] == "OverCapacity"
    assert mock.get(path)["version"] == 7
    assert mock.update(path, 7, CONFIRM).status_code == 200


def test_a_status_fault_answers_with_the_body_it_was_given(mock: StandIn) -> None:
    mock.program({"path": "^/demo/orders$", "status": 502, "body": {"message": "given"}})
    answer = mock.api.get("/demo/orders")
    assert (answer.status_code, answer.json()) == (502, {"message": "given"})


def test_a_connection_dropped_before_the_work_leaves_it_undone(mock: StandIn) -> None:
    path = seeded_path(mock)
    mock.program({"method": "POST", "path": path, "mode": "drop_before"})
    with pytest.raises(httpx.TransportError):
        mock.update(path, 7, CONFIRM)
    assert mock.get(path)["version"] == 7


def test_a_connection_dropped_after_the_work_leaves_it_done(mock: StandIn) -> None:
    path = seeded_path(mock)
    mock.program({"method": "POST", "path": path, "mode": "drop_after"})
    with pytest.raises(httpx.TransportError):
        mock.update(path, 7, CONFIRM)
    assert mock.get(path)["orderState"] == "Confirmed"


def test_a_delayed_answer_comes_after_the_caller_gave_up_and_the_work_is_done(mock: StandIn) -> None:
    path = seeded_path(mock)
    mock.program({"method": "POST", "path": path, "mode": "delay_after", "delay_ms": 2000})
    with pytest.raises(httpx.ReadTimeout):
        mock.api.post(f"/demo/{path}", json={"version": 7, "actions": [CONFIRM]}, timeout=0.3)
    assert mock.get(path)["orderState"] == "Confirmed"


def test_faults_are_listed_with_what_remains_replaced_as_a_whole_and_cleared(mock: StandIn) -> None:
    mock.program({"path": "^/demo/orders$", "times": 3, "status": 500})
    mock.api.get("/demo/orders")
    listed = mock.api.get("/__faults").json()["faults"]
    assert [(fault["path"], fault["times"], fault["remaining"]) for fault in listed] == [("^/demo/orders$", 3, 2)]
    mock.program({"path": "^/demo/carts$"})
    assert [fault["path"] for fault in mock.api.get("/__faults").json()["faults"]] == ["^/demo/carts$"]
    mock.api.delete("/__faults")
    assert mock.api.get("/__faults").json() == {"faults": []}
    assert mock.api.get("/demo/carts").status_code == 200


@pytest.mark.parametrize("fault", [{"mode": "explode"}, {"path": "("}, {"times": "often"}])
def test_a_fault_that_cannot_work_is_refused(mock: StandIn, fault: Document) -> None:
    answer = mock.api.post("/__faults", json={"faults": [fault]})
    assert answer.status_code == 400
    assert "faults[0]" in answer.json()["message"]


def test_a_fault_also_reaches_the_token_endpoint(mock: StandIn) -> None:
    mock.program({"path": "^/oauth/token$", "status": 500})
    assert httpx.post(f"{mock.url}/oauth/token").status_code == 500


def test_requests_are_recorded_without_controls_and_tokens(mock: StandIn) -> None:
    path = seeded_path(mock)
    mock.api.delete("/__requests")
    mock.api.get("/demo/orders", params={"limit": 1, "sort": ["id asc", "version desc"]})
    mock.api.post(
        f"/demo/{path}", json={"version": 7, "actions": [CONFIRM]}, headers={"X-Correlation-ID": "correlation-1"}
    )
    httpx.post(f"{mock.url}/oauth/token")
    listed, updated = mock.api.get("/__requests").json()["requests"]
    assert listed["query"] == {"limit": "1", "sort": ["id asc", "version desc"]}
    assert updated == {
        "method": "POST",
        "path": f"/demo/{path}",
        "query": {},
        "body": {"version": 7, "actions": [CONFIRM]},
        "correlationId": "correlation-1",
        "status": 200,
    }


def test_requests_that_failed_are_recorded_with_their_status(mock: StandIn) -> None:
    path = seeded_path(mock)
    mock.program({"path": path, "status": 503}, {"path": path, "mode": "drop_before"})
    mock.api.delete("/__requests")
    mock.update(path, 7, CONFIRM)
    with pytest.raises(httpx.TransportError):
        mock.update(path, 7, CONFIRM)
    mock.update(path, 6, CONFIRM)
    mock.api.get("/demo/no-such-resource")
    statuses = [request["status"] for request in mock.api.get("/__requests").json()["requests"]]
    assert statuses == [503, None, 409, 404]


def test_the_correlation_id_is_echoed_and_made_when_missing(mock: StandIn) -> None:
    given = str(uuid.uuid4())
    assert mock.api.get("/demo/orders", headers={"X-Correlation-ID": given}).headers["X-Correlation-ID"] == given
    made = {mock.api.get("/demo/orders").headers["X-Correlation-ID"] for _ in range(2)}
    assert len(made) == 2
    assert all(one.startswith("demo/") for one in made)


def test_faulty_answers_carry_the_correlation_id_too(mock: StandIn) -> None:
    mock.program({"path": "^/demo/orders$", "status": 503})
    answer = mock.api.get("/demo/orders", headers={"X-Correlation-ID": "correlation-2"})
    assert answer.headers["X-Correlation-ID"] == "correlation-2"
