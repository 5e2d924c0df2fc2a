"""Hostile files, texts and requests. A package, so that its conftest does not stand for the other one."""
