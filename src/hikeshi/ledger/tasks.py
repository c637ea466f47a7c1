"""Django's Tasks API as we use it: in Django's core from 6.0 on, the backport before."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.db import transaction
from django_tasks_db import DatabaseBackend

task: Any = import_module("django.tasks" if find_spec("django.tasks") else "django_tasks").task


def send(call: Any, uid: str) -> None:
    """Enqueue a call: in the caller's transaction where the backend can, else after its commit."""
    if isinstance(call.get_backend(), DatabaseBackend):
        call.enqueue(uid)
    else:
        transaction.on_commit(partial(call.enqueue, uid))
