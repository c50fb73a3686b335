"""What a log line tells: to a machine, and to a person."""

import json
import logging

import pytest

from toolguild import telemetry
from toolguild.telemetry.log import JsonFormatter, TextFormatter


def record(message: str = "it is %s", *args: object) -> logging.LogRecord:
    return logging.LogRecord(
        "toolguild.x", logging.WARNING, __file__, 1, message, args or ("so",), None
    )


def test_a_json_line_names_service_and_task_where_they_are_known() -> None:
    with telemetry.bound(service="planner"), telemetry.bound(about="t-1"):
        line = json.loads(JsonFormatter().format(record()))
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning",
        "logger": "toolguild.x",
        "message": "it is so",
        "service": "planner",
        "task": "t-1",
    }
    assert "task" not in json.loads(JsonFormatter().format(record()))


def test_a_json_line_carries_the_trace_it_belongs_to() -> None:
    parent = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    telemetry.configure_traces("test")
    with telemetry.consuming("a", "toolguild.do.x.y", parent, "id", "y"):
        line = json.loads(JsonFormatter().format(record()))
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_a_message_with_line_breaks_stays_one_json_line() -> None:
    text = JsonFormatter().format(record("%s", 'two\nlines "quoted"'))
    assert "\n" not in text
    assert json.loads(text)["message"] == 'two\nlines "quoted"'


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_an_exception_brings_its_traceback(formatter: logging.Formatter) -> None:
    try:
        raise KeyError("gone")
    except KeyError as error:
        one = record()
        one.exc_info = (KeyError, error, error.__traceback__)
    text = formatter.format(one)
    assert "KeyError: 'gone'" in text
    assert "Traceback" in text


def test_a_line_for_a_person_says_who_about_what() -> None:
    with telemetry.bound(service="planner", about="t-1"):
        assert TextFormatter().format(record()) == "warning planner t-1: it is so"
