"""An engine that starts with the settings of a plan: gpu_memory_utilization=0.0 is automatic."""
from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .context import AnyDevices, AnyModel, Context, default_context
from .errors import NoDriverError
from .plans import Plan
from .values import OptionType
from .workloads import option_name, options as known_options

if TYPE_CHECKING:
    import subprocess


def _object(text: str) -> Any:
    """JSON, or the pairs that vLLM before 0.9 reads: image=2,video=0."""
    try:
        return json.loads(text)
    except ValueError:
        return {name: int(count) for name, _, count in (pair.partition("=") for pair in text.split(",") if pair)}


_VALUES: dict[OptionType, Callable[[str], Any]] = {
    OptionType.INTEGER: int, OptionType.NUMBER: float, OptionType.BYTES: int, OptionType.JSON: _object}
_LISTS = ("cudagraph-capture-sizes", "cuda-graph-sizes")  # of numbers


class DoesNotFitError(RuntimeError):
    """The plan says that the model does not fit: nothing was started."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.info.reason)
        self.plan = plan


class Engine:
    """vLLM for a model, with the settings that a plan gives it. Nothing runs before start().

        engine = vramauto.Engine("/models/Qwen3-8B", gpu_memory_utilization=0.0, max_model_len=4096)
        process = engine.start()                        # vllm serve, a child of this process

        engine = vramauto.Engine("/models/Qwen3-8B", usage="llm")
        os.environ.update(engine.environment)
        llm = vllm.LLM(**engine.keywords)               # or in this process

    gpu_memory_utilization: 0.0 lets the plan choose; another value is kept and judged. devices: None are those of this machine.
    Other options are those of a workload; VLLM_* of this process's environment count as its `env`.
    """

    def __init__(self, model_path: AnyModel, gpu_memory_utilization: float = 0.0, max_model_len: int | str | None = None,
                 tensor_parallel_size: int | str = 1, *, devices: AnyDevices = None, context: Context | None = None,
                 **options: Any) -> None:
        context = context or default_context()
        env = options.pop("env", None) or ()
        variables = [*_engine_variables(), *((env,) if isinstance(env, str) else env)]
        kinds, asked = _kinds(), {option_name(keyword): value for keyword, value in options.items()}
        texts = {name: value for name, value in asked.items() if kinds.get(name) == OptionType.TEXT and value is not None}
        asked.update((name, _joined(value)) for name, value in texts.items())
        self._texts = {name: value for name, value in texts.items() if name not in _LISTS}  # as they were given
        self.plan = context.plan(model_path, _here(context) if devices is None else devices,
                                 gpu_memory_utilization=gpu_memory_utilization, max_model_len=max_model_len,
                                 tensor_parallel_size=tensor_parallel_size, env=variables, **asked)

    @property
    def gpu_memory_utilization(self) -> float | None:
        """The one that was chosen, or given; None where the GPU's size is not known."""
        return self.plan.info.gpu_memory_utilization

    @property
    def fits(self) -> bool | None:
        """None where the GPU's size is not known."""
        return self.plan.info.fits

    @property
    def environment(self) -> dict[str, str]:
        """What the engine's environment needs besides."""
        return self.plan.environment

    @property
    def keywords(self) -> dict[str, Any]:
        """For vllm.LLM (of an engine with usage="llm") and AsyncEngineArgs: its settings by name, "model" among them; texts as they
        were given. Adapters are left out: there a request names its own."""
        named: dict[str, Any] = {"model": self.plan.arguments[1]}
        for option in _written(self.plan.arguments[2:]):
            named[option.name.replace("-", "_")] = self._texts.get(option.name, option.value)
        named.pop("lora_modules", None)
        return named

    def command(self, engine_command: str | Sequence[str] = "vllm serve", arguments: Sequence[str] = ()) -> list[str]:
        """The words that start it; `arguments` are more of the engine's own, as they are. A text is split as a shell would; none is run."""
        start = shlex.split(engine_command) if isinstance(engine_command, str) else list(engine_command)
        model = self.plan.arguments[1]
        words = [*start, f"./{model}" if model.startswith("-") else model]
        for option in _written(self.plan.arguments[2:]):
            several = self._texts.get(option.name)
            words += [option.words[0], *map(str, several)] if isinstance(several, (list, tuple)) else option.words
        return [*words, *arguments]

    def start(self, engine_command: str | Sequence[str] = "vllm serve", arguments: Sequence[str] = (), *, force: bool = False,
              env: dict[str, str] | None = None, **popen: Any) -> subprocess.Popen[Any]:
        """Starts it as a child. Raises DoesNotFitError for what does not fit, unless `force`. `env` is what the plan's environment
        is added to, this process's own by default; other arguments are subprocess.Popen's."""
        import subprocess  # a fifth of what the whole package costs to import

        if self.fits is False and not force:
            raise DoesNotFitError(self.plan)
        environment = {**(os.environ if env is None else env), **self.environment}
        return subprocess.Popen(self.command(engine_command, arguments), env=environment, **popen)

    def __repr__(self) -> str:
        return f"Engine({self.plan.arguments[1]!r}, gpu_memory_utilization={self.gpu_memory_utilization}, fits={self.fits})"


def _here(context: Context) -> AnyDevices:
    try:
        found = context.detect()
    except NoDriverError:
        return None
    return found if len(found) else None


def _engine_variables() -> list[str]:
    """The engine inherits these; its one secret is for no report."""
    return [f"{name}={value}" for name, value in os.environ.items() if name.startswith("VLLM_") and name != "VLLM_API_KEY"]


def _kinds() -> dict[str, OptionType]:
    return {option.name: option.type for option in known_options()}


def _joined(value: Any) -> Any:
    """Several values of a text as the table takes them."""
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else value


class _Written(NamedTuple):
    """An option as a plan writes it."""
    name: str
    words: Sequence[str]
    value: Any


def _written(words: Sequence[str]) -> list[_Written]:
    """In full, each value a word of its own."""
    kinds = _kinds()
    found: list[_Written] = []
    at = 0
    while at < len(words):
        flag, end = words[at], at + 1
        name = flag[2:]
        kind = kinds.get(name)
        if flag.startswith("-O"):
            found.append(_Written("optimization-level", [flag], int(name)))
        elif kind in (OptionType.SWITCH, None):
            found.append(_Written(name if kind else name[len("no-"):], [flag], kind is not None))
        else:
            end += 1  # whatever the first begins with
            while end < len(words) and not words[end].startswith("-"):
                end += 1
            read = int if name in _LISTS else _VALUES.get(kind, str)
            values = [read(value) for value in words[at + 1:end]]
            found.append(_Written(name, words[at:end], values if name in _LISTS or len(values) > 1 else values[0]))
        at = end
    return found
