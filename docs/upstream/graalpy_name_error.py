"""GraalPy: a NameError has no attribute `name`, which CPython's has since 3.10.

pydantic reads it (`PydanticUndefinedAnnotation.from_name_error`) where a model names a class that comes later, and fails
with an AttributeError in place of waiting for that class. So `import langsmith.schemas`, and langchain-core's chat models
with it, fail unless something stands in for it.
"""

try:
    undefined  # noqa: B018, F821
except NameError as error:
    print(repr(getattr(error, "name", "there is no name")))
