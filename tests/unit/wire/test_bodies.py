import pytest

from opulse.wire.envelope import (
    empty_envelope,
    error_envelope,
    http_status_text,
    page_envelope,
    result_envelope,
)
from opulse.wire.problem import problem_body


def test_a_problem() -> None:
    assert problem_body(404) == {"type": "about:blank", "title": "Not Found", "status": 404}
    body = problem_body(
        409, "It is off.", title="Workflow off", type_uri="https://x/p", instance="/r/1", reason="off"
    )
    assert body == {
        "type": "https://x/p",
        "title": "Workflow off",
        "status": 409,
        "detail": "It is off.",
        "instance": "/r/1",
        "reason": "off",
    }
    assert problem_body(599)["title"] == "Error"


def test_the_envelope() -> None:
    assert result_envelope({"id": "SV_1"}, "r") == {
        "result": {"id": "SV_1"},
        "meta": {"httpStatus": "200 - OK", "requestId": "r"},
    }
    assert empty_envelope("r", 202) == {"meta": {"httpStatus": "202 - Accepted", "requestId": "r"}}
    assert page_envelope([1], None, "r")["result"] == {"elements": [1], "nextPage": None}


def test_an_error_has_no_result() -> None:
    assert error_envelope(404, "Distribution not found.", None, "GED_3") == {
        "meta": {
            "httpStatus": "404 - Not Found",
            "requestId": None,
            "error": {"errorMessage": "Distribution not found.", "errorCode": "GED_3"},
        }
    }
    assert error_envelope(503, "x", "r")["meta"]["error"]["instanceId"] == "r"
    assert http_status_text(503) == "503 - Temporary Internal Server Error"
    with pytest.raises(KeyError):
        http_status_text(418)


def test_an_extension_member_repeats_no_standard_name() -> None:
    with pytest.raises(ValueError, match="type"):
        problem_body(400, type="x")
