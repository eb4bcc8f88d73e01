"""What langchain-core makes anew at each call although it comes out the same: kept, or made with fewer steps.

Its files stay as they are: names in its modules are bound anew. What stands in for a function gives what that gives,
and hands it whatever it has no answer for.
"""

from __future__ import annotations

import os
import sys
import types
import weakref
from collections.abc import Callable, Mapping
from contextlib import ContextDecorator
from contextvars import Context, Token, copy_context
from functools import reduce
from importlib import import_module
from inspect import Parameter
from typing import Any, TypeAlias

from terrarium.bridge import kept

_Kept: TypeAlias = weakref.WeakKeyDictionary[Any, Mapping[str, Parameter]]

#: How `env_var_is_set` of langchain-core spells "not set".
_OFF = frozenset((b"", b"0", b"false", b"False"))

#: Of how many lambdas the parameters are kept; more than the sources of a program have, which may make some of texts.
_LAMBDAS = 512

#: Of each of `_REST`: whose it is, its name, what was bound, and what stands in for it.
_stand_ins: dict[str, tuple[Any, str, Any, Any]] = {}


def install() -> None:
    """Keep from now on what the parameters of functions are, unless the environment says otherwise."""
    from langchain_core.utils import _signature

    if kept.allowed() and not isinstance(_signature._signature_parameters, Parameters):
        _signature._signature_parameters = Parameters(_signature._signature_parameters)


def install_rest() -> None:
    """Bind the other names anew, in all modules that have them; to be called when those of a chain are imported."""
    if kept.allowed():
        for module, path, make in _REST:
            if path not in _stand_ins:
                *classes, name = path.split(".")
                owner = reduce(getattr, classes, import_module(module))
                original = getattr(owner, name)
                _stand_ins[path] = owner, name, original, make(original)
            _bind(*_stand_ins[path])


def remove_rest() -> None:
    """Leave the modules as they were before `install_rest`."""
    for owner, name, original, stand_in in _stand_ins.values():
        _bind(owner, name, stand_in, original)


def _bind(owner: Any, name: str, bound: Any, new: Any) -> None:
    for place in [owner] if isinstance(owner, type) else list(sys.modules.values()):
        if getattr(place, "__dict__", {}).get(name) is bound:
            setattr(place, name, new)


class Parameters:
    """The parameters of a callable, kept for each function and, apart from that, for the methods that bind it.

    A function that is nothing but its code, as a lambda is that an enclosing function makes at each call, has those of
    its code.
    """

    def __init__(self, look_up: Callable[[Any], Mapping[str, Parameter]]) -> None:
        """Keep what ``look_up`` finds."""
        self._look_up = look_up
        self._of_functions: _Kept = weakref.WeakKeyDictionary()
        self._of_methods: _Kept = weakref.WeakKeyDictionary()
        self._of_code: dict[types.CodeType, Mapping[str, Parameter]] = {}

    def __call__(self, obj: Callable[..., Any]) -> Mapping[str, Parameter]:
        """Return the parameters by name, in order. Raises what ``inspect.signature`` does."""
        key: Any
        found: Any
        if type(obj) is types.MethodType:
            key, found = obj.__func__, self._of_methods
        else:
            key, found = obj, self._of_functions
        if type(key) is not types.FunctionType:  # other callables may be equal, and change
            return self._look_up(obj)
        if found is self._of_functions and len(self._of_code) < _LAMBDAS and _is_its_code(key):
            key, found = key.__code__, self._of_code
        parameters: Mapping[str, Parameter] | None = found.get(key)
        if parameters is None:
            parameters = found[key] = self._look_up(obj)
        return parameters


def _is_its_code(function: types.FunctionType) -> bool:
    return (
        function.__name__ == "<lambda>"
        and function.__defaults__ is None
        and function.__kwdefaults__ is None
        and not function.__dict__
        and not function.__annotations__
    )


def _env_var_is_set(original: Callable[[str], bool]) -> Callable[[str], bool]:
    """Look into the environment by one look-up, where `os.environ` makes four encoded and decoded ones."""
    environment: Any = type(os.environ)
    names: dict[str, bytes] = {}

    def env_var_is_set(env_var: str) -> bool:
        environ: Any = os.environ
        if type(environ) is not environment or type(env_var) is not str:
            return original(env_var)
        name = names.get(env_var)
        if name is None:
            name = names[env_var] = environ.encodekey(env_var)
        value = environ._data.get(name)
        return value is not None and value not in _OFF

    return env_var_is_set


