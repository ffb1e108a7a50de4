"""What the library answers with: named values and rows, as in the header. A value that is not known is None."""
from __future__ import annotations

import ctypes
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag
from typing import Any, TypeVar

from . import _abi


def text(raw: bytes | None) -> str:
    return raw.decode("utf-8", "surrogateescape") if raw else ""


def known(value: int) -> int | None:
    return None if value == _abi.UNKNOWN else value


class _Named(IntEnum):
    @classmethod
    def of(cls, value: int) -> Any:
        """The member, or the bare number where this package does not know it: newer libraries have more."""
        return cls._value2member_map_.get(value, value)


class Status(_Named):
    OK = 0
    ARGUMENT = -1
    MEMORY = -2
    UNSUPPORTED = -3
    NOT_FOUND = -4
    IO = -5
    TIMEOUT = -6
    CANCELLED = -7
    INTERNAL = -8
    NO_DRIVER = -100
    DRIVER = -101
    FORMAT = -200
    LIMIT = -201
    NO_ESTIMATOR = -300
    PLUGIN = -301


class LogLevel(_Named):
    ERROR = 1
    WARN = 2
    INFO = 3
    DEBUG = 4


class Dtype(_Named):
    """Of a tensor. ggml's types are their number + 100."""
    F64 = 1
    F32 = 2
    F16 = 3
    BF16 = 4
    F8_E4M3 = 5
    F8_E5M2 = 6
    F8_E8M0 = 7
    F4 = 10
    I64 = 20
    I32 = 21
    I16 = 22
    I8 = 23
    U8 = 24
    BOOL = 25


class Kind(_Named):
    """What memory is for."""
    OTHER = 0
    WEIGHTS = 1
    KV_CACHE = 2
    STATE = 3
    ACTIVATIONS = 4
    GRAPHS = 5
    COMMUNICATION = 6
    RUNTIME = 7


class ContextFlag(IntFlag):
    NO_PLUGINS = 1
    NO_ENV = 2
    NETWORK = 4
    REFRESH = 8


class DetectFlag(IntFlag):
    CUDA = 1


class DeviceFlag(IntFlag):
    UNIFIED_MEMORY = 1
    MIG_SLICE = 2
    TOTAL_FROM_CATALOGUE = 4


class ModelSource(_Named):
    FILES = 1
    CONFIG = 2
    CATALOGUE = 3
    NAME = 4
    CACHE = 5
    HUB = 6


class OptionType(_Named):
    SWITCH = 1
    INTEGER = 2
    NUMBER = 3
    BYTES = 4
    CHOICE = 5
    TEXT = 6
    JSON = 7
    WORDS = 8


class Strategy(_Named):
    NONE = 0
    GIVEN = 1
    CONSERVATIVE = 2
    STANDARD = 3
    AGGRESSIVE = 4
    MINIMAL = 5
    MAXIMAL = 6


class Margin(_Named):
    NONE = 0
    THIN = 1
    COMFORTABLE = 2


class Certainty(_Named):
    NONE = 0
    GUESS = 1
    WITHIN = 2
    EXACT = 3


@dataclass(frozen=True)
class PluginInfo:
    status: Status
    id: str
    version: str
    path: str
    message: str


@dataclass(frozen=True)
class DeviceInfo:
    index: int
    total_bytes: int | None
    free_bytes: int | None
    compute_major: int
    compute_minor: int
    flags: DeviceFlag
    name: str
    uuid: str
    pci_bus_id: str
    source: str


@dataclass(frozen=True)
class ModelInfo:
    source: ModelSource
    tensor_count: int | None
    parameters: int | None
    stored_bytes: int | None
    id: str
    path: str
    architecture: str
    model_type: str


@dataclass(frozen=True)
class TensorInfo:
    dtype: Dtype
    bytes: int
    shape: tuple[int, ...]
    name: str


@dataclass(frozen=True)
class OptionInfo:
    type: OptionType
    name: str
    short_name: str
    choices: str
    default_text: str
    help: str


@dataclass(frozen=True)
class EstimateInfo:
    ranks: int
    components: int
    cache_groups: int
    notes: int
    parameters: int | None
    peak_bytes: int | None
    estimator: str
    plugin: str
    engine: str
    engine_version: str


@dataclass(frozen=True)
class Component:
    rank: int
    kind: Kind
    flags: int
    bytes: int | None
    low_bytes: int | None
    high_bytes: int | None
    name: str
    source: str


@dataclass(frozen=True)
class CacheGroup:
    rank: int
    layers: int
    block_tokens: int
    block_bytes: int | None
    window_tokens: int | None
    sequence_bytes: int | None
    kind: str


@dataclass(frozen=True)
class PlanInfo:
    fits: bool | None
    gpu_memory_utilization: float | None
    utilization_min: float | None
    utilization_max: float | None
    strategy: Strategy
    tensor_parallel_size: int
    pipeline_parallel_size: int
    data_parallel_size: int
    max_model_len: int | None
    max_model_len_limit: int | None
    max_num_seqs: int | None
    kv_cache_bytes: int | None
    kv_cache_tokens: int | None
    headroom_bytes: int | None
    max_concurrency: float
    margin: Margin
    certainty: Certainty
    reason: str
    uncertainty_bytes: int | None
    least_certain: str


@dataclass(frozen=True)
class PlanWarning:
    code: str
    message: str


_FROM_C: dict[Any, str] = {  # by how a field is annotated: what it is, of the `value` in the struct
    "int": "{value}", "float": "{value}", "str": "text({value})", "int | None": "(None if (v := {value}) == UNKNOWN else v)",
    "float | None": "({value} or None)",                       # the header's 0.0: not known
    "bool | None": "FITS.get({value})",                        # its 2: not known
    "DeviceFlag": "DeviceFlag({value})",
    **{cls.__name__: f"{cls.__name__}._value2member_map_.get(v := {{value}}, v)" for cls in _Named.__subclasses__()},
}

Row = TypeVar("Row")
_readers: dict[type, Any] = {}


def _reader(cls: Any) -> Any:
    """The function that reads a struct, written out field by field as dataclasses write their own functions."""
    columns = ", ".join(f"{f.name!r}: {_FROM_C[f.type].format(value='struct.' + f.name)}" for f in fields(cls))
    return eval(f"lambda struct: {{{columns}}}", {**globals(), "UNKNOWN": _abi.UNKNOWN, "FITS": {0: False, 1: True}})


def row(cls: type[Row], struct: ctypes.Structure) -> Row:
    """A dataclass from the struct of the same fields, while the handle that owns the struct's strings is alive."""
    reader = _readers.get(cls)
    if reader is None:
        reader = _readers[cls] = _reader(cls)
    made = object.__new__(cls)  # its __init__ would set one field of a frozen object after the other
    object.__setattr__(made, "__dict__", reader(struct))
    return made


def tensor(struct: _abi.TensorInfo) -> TensorInfo:
    name = ctypes.string_at(struct.name, struct.name_len) if struct.name else b""
    return TensorInfo(Dtype.of(struct.dtype), struct.bytes, tuple(struct.shape[:struct.rank]), text(name))
