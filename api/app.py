"""The web process's application: every route, its limits, and how errors look."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from api.demo import DemoParent
from api.headers import SecurityHeaders
from api.mask import MaskBugs
from api.metrics import QueueMetrics
from api.page import ACT_AS_COOKIE, LANGUAGE_COOKIE, page_routes
from api.parents import parents_route
from api.problem import render_http_exception, render_osrati_error
from api.received_page import ReceivedPage
from api.refusals import TellRefusals
from api.request_id import RequestIds
from api.services_page import ServicesPage
from api.settings import CHECKOUT
from api.wire import House
from content.schedule.read_programme import read_programme
from domain.error import OsratiError
from domain.ids import PersonId
from domain.people.actor import Actor
from domain.text.message import Language
from gov.fhir.receive import fhir_intake_routes
from gov.immds.http import immds_routes
from gov.immds.pool import ForecastPool
from gov.issuer import issuer_routes
from gov.receive import intake_routes
from identity.authenticate import authenticate
from identity.sign_in import sign_in_routes
from identity.staff_route import staff_routes
from identity.token_route import token_routes
from push.route import push_routes
from schema.http import graphql_route
from sync.blob import Blobs
from sync.catalogue import CatalogueAnswers
from sync.pace import Pace
from sync.route import Sync
from timeline.first_seen import see_person
from timeline.ground import Ground
from timeline.hint import Hints
from timeline.known import resolve_actor

ACT_AS_HEADER = "x-osrati-act-as"
EMIRATES_ID = re.compile(r"784-?[0-9]{4}-?[0-9]{7}-?[0-9]", re.ASCII)
STATIC = CHECKOUT / "api" / "static"

DemoParents = Callable[[], Awaitable[list[DemoParent]]]
Authenticate = Callable[[Request], Awaitable[Actor | None]]


def build_app(house: House, hints: Hints, *, demo_parents: DemoParents | None = None) -> Starlette:
    """The application. `demo_parents` is what the development page shows; production has none."""
    production = house.settings.is_production
    who_asks, pace = authenticating(house), Pace(house.ground.clock)
    refused = Counter[str]()
    sync = Sync(house.ground, house.registry, authenticate=naming(house), pace=pace)
    routes: list[BaseRoute] = [
        *sync.routes(),  # first: every phone's idle poll would try all the others
        *health_routes(house),
        *intake_routes(house.ground, house.schemas, hints, origin=house.settings.public_origin),
        *fhir_intake_routes(house.ground, hints, origin=house.settings.public_origin),
        *immds_routes(
            house.ground, ForecastPool(read_programme), origin=house.settings.public_origin
        ),
        *issuer_routes(house.ground),
        graphql_route(
            house.ground,
            house.registry,
            authenticate=who_asks,
            production=production,
            origin=house.settings.public_origin,
            planned=house.settings.graphql_plans,
        ),
        *CatalogueAnswers(house.ground).routes(),
        *ServicesPage(house.ground).routes(),
        *Blobs(house.ground, authenticate=who_asks, pace=pace).routes(),
        *push_routes(house.ground, authenticate=who_asks),
    ]
    if house.settings.metrics_token is not None:
        routes += QueueMetrics(house, house.settings.metrics_token, refused).routes()
    if house.door is not None:
        routes += [*sign_in_routes(house.door), *token_routes(house.door)]
    if house.staff is not None:
        routes += staff_routes(house.staff)
    if not production and demo_parents is not None:
        simulators = house.settings.simulators
        routes += page_routes(
            house.ground,
            house.registry,
            demo_parents,
            shows_received=simulators is not None,
        )
        if simulators is not None:
            page = ReceivedPage(house.ground, house.settings.data_dir, simulators, demo_parents)
            routes.append(page.route())
        routes.append(parents_route(demo_parents))
        routes.append(Mount("/static", StaticFiles(directory=STATIC)))
    return Starlette(
        routes=routes,
        middleware=middleware(refused, https=house.settings.origin.startswith("https://")),
        exception_handlers={
            OsratiError: render_osrati_error,
            HTTPException: render_http_exception,
        },
    )


def middleware(refused: Counter[str], *, https: bool = False) -> list[Middleware]:
    """What stands around every route, the outermost first: even a bug's answer has the headers.

    Nothing allows another origin: a browser keeps every other site's script from every answer.
    """
    return [
        Middleware(RequestIds),
        Middleware(TellRefusals, counts=refused),
        Middleware(SecurityHeaders, https=https),
        Middleware(MaskBugs),
    ]


def authenticating(house: House) -> Authenticate:
    """Who asks, as whom they are read."""
    named = naming(house)

    async def who(request: Request) -> Actor | None:
        actor = await named(request)
        return None if actor is None else await resolve_actor(house.ground, actor)

    return who


def naming(house: House) -> Authenticate:
    """Who asks: whoever an access token names; in development also whom a request acts as."""
    door, act = house.door, acting(house.ground)

    async def who(request: Request) -> Actor | None:
        actor = None if door is None else await authenticate(door, request)
        if actor is None and not house.settings.is_production:
            actor = await act(request)
        if actor is not None and actor.session_id is not None:
            request.state.session_id = str(actor.session_id)
        return actor

    return who


def acting(ground: Ground) -> Authenticate:
    """Development only: whoever is named by id, or by an Emirates ID, which is a sign-in: a person
    first seen is looked up in the registries.
    """

    async def act(request: Request) -> Actor | None:
        named = request.headers.get(ACT_AS_HEADER, "")
        if not EMIRATES_ID.fullmatch(named):
            return await act_as(request)
        person_id = await see_person(ground, emirates_id=named.replace("-", ""))
        return Actor(person_id, _language(request), "demonstration")

    return act


async def act_as(request: Request) -> Actor | None:
    """Development only: whoever the header or the page's cookie names, in the language it names."""
    named = request.headers.get(ACT_AS_HEADER) or request.cookies.get(ACT_AS_COOKIE, "")
    try:
        person_id = PersonId(UUID(named))
    except ValueError:
        return None
    return Actor(person_id, _language(request), "demonstration")


def _language(request: Request) -> Language:
    asked = request.cookies.get(LANGUAGE_COOKIE) or request.headers.get("accept-language", "")
    return "en" if asked.lower().startswith("en") else "ar"


def health_routes(house: House) -> list[Route]:
    """`/health/live`: the process answers. `/health/ready`: so does the database."""

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        await house.ground.database.ping()
        return JSONResponse({"status": "ready", "today": house.ground.clock.today().isoformat()})

    return [Route("/health/live", live), Route("/health/ready", ready)]
