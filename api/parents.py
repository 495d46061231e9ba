"""`GET /dev/parents`: who there is to act as, for programs; the page at `/` shows the same.

Development only: `api/app.py` mounts it beside the page, never in production.
"""

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.demo import DemoParent


def parents_route(demo_parents: Callable[[], Awaitable[list[DemoParent]]]) -> Route:
    """A JSON list of the demonstration's parents: `person`, both names, role, language."""

    async def parents(_: Request) -> Response:
        told = [
            {
                "person": str(parent.person_id),
                "name_ar": parent.name_ar,
                "name_en": parent.name_en,
                "role": parent.role,
                "language": parent.language,
            }
            for parent in await demo_parents()
        ]
        return Response(orjson.dumps(told), media_type="application/json")

    return Route("/dev/parents", parents)
