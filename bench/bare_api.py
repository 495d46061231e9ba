"""A web process with nothing in it: Starlette, uvicorn, one route. `python -m bench.bare_api PORT`.

The baseline of the API's memory.
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def answer(_: Request) -> Response:
    return JSONResponse({"status": "live"})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/health/live", answer)])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
