"""Ask every API operation odd questions: none makes the server fail or breaks the description."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import pytest
import schemathesis
from django.core.cache import caches
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema

from hikeshi.organisation.roles import Permission
from hikeshi.organisation.tokens import issue_token
from hikeshi.project.api_reference import description
from hikeshi.project.wsgi import application
from tests.builders import firm

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        os.environ.get("HIKESHI_TEST_DATABASE") == "postgresql", reason="runs once, on SQLite"
    ),
]
OPERATIONS = [
    (path, method) for path, methods in description()["paths"].items() for method in methods
]
# Eight well-formed and eight ill-formed questions to each operation: the whole API within a minute.
EXAMPLES = 8


# In make soak, for new questions in every run.
MANY = 100


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_question_breaks_an_operation(path: str, method: str, mode: GenerationMode) -> None:
    ask_an_operation(path, method, mode, EXAMPLES)


@pytest.mark.soak
def test_no_question_of_thousands_breaks_the_api(tell: Callable[[str], None]) -> None:
    for path, method in OPERATIONS:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            ask_an_operation(path, method, mode, MANY)
    tell(f"{len(OPERATIONS)} operations, up to {2 * MANY} questions each")


@cache
def described() -> BaseSchema:
    """Read the API's description once: for each operation anew it takes a third of the time."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


def ask_an_operation(path: str, method: str, mode: GenerationMode, examples: int) -> None:
    with transaction.atomic():
        _ask(path, method, mode, examples)
        transaction.set_rollback(True)


def _ask(path: str, method: str, mode: GenerationMode, examples: int) -> None:
    kazahaya = firm()
    now = timezone.now()
    _token, text = issue_token(
        account=kazahaya.admin,
        name="fuzz",
        scopes=list(Permission),
        at=now,
        expires_at=now + timedelta(days=1),
    )
    operation = described()[path][method]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples == EXAMPLES,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        caches["memory"].clear()
        case.call_and_validate(
            headers={"Authorization": f"Bearer {text}"},
            checks=[
                schemathesis.checks.not_a_server_error,
                *(
                    check
                    for check in schemathesis.checks.CHECKS.get_all()
                    if check.__name__
                    in {
                        "status_code_conformance",
                        "content_type_conformance",
                        "response_schema_conformance",
                    }
                ),
            ],
        )

    ask()
