"""The switches for the measurement of the rules name what is there."""

from __future__ import annotations

from importlib import import_module

import pytest

from evals.without import ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_a_switch_names_what_is_there(room: str) -> None:
    for place, instead in ROOMS[room].items():
        module, name = place.split(".")
        assert callable(instead) == callable(getattr(import_module(f"rag.{module}"), name))
