"""What users of DSPy and LangChain do, with the values that must come of it, to be run with imports lazy and eager."""

import asyncio
import pathlib
import sys
import tempfile
from typing import Literal

from terrarium.bridge import BaseBridge, handler


def predict():
    import dspy

    with dspy.context(lm=dspy.utils.DummyLM([{"answer": "Paris"}])):
        return dspy.Predict("question -> answer")(question="Capital?").answer


def typed_predict():
    import dspy

    class Judge(dspy.Signature):
        """Judge the text."""

        text: str = dspy.InputField()
        mood: Literal["good", "bad"] = dspy.OutputField()
        score: float = dspy.OutputField()
        words: list[str] = dspy.OutputField()

    lm = dspy.utils.DummyLM([{"mood": "good", "score": "0.5", "words": '["a", "b"]'}])
    with dspy.context(lm=lm):
        found = dspy.Predict(Judge)(text="fine")
    return [found.mood, found.score, found.words]


def chain_of_thought():
    import dspy

    with dspy.context(lm=dspy.utils.DummyLM([{"reasoning": "2 and 3", "answer": "5"}])):
        found = dspy.ChainOfThought("question -> answer: int")(question="2+3?")
    return [found.reasoning, found.answer]


def json_adapter():
    import dspy

    adapter = dspy.JSONAdapter()
    lm = dspy.utils.DummyLM([{"answer": "Rome", "people": "3"}], adapter=adapter)
    with dspy.context(lm=lm, adapter=adapter):
        found = dspy.Predict("question -> answer, people: int")(question="?")
    return [found.answer, found.people]


def react():
    import dspy

    def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    lm = dspy.utils.DummyLM(
        [
            {"next_thought": "use it", "next_tool_name": "double", "next_tool_args": '{"number": 21}'},
            {"next_thought": "done", "next_tool_name": "finish", "next_tool_args": "{}"},
            {"reasoning": "it said so", "answer": "42"},
        ]
    )
    with dspy.context(lm=lm):
        found = dspy.ReAct("question -> answer", tools=[double])(question="twice 21?")
    return [found.answer, found.trajectory["observation_0"]]


def _sums():
    import dspy

    return [dspy.Example(question=f"{i}+{i}", answer=str(2 * i)).with_inputs("question") for i in range(4)]


def _same(example, prediction, trace=None):
    return example.answer == prediction.answer


def evaluate():
    import dspy

    lm = dspy.utils.DummyLM([{"answer": str(2 * i)} for i in (0, 1, 2, 7)])
    with dspy.context(lm=lm):
        run = dspy.Evaluate(devset=_sums(), metric=_same, num_threads=1, display_progress=False)
        return run(dspy.Predict("question -> answer")).score


def bootstrap():
    import dspy

    lm = dspy.utils.DummyLM([{"answer": str(2 * i)} for i in range(4)])
    with dspy.context(lm=lm):
        optimizer = dspy.BootstrapFewShot(metric=_same, max_bootstrapped_demos=2, max_labeled_demos=0)
        compiled = optimizer.compile(dspy.Predict("question -> answer"), trainset=_sums())
    return [demo["answer"] for demo in compiled.demos]


def streamify():
    import dspy

    program = dspy.streamify(dspy.Predict("question -> answer"))

    async def last():
        found = None
        with dspy.context(lm=dspy.utils.DummyLM([{"answer": "Bern"}])):
            async for piece in program(question="?"):
                found = piece
        return found.answer

    return asyncio.run(last())


def acall():
    import dspy

    async def ask():
        with dspy.context(lm=dspy.utils.DummyLM([{"answer": "Oslo"}])):
            return (await dspy.Predict("question -> answer").acall(question="?")).answer

    return asyncio.run(ask())


def save_and_load():
    import dspy

    program = dspy.ChainOfThought("question -> answer")
    program.predictors()[0].demos = [dspy.Example(question="a", answer="b")]
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder, "state.json"))
        program.save(path)
        loaded = dspy.ChainOfThought("question -> answer")
        loaded.load(path)
    return loaded.predictors()[0].demos[0]["answer"]


