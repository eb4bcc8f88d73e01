"""DSPy resolves the default dialect of chat requests anew for every request.

`request_from_openai_chat(body)`, which every call of an engine other than a provider's passes through, makes an
`OpenAIChatCompat()`, checks its 16 options against the arguments of their `Literal` types, and resolves it: always to
the same frozen object. Made once, a third of the function is left out.
"""

import functools
import timeit

from dspy._vendor.lm15.providers import openai_chat

BODY = {
    "model": "m",
    "messages": [{"role": "system", "content": "Answer."}, {"role": "user", "content": "What?"}],
    "temperature": 0.5,
}


@functools.cache
def default_dialect() -> object:
    return openai_chat.resolve_openai_chat_compat(openai_chat.OpenAIChatCompat())


def with_kept() -> object:
    return openai_chat._ingest_openai_chat("openai-chat", BODY, default_dialect())


assert openai_chat.request_from_openai_chat(BODY) == with_kept()
for name, function in (("as it is", lambda: openai_chat.request_from_openai_chat(BODY)), ("kept", with_kept)):
    seconds = min(timeit.repeat(function, number=300, repeat=8)) / 300
    print(f"{name:9} {seconds * 1e6:8.1f} us")
