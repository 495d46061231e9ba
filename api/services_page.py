"""The public page `/services`, an article's own page, and the same as JSON, in every process.

Made at each request from the catalogue in force, so that what is published shows at once; a reader
who has it is answered 304. Nobody signs in to it, and it tells nothing of any family.
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any  # what a template is given

import msgspec
import orjson
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from api.services_text import SERVICES_TEXT
from api.settings import CHECKOUT
from content.public import PublicCatalogue, article_body, public_catalogue
from domain.error import NotFound
from domain.ids import EntryId
from domain.text.article import reading_minutes, render_html
from domain.text.message import Language, MessageError
from timeline.ground import Ground

KEPT = {"Cache-Control": "no-cache"}  # kept, and asked for each time


class ServicesPage:
    """The three routes, over the catalogue in force."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._templates = Environment(
            loader=FileSystemLoader(CHECKOUT / "api" / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
        )
        self._look = _read_look(CHECKOUT / "api" / "static")
        self._made: tuple[int, date, PublicCatalogue] | None = None

    def routes(self) -> list[Route]:
        return [
            Route("/services", self.page, methods=["GET"]),
            Route("/services.json", self.data, methods=["GET"]),
            Route("/services/look/{name}", self.look, methods=["GET"]),
            Route("/services/articles/{article_id}", self.article, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """Every service, centre and charter, in Arabic unless English is asked for."""
        public, language = await self._public(), _language(request)
        return self._html(request, "services.html", language, public=public)

    async def data(self, request: Request) -> Response:
        """The same in both languages."""
        body = orjson.dumps(msgspec.to_builtins(await self._public()))
        return _kept(request, body, "application/json")

    async def look(self, request: Request) -> Response:
        """The page's style and letters. Raises: NotFound."""
        found = self._look.get(request.path_params["name"])
        if found is None:
            raise NotFound("look")
        return _kept(request, *found)

    async def article(self, request: Request) -> Response:
        """One article in one language; of an unknown one a page that says so.

        Raises: NotFound to whoever is no browser.
        """
        language = _language(request)
        try:
            return await self._article(request, language)
        except NotFound:
            if "text/html" not in request.headers.get("accept", ""):
                raise
            words = SERVICES_TEXT[language]
            return self._html(
                request,
                "article.html",
                language,
                status_code=404,
                title=words["no_article"],
                minutes=None,
                body=Markup("<p>{}</p>").format(words["no_article_next"]),
            )

    async def _article(self, request: Request, language: Language) -> Response:
        catalogue, today = await self._ground.catalogues.current(), self._ground.clock.today()
        article = catalogue.entries.articles.get(EntryId(request.path_params["article_id"]))
        if article is None:
            raise NotFound("article")
        try:
            body = article_body(article, language, today)
        except MessageError:
            raise NotFound("article") from None
        words = article.words_ar if language == "ar" else article.words_en
        return self._html(
            request,
            "article.html",
            language,
            title=article.title.message(language).source,
            draft=article.draft,
            minutes=reading_minutes(words),
            body=Markup(render_html(body, language)),  # noqa: S704 -- nothing is the author's
        )

    async def _public(self) -> PublicCatalogue:
        catalogue, today = await self._ground.catalogues.current(), self._ground.clock.today()
        if self._made is None or self._made[:2] != (catalogue.version, today):
            self._made = (catalogue.version, today, public_catalogue(catalogue, today))
        return self._made[2]

    def _html(
        self,
        request: Request,
        name: str,
        language: Language,
        *,
        status_code: int = 200,
        **given: Any,
    ) -> Response:
        words = SERVICES_TEXT[language]
        body = self._templates.get_template(name).render(
            language=language,
            words=words,
            day=lambda value: format_date(value, "long", locale=f"{language}_AE"),
            **given,
        )
        if status_code != 200:
            return HTMLResponse(body, status_code=status_code)
        return _kept(request, body.encode(), "text/html")


def _read_look(static: Path) -> dict[str, tuple[bytes, str]]:
    """The files of the page by name: its own sheet, and the font with what names it."""
    fonts = {file.name: (file.read_bytes(), "font/woff2") for file in static.glob("fonts/*.woff2")}
    sheets = (static / "services.css", static / "fonts" / "osrati.css")
    return fonts | {file.name: (file.read_bytes(), "text/css") for file in sheets}


def _kept(request: Request, body: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = KEPT | {"ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    kind = HTMLResponse if media_type == "text/html" else Response
    return kind(body, media_type=media_type, headers=headers)


def _language(request: Request) -> Language:
    """Arabic first: English is for whoever asks for it."""
    return "en" if request.query_params.get("language") == "en" else "ar"