def own_interpreter():
    """An object that has what DSPy's runtime protocol names, run by a program of DSPy's."""
    import dspy
    from dspy.primitives.code_interpreter import CodeInterpreter, FinalOutput

    class Interpreter:
        tools = {}

        def start(self):
            pass

        def execute(self, code, variables=None):
            return FinalOutput({"answer": 42})

        def shutdown(self):
            pass

    lm = dspy.utils.DummyLM(
        [
            {"reasoning": "compute", "generated_code": "```python\nx = 42\n```"},
            {"reasoning": "computed", "answer": "42"},
        ]
    )
    with dspy.context(lm=lm):
        found = dspy.ProgramOfThought("question -> answer", interpreter_factory=Interpreter)(question="?")
    return [isinstance(Interpreter(), CodeInterpreter), found.answer]


def _model(*answers):
    from langchain_core.language_models import FakeListChatModel

    return FakeListChatModel(responses=list(answers))


def chain():
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    prompt = ChatPromptTemplate.from_messages([("system", "You are {who}."), ("human", "{question}")])
    program = prompt | _model("Paris") | StrOutputParser()
    return [program.invoke({"who": "brief", "question": "Capital?"}), prompt.invoke({"who": "a", "question": "b"}).to_string()]


def json_and_lists():
    from langchain_core.output_parsers import CommaSeparatedListOutputParser, JsonOutputParser

    return [
        (_model('```json\n{"a": [1, 2]}\n```') | JsonOutputParser()).invoke("?"),
        (_model("red, green") | CommaSeparatedListOutputParser()).invoke("?"),
    ]


def structured():
    from langchain_core.output_parsers import PydanticOutputParser
    from pydantic import BaseModel, Field

    class Person(BaseModel):
        name: str = Field(description="their name")
        age: int

    parser = PydanticOutputParser(pydantic_object=Person)
    person = (_model('{"name": "Ada", "age": "36"}') | parser).invoke("?")
    return [person.name, person.age, "their name" in parser.get_format_instructions()]


def host_structured():
    from terrarium.langchain import HostChatModel
    from typing_extensions import TypedDict

    class Reply(TypedDict):
        """A reply."""

        word: str

    return sorted(HostChatModel().with_structured_output(Reply).invoke("?"))


def structured_times():
    from datetime import datetime

    from pydantic import BaseModel
    from terrarium.langchain._parsers import CompletePydanticOutputParser

    class Meeting(BaseModel):
        at: datetime

    meeting = _model('{"at": "2024-02-29T01:02:03Z"}') | CompletePydanticOutputParser(pydantic_object=Meeting)
    return meeting.invoke("?").model_dump_json()  # which ends the process with pydantic's own time zone


def cut_off():
    from langchain_core.exceptions import OutputParserException
    from langchain_core.output_parsers import JsonOutputParser

    try:
        (_model("no json at all") | JsonOutputParser()).invoke("?")
    except OutputParserException as error:
        return str(error).splitlines()[0]
    return "nothing"


def batch():
    from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough

    program = RunnableParallel(twice=RunnableLambda(lambda n: 2 * n), same=RunnablePassthrough())
    return program.batch([1, 2, 3])


def stream_chunks():
    return "|".join(chunk.content for chunk in _model("abc").stream("?") if chunk.content)


def branches():
    from langchain_core.runnables import RunnableBranch, RunnableLambda

    def fail(_):
        raise ValueError("no")

    branch = RunnableBranch((lambda n: n > 1, lambda n: "many"), lambda n: "few")
    safe = RunnableLambda(fail).with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
    return [branch.invoke(1), branch.invoke(2), safe.with_fallbacks([RunnableLambda(lambda _: "spare")]).invoke(0)]


def asynchronous():
    async def run():
        pieces = [chunk.content async for chunk in _model("xy").astream("?") if chunk.content]
        return [(await _model("Oslo").ainvoke("?")).content, pieces]

    return asyncio.run(run())


def tools():
    from langchain_core.tools import tool
    from langchain_core.utils.function_calling import convert_to_openai_tool

    @tool
    def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    call = {"name": "double", "args": {"number": "21"}, "id": "1", "type": "tool_call"}
    schema = convert_to_openai_tool(double)["function"]
    return [double.invoke({"number": 21}), double.invoke(call).content, schema["parameters"]["required"]]


def messages():
    from langchain_core.messages import (
        AIMessage,
        HumanMessage,
        SystemMessage,
        convert_to_openai_messages,
        messages_from_dict,
        messages_to_dict,
        trim_messages,
    )

    said = [SystemMessage("s"), HumanMessage("one"), AIMessage("two"), HumanMessage("three")]
    kept = trim_messages(said, max_tokens=2, token_counter=len, include_system=True)
    again = messages_from_dict(messages_to_dict(said))
    return [[each.content for each in kept], again == said, convert_to_openai_messages(said)[2]["role"]]


