"""Writes the schema that apps build from: `python -m schema.print_sdl`.

The file is committed; `tests/schema/test_sdl.py` compares it with the schema that runs.
"""

from pathlib import Path

from schema.build import build_schema

SDL_PATH = Path(__file__).parents[1] / "mobile-contract" / "schema.graphql"


def sdl() -> str:
    """The schema in GraphQL's own language, with a final newline."""
    return build_schema(production=True).as_str() + "\n"


if __name__ == "__main__":
    SDL_PATH.write_text(sdl(), encoding="utf-8")
