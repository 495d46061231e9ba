"""Lock files name the public default hosts alone, and agree with one another.

A lock written behind a mirror carries that mirror's address to everyone; `make lock` asks for
the default index by name.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}

# Links to a package's home or funding page: npm writes them beside each package, nobody fetches.
HOME_PAGE = re.compile(r'"(?:url|homepage|funding)": "[^"]*"')
ADDRESS = re.compile(r"[a-z+]+://(?:[^\s/@\"']*@)?([^\s/:\"']+)")


def lock_files() -> list[Path]:
    found = [CHECKOUT / name for name in ("uv.lock", "package-lock.json", ".npmrc")]
    return [*found, *sorted(CHECKOUT.glob("requirements*.txt"))]


def hosts_in(text: str) -> set[str]:
    return set(ADDRESS.findall(HOME_PAGE.sub("", text)))


def test_every_lock_file_is_there() -> None:
    names = {path.name for path in lock_files() if path.exists()}
    assert names >= {
        "uv.lock",
        "package-lock.json",
        ".npmrc",
        "requirements.txt",
        "requirements-uv.txt",
    }


def test_lock_files_name_only_the_public_default_hosts() -> None:
    for path in lock_files():
        assert hosts_in(path.read_text()) <= PUBLIC_HOSTS, path.name


def test_a_mirror_would_be_seen() -> None:
    assert hosts_in('url = "https://user:word@mirror.example:8443/simple/x"') == {"mirror.example"}
    assert hosts_in("--index-url http://10.0.0.1/simple") == {"10.0.0.1"}
    assert hosts_in('"resolved": "https://npm.example/x.tgz"') == {"npm.example"}


def test_every_requirement_is_pinned_by_hash() -> None:
    for path in CHECKOUT.glob("requirements*.txt"):
        lines = re.sub(r"\\\n", " ", path.read_text()).splitlines()
        wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        assert wanted
        for line in wanted:
            assert re.search(r"==\S+.*--hash=sha256:[0-9a-f]{64}", line), (
                f"{path.name}: {line[:60]}"
            )


def test_the_export_has_the_versions_of_the_lock() -> None:
    lock = tomllib.loads((CHECKOUT / "uv.lock").read_text())
    locked = {(package["name"], package.get("version", "")) for package in lock["package"]}
    exported = re.findall(
        r"^([a-z0-9.-]+)==([^\s;\\]+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE
    )
    assert exported
    assert set(exported) <= locked


def test_the_export_has_every_direct_dependency() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    text = (CHECKOUT / "requirements.txt").read_text()
    for requirement in project["dependencies"]:
        name = re.split(r"[\[<>=~!; ]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}==", text, re.MULTILINE), f"run `make lock`: {name}"


def test_the_bill_of_materials_names_what_is_installed(tmp_path: Path) -> None:
    recipe = (CHECKOUT / "Makefile").read_text().partition("\nsbom:")[2].partition("\n\n")[0]
    _, _, command = recipe.replace("\\\n", " ").partition("$(BIN)/uv ")
    written = tmp_path / "sbom.cdx.json"
    asked = command.replace("sbom.cdx.json", str(written)).split()
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), *asked], cwd=CHECKOUT, check=True)
    said = json.loads(written.read_text())
    assert said["bomFormat"] == "CycloneDX"
    pinned = re.findall(
        r"^([a-z0-9.-]+)==([^\s;\\]+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE
    )
    listed = {(each["name"], each["version"]) for each in said["components"]}
    assert listed == set(pinned)
    assert all(each["purl"].startswith("pkg:pypi/") for each in said["components"])