def history():
    from langchain_core.chat_history import InMemoryChatMessageHistory
    from langchain_core.runnables.history import RunnableWithMessageHistory

    kept = InMemoryChatMessageHistory()
    program = RunnableWithMessageHistory(_model("first", "second"), lambda: kept)
    program.invoke("a")
    program.invoke("b")
    return [message.content for message in kept.messages]


def dumps_and_loads():
    from langchain_core.load import dumps, loads
    from langchain_core.prompts import FewShotPromptTemplate, PromptTemplate

    example = PromptTemplate.from_template("{a} is {b}")
    prompt = FewShotPromptTemplate(
        examples=[{"a": "x", "b": "y"}], example_prompt=example, suffix="{q}?", input_variables=["q"]
    )
    loaded = loads(dumps(example), allowed_objects="core")
    return [loaded.format(a="1", b="2"), prompt.format(q="z")]


def cached():
    from langchain_core.caches import InMemoryCache

    model = _model("one", "two")
    model.cache = InMemoryCache()
    return [model.invoke("?").content, model.invoke("?").content, model.invoke("!").content]


def callbacks():
    from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
    from langchain_core.runnables import RunnableLambda
    from langchain_core.tracers.context import collect_runs

    seen = []

    class Watch(BaseCallbackHandler):
        def on_chain_end(self, outputs, **_):
            seen.append(outputs)

    with get_usage_metadata_callback(), collect_runs() as runs:
        RunnableLambda(lambda n: n + 1).invoke(1, config={"callbacks": [Watch()], "tags": ["t"]})
    return [seen, [run.outputs for run in runs.traced_runs]]


def graph():
    return [len((_model("a") | str).get_graph().nodes), "FakeListChatModel" in (_model("a") | str).get_graph().draw_mermaid()]


def documents():
    from langchain_core.documents import Document
    from langchain_core.stores import InMemoryStore

    store = InMemoryStore()
    store.mset([("k", "v")])
    return [Document("text", metadata={"n": 1}).model_dump()["metadata"], store.mget(["k", "l"])]


def untraced():
    from langsmith import Client, traceable
    from langsmith.types import Dataset
    from langsmith.utils import tracing_is_enabled

    @traceable
    def add(a, b):
        return a + b

    client = Client(api_url="http://localhost:1", api_key="none", auto_batch_tracing=False)
    return [add(1, 2), tracing_is_enabled(), Dataset.__module__, client.api_url]


def protocols():
    """What langsmith's runtime protocols ask of an object."""
    from langsmith import _types, schemas
    from typing_extensions import get_protocol_members

    asked = (schemas.BinaryIOLike, schemas.BaseMessageLike, _types.HeadersLikeProtocol)
    return [sorted(get_protocol_members(each)) for each in asked]


def refused():
    from langchain_core.messages import HumanMessageChunk
    from pydantic import ValidationError

    try:
        HumanMessageChunk(content=5)
    except ValidationError as error:
        return f"ValidationError: {len({each['loc'][0] for each in error.errors()})}"
    return "nothing"


def handed_on():
    """A model that nothing has built, made without validation, inside of another one, and subclassed."""
    from langchain_core.messages import HumanMessage
    from langchain_core.messages.modifier import RemoveMessage
    from pydantic import BaseModel

    class Holder(BaseModel):
        held: object

    class Removal(RemoveMessage):
        why: str

    said = HumanMessage.model_construct(content="a", type="human")
    held = Holder(held=said).model_dump()["held"]
    return [{name: held[name] for name in ("type", "content")}, Removal.model_json_schema()["properties"]["why"]["type"]]


def _given(use):
    try:
        return use()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _loaded(packages):
    return [each for name, each in sorted(sys.modules.items()) if name.split(".")[0] in packages]


def unreadable_hints(packages):
    """The functions and classes of the packages whose type hints cannot be read, with the reason."""
    import inspect
    import typing

    unreadable = set()
    for module in _loaded(packages):
        for value in [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]:
            if inspect.isfunction(value) or inspect.isclass(value):
                try:
                    typing.get_type_hints(value)
                except Exception as error:
                    unreadable.add(f"{module.__name__}.{value.__qualname__}: {error}")
    return sorted(unreadable)


