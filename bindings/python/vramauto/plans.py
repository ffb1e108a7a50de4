"""A plan: which settings start, and whether the model fits."""
from __future__ import annotations

import json
from ctypes import byref, c_char_p
from typing import Any

from . import _abi
from ._handle import Handle, taken, whole_text
from ._library import lib
from .estimates import Estimate, PlanEstimatePointer
from .values import PlanInfo, PlanWarning, row, text


class Plan(Handle):
    __slots__ = ()

    def __init__(self, pointer: _abi.PlanPointer):
        self._pointer = pointer

    @property
    def info(self) -> PlanInfo:
        pointer, info = self._use(), _abi.PlanInfo.empty()
        taken(lib.vramauto_plan_get(pointer, byref(info)), lib.vramauto_plan_get)
        return row(PlanInfo, info)

    @property
    def estimate(self) -> Estimate | None:
        """None for a plan by the rule of thumb."""
        plan = self._use()
        address = lib.vramauto_plan_estimate(plan)
        if not address:
            return None
        pointer = PlanEstimatePointer(address)
        pointer.plan = plan
        return Estimate(pointer)

    @property
    def arguments(self) -> tuple[str, ...]:
        """All that the engine needs: `["vllm", *plan.arguments]` starts it."""
        return tuple(self._texts(lib.vramauto_plan_argument))

    @property
    def environment(self) -> dict[str, str]:
        """What the engine's environment needs for it, such as which GPUs it sees."""
        return dict(entry.split("=", 1) for entry in self._texts(lib.vramauto_plan_environment))

    @property
    def warnings(self) -> tuple[PlanWarning, ...]:
        pointer, code = self._use(), c_char_p()
        found: list[PlanWarning] = []
        while (message := lib.vramauto_plan_warning(pointer, len(found), byref(code))) is not None:
            found.append(PlanWarning(text(code.value), text(message)))
        return tuple(found)

    def text(self) -> str:
        """For people."""
        return whole_text(lib.vramauto_plan_text, self._use()).decode("utf-8", "surrogateescape")

    def json_text(self) -> str:
        """Schema vramauto.plan/1, as the library writes it."""
        return whole_text(lib.vramauto_plan_json, self._use()).decode("utf-8", "surrogateescape")

    def json(self) -> Any:
        return json.loads(self.json_text())

    def _texts(self, function: Any) -> list[str]:
        pointer = self._use()
        found: list[str] = []
        while (one := function(pointer, len(found))) is not None:
            found.append(text(one))
        return found
