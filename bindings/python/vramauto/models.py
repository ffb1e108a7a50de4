"""A model: what its files say."""
from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref
from typing import Any

from . import _abi
from ._handle import Handle, indexed, taken
from ._library import lib
from .values import ModelInfo, TensorInfo, row, tensor


class Tensors(Sequence[TensorInfo]):
    """The tensors of a model, each read when it is asked for: there may be a hundred thousand."""

    __slots__ = ("_model", "_count")

    def __init__(self, model: Model):
        self._model, self._count = model, model.info.tensor_count or 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, i: Any) -> Any:
        return indexed(i, self._count, self._one)

    def _one(self, i: int) -> TensorInfo:
        pointer, info = self._model._use(), _abi.TensorInfo.empty()
        taken(lib.vramauto_model_tensor(pointer, i, byref(info)), lib.vramauto_model_tensor)
        return tensor(info)


class Model(Handle):
    __slots__ = ()

    def __init__(self, pointer: _abi.ModelPointer):
        self._pointer = pointer

    @property
    def info(self) -> ModelInfo:
        pointer, info = self._use(), _abi.ModelInfo.empty()
        taken(lib.vramauto_model_get(pointer, byref(info)), lib.vramauto_model_get)
        return row(ModelInfo, info)

    @property
    def tensors(self) -> Sequence[TensorInfo]:
        """Empty where no headers of tensors are known: ModelInfo.tensor_count is None then."""
        return Tensors(self)
