"""What is built in."""
from __future__ import annotations

from itertools import count, takewhile
from typing import Any

from ._library import lib


def _listed(nth: Any) -> list[str]:
    return [text.decode() for text in takewhile(lambda text: text is not None, map(nth, count()))]


def catalogue_models() -> list[str]:
    """Hugging Face ids of the well-known models, which open without files."""
    return _listed(lib.vramauto_catalogue_model)


def catalogue_gpus() -> list[str]:
    """GPUs by names that `Context.parse` takes."""
    return _listed(lib.vramauto_catalogue_gpu)
