"""GraalPy: what a call from Python into pydantic-core (PyO3, by the C API) costs, and that serializing costs most.

A validator of one text shows the way there and back; a model adds the making of an object with a dict; serializers take
longer than validators of the same value.
"""

import timeit

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaSerializer, SchemaValidator, core_schema


class Model(BaseModel):
    text: str


text = core_schema.str_schema()
validator, serializer, adapter, model = SchemaValidator(text), SchemaSerializer(text), TypeAdapter(str), Model(text="x")
for name, function in (
    ("validate a text", lambda: validator.validate_python("x")),
    ("serialize a text", lambda: serializer.to_python("x")),
    ("serialize a text, mode json", lambda: adapter.dump_python("x", mode="json")),
    ("make a model", lambda: Model(text="x")),
    ("make a model of JSON", lambda: Model.model_validate_json('{"text": "x"}')),
    ("dump a model", model.model_dump),
):
    seconds = min(timeit.repeat(function, number=1000, repeat=12)) / 1000
    print(f"{name:28} {seconds * 1e6:8.2f} us")
