"""Trusted documents: the operations that apps were built with, by the SHA-256 of their text.

Production answers these and no others, so nobody outside can make up an operation. The file is part
of the contract; `python -m schema.documents` adds what `mobile-contract/operations/` holds now and
takes nothing away, since an app that was shipped goes on asking by the id it was built with.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import msgspec

OPERATIONS_PATH = Path(__file__).parents[1] / "mobile-contract" / "operations"
DOCUMENTS_PATH = OPERATIONS_PATH / "trusted-documents.json"

TrustedDocuments: TypeAlias = Mapping[str, str]
"""The texts by their ids."""

NO_DOCUMENTS: TrustedDocuments = MappingProxyType({})


class DocumentsDamaged(Exception):
    """A text is not that of its id: the file was edited by hand, or badly merged."""


def document_id(text: str) -> str:
    """`sha256:` and the digest in hexadecimal, as GraphQL over HTTP names a document."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_documents(path: Path = DOCUMENTS_PATH) -> TrustedDocuments:
    """Every trusted document. Raises: DocumentsDamaged."""
    texts = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    for name, text in texts.items():
        if document_id(text) != name:
            raise DocumentsDamaged(
                f"{path}: the text of {name} has another id, {document_id(text)}. Take the file"
                " from the last release and run `.venv/bin/python -m schema.documents`."
            )
    return MappingProxyType(texts)


def operation_texts() -> dict[str, str]:
    """The contract's operations as they are now, by name."""
    return {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted(OPERATIONS_PATH.glob("*.graphql"))
    }


def with_operations(known: TrustedDocuments) -> dict[str, str]:
    """What is known and what the operations' files hold now, by id."""
    now = {document_id(text): text for text in operation_texts().values()}
    return dict(sorted({**known, **now}.items()))


if __name__ == "__main__":
    documents = with_operations(read_documents() if DOCUMENTS_PATH.exists() else {})
    DOCUMENTS_PATH.write_bytes(msgspec.json.format(msgspec.json.encode(documents)) + b"\n")
