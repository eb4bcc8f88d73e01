"""DSPy's adapters by name, and its own types. Any Python runs these functions."""

import json
from functools import partial
from typing import Any

from terrarium.bridge import ArgumentError, SpecError
from terrarium.bridge.errors import TruncatedAnswerError
from terrarium.dspy import DspyBridge
from test_dspy_bridge import STRING, hosted, raised

ITEM = {
    "type": "record",
    "name": "Item",
    "fields": [
        {"name": "product", "type": STRING, "description": "one word"},
        {"name": "count", "type": {"type": "integer"}},
    ],
}
ORDER = {
    "kind": "predict",
    "signature": {
        "inputs": [{"name": "letter", "type": STRING}],
        "outputs": [{"name": "items", "type": {"type": "list", "items": ITEM}}, {"name": "note", "type": STRING}],
    },
}
OUTPUTS = {"items": [{"product": "tea", "count": 2}], "note": "soon"}
XML = "<items><item><product>tea</product><count>2</count></item></items>\n<note>soon</note>"
SECTIONS = f"[[ ## items ## ]]\n{json.dumps(OUTPUTS['items'])}\n\n[[ ## note ## ]]\nsoon\n\n[[ ## completed ## ]]"


def ordered(bridge: DspyBridge, **options: Any) -> Any:
    program = bridge.dispatch("create_program", {"spec": ORDER})["program"]
    arguments = {"program": program, "inputs": {"letter": "Two teas, please."}, "options": options, "trace": True}
    return bridge.dispatch("call", arguments)


def test_xml_is_asked_for_and_read() -> None:
    with hosted(XML, "<note>soon</note>", "no XML <") as fake:
        bridge = DspyBridge()
        assert ordered(bridge, adapter="xml")["outputs"] == OUTPUTS
        assert fake.requests[0]["schema"] is None
        assert "<items><item><product>...</product><count>...</count></item></items>" in str(
            fake.requests[0]["messages"]
        )
        for _ in range(2):
            error = raised(Exception, lambda: ordered(bridge, adapter="xml"))
            assert type(error).__name__ == "AdapterParseError"
    assert len(fake.requests) == 3  # it is not asked for JSON


def test_xml_that_is_cut_off_is_known_as_such() -> None:
    with hosted(XML, XML[:-9]) as fake:
        fake.finish_reason = "length"
        bridge = DspyBridge()
        assert ordered(bridge, adapter="xml")["finish_reason"] == "stop"
        raised(TruncatedAnswerError, lambda: ordered(bridge, adapter="xml"))


def test_baml_describes_records_shortly_and_keeps_to_the_schema() -> None:
    with hosted(json.dumps(OUTPUTS), json.dumps(OUTPUTS)) as fake:
        bridge = DspyBridge()
        assert ordered(bridge, adapter="baml")["outputs"] == OUTPUTS
        assert ordered(bridge, adapter="json")["outputs"] == OUTPUTS
    assert fake.requests[0]["schema"] == fake.requests[1]["schema"]
    system = fake.requests[0]["messages"][0]["content"]
    assert "# one word\n    product: string," in system
    assert len(system) < len(fake.requests[1]["messages"][0]["content"])


def test_two_step_extracts_by_another_model() -> None:
    with hosted("They want two teas, soon.", SECTIONS) as fake:
        result = ordered(DspyBridge(), adapter="two_step", extraction_model="small", temperature=0.5)
    assert result["outputs"] == OUTPUTS
    first, second = fake.requests
    assert (first["model"], first["temperature"], first["schema"]) == (None, 0.5, None)
    assert (second["model"], second["temperature"], second["schema"]) == ("small", None, None)
    assert "They want two teas, soon." in second["messages"][-1]["content"]
    assert result["usage"]["calls"] == 2


def test_two_step_does_not_extract_of_an_answer_that_was_cut_off() -> None:
    with hosted("They want two") as fake:
        fake.finish_reason = "length"
        raised(TruncatedAnswerError, lambda: ordered(DspyBridge(), adapter="two_step"))
    assert len(fake.requests) == 1


def test_adapters_are_defaults_too() -> None:
    with hosted(XML):
        bridge = DspyBridge()
        assert bridge.dispatch("configure", {"adapter": "xml"})["adapter"] == "xml"
        assert ordered(bridge)["outputs"] == OUTPUTS
        for adapter, name in (("baml", "SchemaBamlAdapter"), ("two_step", "HostTwoStepAdapter")):
            spec = {**ORDER, "options": {"adapter": adapter}}
            program = bridge.dispatch("create_program", {"spec": spec})["program"]
            error = raised(ArgumentError, partial(bridge.dispatch, "freeze_program", {"program": program}))
            assert f"the adapter {name}" in str(error)


