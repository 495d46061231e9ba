"""Kinto, a sync server in Python that is kept and whose clients encrypt: installed into an
environment of its own, started as it is documented, on the bench's PostgreSQL in a database of its
own. It is never part of ours.

One process, as ours, by `kinto start`: waitress with eight threads, eight connections. Everything
is in PostgreSQL but the cache, which is in memory; people sign in by name, which costs it an HMAC.
"""

import base64
import hashlib
import json
import os
import subprocess
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from api.child import ended
from bench.processes import wait_until_answers
from bench.raw_http import Connection, http_request
from store.embedded import free_port

REQUIREMENTS = Path(__file__).parent / "kinto-requirements.txt"
DATABASE = "kinto"
INSTALL_SECONDS_MAX = 600
BATCH_MAX = 25  # Kinto's own limit of one batch
RECORDS = "/v1/buckets/default/collections/phone/records"
_INI = """
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
threads = 8
connection_limit = 200

[app:main]
use = egg:kinto
kinto.includes = kinto.plugins.default_bucket
kinto.userid_hmac_secret = bench
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {dsn}
kinto.storage_pool_size = 8
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {dsn}
kinto.permission_pool_size = 8
kinto.cache_backend = kinto.core.cache.memory
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = ERROR
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %(message)s
"""


def install() -> Path:
    """The program, in an environment that is kept beside other temporary files."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"osrati-bench-kinto-{wanted}"
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        print(f"installing Kinto into {home}", flush=True)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True, timeout=INSTALL_SECONDS_MAX)
        done.touch()
    return home / "bin" / "kinto"


@contextmanager
def kinto(dsn: str, directory: Path) -> Iterator[int]:
    """The port of a Kinto that runs on its own database at this server's `dsn`."""
    program, port = str(install()), free_port()
    ini = directory / "kinto.ini"
    ini.write_text(_INI.format(port=port, dsn=dsn.rpartition("/")[0] + f"/{DATABASE}"))
    ini.chmod(0o600)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    clean["PYTHONWARNINGS"] = "ignore"  # of its packages' own doings
    subprocess.run([program, "migrate", "--ini", str(ini)], check=True, env=clean)
    process = subprocess.Popen(
        [program, "start", "--ini", str(ini), "--port", str(port)], env=clean
    )
    with ended(process):
        wait_until_answers(f"http://127.0.0.1:{port}/v1/__lbheartbeat__")
        yield port


async def make_database(dsn: str) -> None:
    """Kinto's own database."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8'")
    finally:
        await connection.close()


def headers_of(name: str) -> dict[str, str]:
    """Who asks."""
    said = base64.b64encode(f"{name}:bench".encode()).decode()
    return {"Authorization": f"Basic {said}", "Content-Type": "application/json"}


async def write_records(connection: Connection, name: str, bodies: Sequence[bytes]) -> str:
    """Writes sealed bodies as a person's records; the collection's ETag then."""
    for begin in range(0, len(bodies), BATCH_MAX):
        requests = [
            {"path": RECORDS, "body": {"data": {"sealed": base64.b64encode(one).decode()}}}
            for one in bodies[begin : begin + BATCH_MAX]
        ]
        said = {"defaults": {"method": "POST"}, "requests": requests}
        body = json.dumps(said).encode()
        answer, _ = await connection.ask(
            http_request("POST", "/v1/batch", headers_of(name), body), status=200
        )
        statuses = {one["status"] for one in json.loads(answer)["responses"]}
        assert statuses == {201}, answer[:300]
    answer, _ = await connection.ask(read_request(name), status=200)
    return f'"{max(one["last_modified"] for one in json.loads(answer)["data"])}"'


def read_request(name: str, *, since: str | None = None, known: str | None = None) -> bytes:
    """Everything of a person; or what came `since` an ETag; or 304 while the one `known` holds."""
    path = RECORDS if since is None else f"{RECORDS}?_since={since.replace(chr(34), '%22')}"
    headers = headers_of(name) | ({} if known is None else {"If-None-Match": known})
    return http_request("GET", path, headers)
