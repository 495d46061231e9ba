"""What every document says of itself: its kind, its form, its sources, who has yet to sign it."""

from collections.abc import Mapping
from datetime import date
from typing import TypedDict, get_args

from domain.compile.document import Node
from domain.entry import SignOff, Sure
from domain.ids import EntryId

FORMAT = 1  # of the documents; another number is another compiler
FORMAT_MAX = 1_000_000
VERSION_MAX = 1_000_000

HEAD_REQUIRED = ("kind", "format", "id", "version", "revision", "draft", "sources")
HEAD_OPTIONAL = ("sign_off", "withdrawn")


class HeadFields(TypedDict):
    """The fields of `entry.Head`."""

    id: EntryId
    version: int
    revision: int
    draft: bool
    sign_off: SignOff | None


def read_head(node: Mapping[str, Node]) -> HeadFields:
    """The head of an entry; what is wrong with it is noted."""
    check_format(node["format"])
    for item in node["sources"].items(minimum=1):
        source = item.fields(required=("text", "sure"))
        source["text"].text()
        source["sure"].choice(get_args(Sure))
    sign_off = read_sign_off(node["sign_off"]) if "sign_off" in node else None
    if (node["draft"].value is True) != ("sign_off" in node):
        node["draft"].refuse(
            "a draft says in sign_off who must confirm what, and only a draft does: mend one"
        )
    return HeadFields(
        id=EntryId(node["id"].identifier()),
        version=node["version"].integer(1, VERSION_MAX),
        revision=node["revision"].integer(1, VERSION_MAX),
        draft=node["draft"].boolean(),
        sign_off=sign_off,
    )


def read_sign_off(node: Node) -> SignOff:
    """In both languages; as at first, in English: of a pack `content/sign_off.py` refuses that."""
    if not isinstance(node.value, Mapping):
        return SignOff(None, node.text())
    texts = node.fields(required=("ar", "en"))
    return SignOff(texts["ar"].text(), texts["en"].text())


def check_format(node: Node) -> None:
    """Whether this compiler reads documents of that form."""
    form = node.integer(1, FORMAT_MAX)
    if form > FORMAT:
        node.refuse(
            f"is of format {form}; this version of Osrati reads up to {FORMAT}: upgrade it, or take"
            " the pack made for this version"
        )


def read_span(node: Mapping[str, Node]) -> tuple[date | None, date | None]:
    """`valid_from` and `valid_to`, both included; null or absent is no bound."""
    first, last = _bound(node.get("valid_from")), _bound(node.get("valid_to"))
    if first is not None and last is not None and last < first:
        node["valid_to"].refuse(f"ends on {last} before it begins on {first}: mend one")
    return first, last


def _bound(node: Node | None) -> date | None:
    return None if node is None or node.missing or node.value is None else node.day()