def models(packages):
    """The pydantic models of the packages, with their signatures and JSON schemas; how many waited to be built.

    Not counted are those that upstream itself has wait.
    """
    import inspect
    import json
    import re

    from pydantic import BaseModel

    found = {}
    for module in _loaded(packages):
        for value in list(vars(module).values()):
            if inspect.isclass(value) and issubclass(value, BaseModel) and value.__module__ == module.__name__:
                found[f"{value.__module__}.{value.__qualname__}"] = value
    waiting = [each for each in found.values() if not each.__pydantic_complete__]
    unbuilt = len([each for each in waiting if not each.model_config.get("defer_build")])
    described = []
    for name, model in found.items():
        try:
            schema = json.dumps(model.model_json_schema(), sort_keys=True)
        except Exception as error:
            schema = type(error).__name__
        signature = re.sub(" at 0x[0-9a-f]+", "", str(inspect.signature(model)))
        described.append(f"{name}{signature} {schema}")
    return unbuilt, described


def namespaces(packages):
    """The names in the namespaces of all classes of the packages, without those that pydantic sets when it builds."""
    import inspect

    found = set()
    for module in _loaded(packages):
        waiting = [each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == module.__name__]
        while waiting:
            value = waiting.pop()
            names = sorted(each for each in vars(value) if not each.startswith(("__pydantic_", "__signature__")))
            found.add(f"{value.__module__}.{value.__qualname__} {names}")
            inner = [each for each in vars(value).values() if inspect.isclass(each)]
            waiting += [each for each in inner if each.__qualname__.startswith(f"{value.__qualname__}.")]
    return sorted(found)


EXPECTED = {
    "dspy": {
        predict: "Paris",
        typed_predict: ["good", 0.5, ["a", "b"]],
        chain_of_thought: ["2 and 3", 5],
        json_adapter: ["Rome", 3],
        react: ["42", 42],
        evaluate: 75.0,
        bootstrap: ["0", "2"],
        streamify: "Bern",
        acall: "Oslo",
        save_and_load: "b",
        own_interpreter: [True, "42"],
    },
    "langchain": {
        chain: ["Paris", "System: You are a.\nHuman: b"],
        json_and_lists: [{"a": [1, 2]}, ["red", "green"]],
        structured: ["Ada", 36, True],
        host_structured: ["word"],
        structured_times: '{"at":"2024-02-29T01:02:03Z"}',
        cut_off: "Invalid json output: no json at all",
        batch: [{"twice": 2 * n, "same": n} for n in (1, 2, 3)],
        stream_chunks: "a|b|c",
        branches: ["few", "many", "spare"],
        asynchronous: ["Oslo", ["x", "y"]],
        tools: [42, "42", ["number"]],
        messages: [["s", "three"], True, "assistant"],
        history: ["a", "first", "b", "second"],
        dumps_and_loads: ["1 is 2", "x is y\n\nz?"],
        cached: ["one", "one", "two"],
        callbacks: [[2], [{"output": 2}]],
        graph: [4, True],
        documents: [{"n": 1}, ["v", None]],
        untraced: [3, False, "langsmith.types.dataset", "http://localhost:1"],
        protocols: [["getvalue", "read", "seek"], ["additional_kwargs", "content", "type"], ["get"]],
        refused: "ValidationError: 1",
        handed_on: [{"type": "human", "content": "a"}, "string"],
    },
}

#: Those that defer their imports.
PACKAGES = {"dspy": ("dspy",), "langchain": ("langchain_core", "langsmith")}


class Functional(BaseBridge):
    """Runs them."""

    framework = "functional"

    @handler
    def run(self, framework):
        """Return what each gave and what was expected, modules and models not built before that, hints, classes and models."""
        packages = PACKAGES[framework]
        modules, loaded = len(_loaded(packages)), len(sys.modules)
        results = {each.__name__: {"got": _given(each), "expected": value} for each, value in EXPECTED[framework].items()}
        hints = unreadable_hints(packages)
        classes = namespaces(packages)
        unbuilt, described = models(packages)
        return {
            "modules": modules,
            "loaded": loaded,
            "results": results,
            "unreadable": hints,
            "namespaces": classes,
            "unbuilt": unbuilt,
            "models": described,
        }