def native(name: str) -> dict[str, str]:
    return {"type": "native", "name": name}


def asked(value: Any, kind: Any, *answers: str, adapter: str = "json") -> Any:
    spec = {
        "kind": "predict",
        "signature": {"inputs": [{"name": "given", "type": kind}], "outputs": [{"name": "answer", "type": STRING}]},
    }
    with hosted(*(answers or ('{"answer": "ok"}',))) as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        arguments = {"program": program, "inputs": {"given": value}, "options": {"adapter": adapter}}
        assert bridge.dispatch("call", arguments)["outputs"] == {"answer": "ok"}
    return fake.requests[0]["messages"]


PIXEL = "data:image/png;base64,iVBORw0KGgo="


def test_media_go_with_the_text() -> None:
    for name, plain, media in (
        ("Image", {"url": PIXEL}, {"mime_type": "image/png", "data": "iVBORw0KGgo="}),
        ("Audio", {"url": "data:audio/wav;base64,UklGRg=="}, {"mime_type": "audio/wav", "data": "UklGRg=="}),
        (
            "File",
            {"url": "data:application/pdf;base64,JVBERg=="},
            {"mime_type": "application/pdf", "data": "JVBERg=="},
        ),
    ):
        message = asked(plain, native(name))[-1]
        assert message["media"] == [media], (name, message)
        assert "CUSTOM-TYPE" not in message["content"]


def test_media_in_lists_and_records() -> None:
    several = {"type": "list", "items": {"type": "optional", "of": native("Image")}}
    assert len(asked([{"url": PIXEL}, None, {"url": PIXEL}], several)[-1]["media"]) == 2
    page = {"type": "record", "name": "Page", "fields": [{"name": "scan", "type": native("Image")}]}
    assert len(asked({"scan": {"url": PIXEL}}, page)[-1]["media"]) == 1


def test_a_history_is_earlier_messages() -> None:
    history = {"messages": [{"other": "Hello?", "answer": "Hi."}]}
    spec = {
        "kind": "predict",
        "signature": {
            "inputs": [{"name": "other", "type": STRING}, {"name": "history", "type": native("History")}],
            "outputs": [{"name": "answer", "type": STRING}],
        },
    }
    with hosted('{"answer": "ok"}') as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        bridge.dispatch("call", {"program": program, "inputs": {"other": "How are you?", "history": history}})
    roles = [message["role"] for message in fake.requests[0]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert "Hello?" in fake.requests[0]["messages"][1]["content"]


def test_code_and_reasoning_are_written_as_texts() -> None:
    spec = {
        "kind": "predict",
        "signature": {
            "inputs": [{"name": "task", "type": native("Code")}],
            "outputs": [{"name": "why", "type": native("Reasoning")}, {"name": "code", "type": native("Code")}],
        },
    }
    answer = json.dumps({"why": "It is short.", "code": "```python\nprint(1)\n```"})
    with hosted(answer) as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": spec})["program"]
        arguments = {"program": program, "inputs": {"task": {"code": "print(2)"}}}
        result = bridge.dispatch("call", arguments)
    assert result["outputs"] == {"why": {"content": "It is short."}, "code": {"code": "print(1)"}}
    assert fake.requests[0]["schema"]["properties"]["code"]["type"] == "string"
    assert "print(2)" in fake.requests[0]["messages"][-1]["content"]


def test_types_that_programs_cannot_have_are_refused_by_name() -> None:
    for part, name, reason in (
        ("inputs", "Tool", "dspy.Tool is refused: tools are functions"),
        ("inputs", "Document", "dspy.Document is refused"),
        ("outputs", "Citations", "dspy.Citations is refused"),
        ("outputs", "ToolCalls", "dspy.ToolCalls is refused"),
        ("outputs", "Image", "cannot write a dspy.Image; it can be an input only"),
        ("inputs", "Imag", "did you mean 'Image'?"),
    ):
        other = "outputs" if part == "inputs" else "inputs"
        signature = {part: [{"name": "value", "type": native(name)}], other: [{"name": "other", "type": STRING}]}
        with hosted():
            spec = {"kind": "predict", "signature": signature}
            error = raised(SpecError, lambda spec=spec: DspyBridge().dispatch("create_program", {"spec": spec}))  # type: ignore[misc]
        assert reason in str(error)
        assert f"spec.signature.{part}[0].type" in str(error)
