"""langchain-core changes the warning filters of the whole process in every call of a chat model.

`BaseChatModel._dict_for_compat` enters `warnings.catch_warnings()` to silence `self.dict()`, whose wrapper does not warn
there at all (its caller is langchain-core's own). `catch_warnings` is not thread-safe: models called by two threads leave
filters behind, here for deprecations of LangChain, which then are silent for good. Asking `self.asdict()` unless the
class defines `dict` anew gives the same without.
"""

import sys
import threading
import timeit
import warnings

from langchain_core.language_models import BaseChatModel, FakeListChatModel

model = FakeListChatModel(responses=["Paris"])
assert type(model).dict is BaseChatModel.dict
assert model._dict_for_compat() == model.asdict()
for name, function in (("as it is", model._dict_for_compat), ("asdict", model.asdict)):
    seconds = min(timeit.repeat(function, number=500, repeat=8)) / 500
    print(f"{name:9} {seconds * 1e6:8.1f} us")

sys.setswitchinterval(1e-6)  # threads take turns often
before = len(warnings.filters)
for round_ in range(1, 21):
    threads = [threading.Thread(target=lambda: [model.invoke("?") for _ in range(300)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(warnings.filters) != before:
        break
print(f"filters before {before}, after {round_} rounds {len(warnings.filters)}")