def _tracing_is_enabled(original: Callable[..., Any]) -> Callable[..., Any]:
    """Look at the three things that decide, not at all of the tracing context."""
    context = import_module("langsmith._internal._context")
    utils = import_module("langsmith.utils")

    def tracing_is_enabled(ctx: dict[str, Any] | None = None) -> Any:
        if ctx:
            return original(ctx)
        enabled = context._TRACING_ENABLED.get()
        if enabled is not None:
            return enabled
        parent = context._PARENT_RUN_TREE_REF.get()
        if parent is not None and parent():
            return True
        if context._GLOBAL_TRACING_ENABLED is not None:
            return context._GLOBAL_TRACING_ENABLED
        return utils.get_env_var("TRACING_V2", default=utils.get_env_var("TRACING", default="")) == "true"

    return tracing_is_enabled


def _merge_metadata_dicts(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Leave out asking three times whether there are mappings where there is nothing."""

    def merge_metadata_dicts(base: Mapping[str, Any], incoming: Mapping[str, Any]) -> dict[str, Any]:
        if base.get("lc_versions") is None and incoming.get("lc_versions") is None:
            return {**base, **incoming}
        return original(base, incoming)

    return merge_metadata_dicts


def _ensure_config(_original: Callable[..., Any]) -> Callable[..., Any]:
    """Fill one dict in place of three, and copy nothing from around that is given anew."""
    config_module = import_module("langchain_core.runnables.config")
    current = config_module.var_child_runnable_config
    limit = config_module.DEFAULT_RECURSION_LIMIT
    copied = frozenset(config_module.COPIABLE_KEYS)
    known = frozenset(config_module.CONFIG_KEYS)
    manager = import_module("langchain_core.callbacks.manager")
    plain = frozenset((list, dict, manager.CallbackManager, manager.AsyncCallbackManager))
    nothing: dict[str, Any] = {}

    def ensure_config(config: Any = None) -> dict[str, Any]:
        full: dict[str, Any] = {
            "tags": [],
            "metadata": {},
            "callbacks": None,
            "recursion_limit": limit,
            "configurable": {},
        }
        if outer := current.get():
            instead = config if type(config) is dict else nothing
            for key, value in outer.items():
                if value is not None:
                    if key not in copied:
                        full[key] = value
                    elif type(value) not in plain or instead.get(key) is None:
                        full[key] = value.copy()
        if config is not None:
            others = []
            for key, value in config.items():
                if value is not None:
                    if key in known:
                        full[key] = value.copy() if key in copied else value
                    else:
                        others.append((key, value))
            configurable = full["configurable"]
            for key, value in others:
                configurable[key] = value
        configurable, metadata = full["configurable"], full["metadata"]
        for key in ("model", "checkpoint_ns"):
            if isinstance(value := configurable.get(key), str) and key not in metadata:
                metadata[key] = value
        return full

    return ensure_config


def _langsmith_metadata(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Look for nothing where nothing is configurable."""

    def langsmith_metadata(config: Any) -> Any:
        return original(config) if config.get("configurable") else None

    return langsmith_metadata


def _set_config_context(_original: Callable[..., Any]) -> Callable[..., Any]:
    """Enter and leave without a generator; look for a tracer, and put tracing back, only where there is any."""
    config_module = import_module("langchain_core.runnables.config")
    helpers = import_module("langsmith.run_helpers")
    set_tracing_context, variables = helpers._set_tracing_context, helpers._CONTEXT_KEYS
    current = config_module.var_child_runnable_config
    nothing = dict.fromkeys(("parent", "project_name", "tags", "metadata", "enabled", "client"))
    set_by_tracing = [variables["parent_ref" if name == "parent" else name] for name in nothing]

    class ConfigContext(ContextDecorator):
        def __init__(self, config: Any) -> None:
            self._config = config

        def _recreate_cm(self) -> ConfigContext:
            return ConfigContext(self._config)

        def __enter__(self) -> Context:
            self._context = context = copy_context()
            self._token: Token[Any]
            if getattr(self._config.get("callbacks"), "handlers", None):
                self._token, _ = context.run(config_module._set_config_context, self._config)
            else:
                self._token = context.run(current.set, self._config)
            return context

        def __exit__(self, *_: object) -> None:
            context = self._context
            context.run(current.reset, self._token)
            for variable in set_by_tracing:
                if context.get(variable) is not None:
                    context.run(set_tracing_context, nothing)
                    break

    return ConfigContext


def _configure(original: Callable[..., Any]) -> Callable[..., Any]:
    """Make a manager of callbacks at once where nothing listens and nothing is traced."""
    manager = import_module("langchain_core.callbacks.manager")
    tracers = import_module("langchain_core.tracers.context")
    flags = import_module("langchain_core.globals")
    tracing = import_module("langsmith._internal._context")
    langsmith = import_module("langsmith.utils")
    plain = frozenset((manager.CallbackManager, manager.AsyncCallbackManager))

    def listens() -> bool:
        if flags._debug or tracers.tracing_v2_callback_var.get() is not None:
            return True
        if tracing._PARENT_RUN_TREE_REF.get() is not None or tracing._TAGS.get() or langsmith.tracing_is_enabled():
            return True
        is_set = manager.env_var_is_set
        if is_set("LANGCHAIN_TRACING") or is_set("LANGCHAIN_HANDLER"):
            return True
        for variable, _, _, name in tracers._configure_hooks:
            if variable.get() is not None or (name is not None and is_set(name)):
                return True
        return False

    def configure(
        cls: Any,
        inheritable_callbacks: Any = None,
        local_callbacks: Any = None,
        inheritable_tags: Any = None,
        local_tags: Any = None,
        inheritable_metadata: Any = None,
        local_metadata: Any = None,
        *,
        verbose: bool = False,
        langsmith_inheritable_metadata: Any = None,
        langsmith_inheritable_tags: Any = None,
    ) -> Any:
        outer = inheritable_callbacks
        if (
            verbose
            or local_callbacks
            or cls not in plain
            or (outer is not None and (type(outer) not in plain or outer.handlers or outer.inheritable_handlers))
            or listens()
        ):
            return original(
                cls,
                inheritable_callbacks,
                local_callbacks,
                inheritable_tags,
                local_tags,
                inheritable_metadata,
                local_metadata,
                verbose=verbose,
                langsmith_inheritable_metadata=langsmith_inheritable_metadata,
                langsmith_inheritable_tags=langsmith_inheritable_tags,
            )
        if outer is None:
            made = cls(handlers=[])
        else:
            made = cls(
                handlers=[],
                parent_run_id=outer.parent_run_id,
                tags=outer.tags.copy(),
                inheritable_tags=outer.inheritable_tags.copy(),
                metadata=outer.metadata.copy(),
                inheritable_metadata=outer.inheritable_metadata.copy(),
            )
        if inheritable_tags or local_tags:
            made.add_tags(inheritable_tags or [])
            made.add_tags(local_tags or [], inherit=False)
        if inheritable_metadata or local_metadata:
            made.add_metadata(inheritable_metadata or {})
            made.add_metadata(local_metadata or {}, inherit=False)
        return made

    return configure


def _get_child(original: Callable[..., Any]) -> Callable[..., Any]:
    """Make the manager of a run's children at once where nothing listens and nothing is tagged."""
    manager = import_module("langchain_core.callbacks.manager")
    base = import_module("langchain_core.callbacks.base").BaseCallbackManager
    constructor = base.__init__  # which those who instrument all programs wrap, to add handlers

    def get_child(self: Any, tag: str | None = None) -> Any:
        metadata = self.inheritable_metadata
        if (
            self.inheritable_handlers
            or self.inheritable_tags
            or metadata.get("lc_versions") is not None
            or base.__init__ is not constructor
        ):
            return original(self, tag)
        return manager.CallbackManager(
            handlers=[],
            parent_run_id=self.run_id,
            tags=None if tag is None else [tag],
            metadata={**metadata},
            inheritable_metadata={**metadata},
        )

    return get_child


def _copy(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Copy a manager of callbacks without its constructor, which would make an empty list for each empty one again."""
    constructor = import_module("langchain_core.callbacks.base").BaseCallbackManager.__init__

    def copy(self: Any) -> Any:
        cls = self.__class__
        if cls.__init__ is not constructor or cls.__new__ is not object.__new__:
            return original(self)
        made = cls.__new__(cls)
        made.handlers = self.handlers.copy()
        made.inheritable_handlers = self.inheritable_handlers.copy()
        made.parent_run_id = self.parent_run_id
        made.tags = self.tags.copy()
        made.inheritable_tags = self.inheritable_tags.copy()
        made.metadata = self.metadata.copy()
        made.inheritable_metadata = self.inheritable_metadata.copy()
        return made

    return copy


#: Functions of modules, and methods of their classes.
_REST: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("langchain_core.utils.env", "env_var_is_set", _env_var_is_set),
    ("langsmith.utils", "tracing_is_enabled", _tracing_is_enabled),
    ("langchain_core.runnables.config", "_merge_metadata_dicts", _merge_metadata_dicts),
    ("langchain_core.runnables.config", "ensure_config", _ensure_config),
    ("langchain_core.runnables.config", "_get_langsmith_inheritable_metadata_from_config", _langsmith_metadata),
    ("langchain_core.runnables.config", "set_config_context", _set_config_context),
    ("langchain_core.callbacks.manager", "_configure", _configure),
    ("langchain_core.callbacks.manager", "ParentRunManager.get_child", _get_child),
    ("langchain_core.callbacks.base", "BaseCallbackManager.copy", _copy),
)
