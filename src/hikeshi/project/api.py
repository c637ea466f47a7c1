"""The root of the API under /api/v1: who calls, how fast, and all areas' routers.

A caller is known by a bearer token (``organisation.tokens``) or by the session of the pages, which
then needs the CSRF token as a form does. Either way ``request.viewer`` is set, and operations start
from it as pages do.
"""

from __future__ import annotations

from typing import Any, Final, cast

import orjson
from django.core.cache import caches
from django.http import HttpRequest
from django.utils import timezone, translation
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.throttling import SimpleRateThrottle
from ninja.types import DictStrAny
from ninja.utils import check_csrf

from hikeshi import __version__
from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.disclosure import api as disclosure
from hikeshi.inventory import api as inventory
from hikeshi.ledger import api as ledger
from hikeshi.matching import api as matching
from hikeshi.organisation import api as organisation
from hikeshi.organisation.access import Request
from hikeshi.organisation.models import APIToken
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.tokens import token_from
from hikeshi.project.problems import CONTENT_TYPE, Problem, install_handlers
from hikeshi.records import api as records
from hikeshi.stakeholders import api as stakeholders
from hikeshi.triage import api as triage

CALLS_PER_MINUTE: Final = 600
# Every operation may answer so, and the description says it once for all.
ERRORS: Final = {
    400: "The request cannot be read.",
    401: "No valid token and no session.",
    403: "The right is not held.",
    404: "There is no such thing, or none that the caller may see.",
    409: "The act does not fit the present state; a stale save is refused this way.",
    413: "The request is too large.",
    422: "Some values are refused; `errors` names them.",
    429: "Too many requests; `Retry-After` says when to come again.",
    503: "A part that the act needs is missing.",
}


class Token(HttpBearer):
    """A bearer token, ``Authorization: Bearer hk_…``."""

    def authenticate(self, request: HttpRequest, token: str) -> APIToken:
        """Set the viewer of the token's account, with the token's rights at most."""
        now = timezone.now()
        found = token_from(token.strip(), at=now)
        if found is None:
            raise AuthenticationError
        viewer = viewer_of(found.account, now, found.scopes)
        if viewer.account is None:
            raise AuthenticationError
        cast(Request, request).viewer = viewer
        if "Accept-Language" not in request.headers:
            translation.activate(found.account.language)
        return found


class Session(APIKeyCookie):
    """The session of the pages."""

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> object | None:
        """Return the account of the session; a change also needs the CSRF token."""
        if cast(Request, request).viewer.account is None:
            return None
        if check_csrf(request):
            raise NotAllowed(
                gettext_noop("The CSRF token is missing or wrong. Load the page anew.")
            )
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> object | None:
        """Leave it to ``__call__``, which asks for the account before the CSRF token."""
        raise NotImplementedError


class CallRate(SimpleRateThrottle):
    """At most so many calls a minute for one token or account, counted in each process."""

    cache = caches["memory"]

    def __init__(self) -> None:
        super().__init__(f"{CALLS_PER_MINUTE}/m")

    def get_cache_key(self, request: HttpRequest) -> str:
        """Count by token, else by account."""
        caller = getattr(request, "auth", None)
        return f"calls/{type(caller).__name__}/{getattr(caller, 'pk', None)}"


class StrictParser(Parser):
    """JSON as RFC 8259 has it, without the NUL that no database column takes."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """Read the body. Raises ValueError, which the API answers with 400."""
        read = orjson.loads(request.body)
        if b"\\u0000" in request.body and _has_nul(read):
            raise ValueError("NUL in a text")
        return cast(DictStrAny, read)


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(held) for key, held in value.items())
    return isinstance(value, list) and any(_has_nul(held) for held in value)


class FastRenderer(BaseRenderer):
    """JSON by orjson."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """Write a validated answer."""
        return orjson.dumps(data, default=str)


class HikeshiAPI(NinjaAPI):
    """The API with its errors described at every operation."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """Describe the API; each operation lists the problems it may answer with."""
        described = super().get_openapi_schema(**kwargs)
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        described["components"]["schemas"].update(schema.pop("$defs"))
        described["components"]["schemas"]["Problem"] = schema
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        described["components"]["responses"] = {
            f"Problem{status}": {"description": said, "content": content}
            for status, said in ERRORS.items()
        }
        for methods in described["paths"].values():
            for operation in methods.values():
                for status in ERRORS:
                    operation["responses"].setdefault(
                        status, {"$ref": f"#/components/responses/Problem{status}"}
                    )
        return described

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Name operations by their function: short, and the same wherever the module moves."""
        return str(operation.view_func.__name__)


ROUTERS: Final[list[Router]] = [
    organisation.router,
    ledger.router,
    records.router,
    stakeholders.router,
    inventory.router,
    matching.router,
    triage.router,
    disclosure.router,
]


def build_api() -> HikeshiAPI:
    """Gather the areas' routers into one API."""
    api = HikeshiAPI(
        title="Hikeshi",
        version=__version__,
        description=(
            "Everything the pages do, for programs. Lists page by key: give `next` as `after`."
        ),
        urls_namespace="api",
        docs_url=None,
        openapi_url=None,
        auth=[Token(), Session()],
        throttle=CallRate(),
        renderer=FastRenderer(),
        parser=StrictParser(),
    )
    install_handlers(api)
    for router in ROUTERS:
        api.add_router("", router)
    return api


api = build_api()
