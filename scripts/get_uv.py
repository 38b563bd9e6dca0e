"""Puts the `uv` program into a folder, for a machine that has none: by venv, by pip, or straight from the index.

Usage: python3 scripts/get_uv.py FOLDER. Afterwards FOLDER/bin/uv runs. Needs nothing but Python's standard library.
"""

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

WANTED = "uv>=0.9"
INDEX = "https://pypi.org/pypi/uv/json"


def by_venv(folder: Path) -> None:
    """Debian splits venv from Python, so this may fail on a fresh machine."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, capture_output=True)
    subprocess.run([str(folder / "venv/bin/pip"), "install", "-q", WANTED], check=True, capture_output=True)
    link(folder, folder / "venv/bin/uv")


def by_pip(folder: Path) -> None:
    """With --target pip writes only into the folder, which an externally managed Python allows too."""
    target = folder / "pip"
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(target), WANTED]
    subprocess.run(command, check=True, capture_output=True)
    link(folder, target / "bin/uv")


def by_download(folder: Path) -> None:
    """The wheel from the index's JSON API (https://docs.pypi.org/api/json/), checked against its SHA-256."""
    with urllib.request.urlopen(INDEX, timeout=60) as answer:
        files = json.load(answer)["urls"]
    libc = "musllinux" if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or "") else "manylinux"
    tags = (("macosx",) if sys.platform == "darwin" else (libc,)) + (platform.machine(),)
    wheel = next(f for f in files if f["filename"].endswith(".whl") and all(t in f["filename"] for t in tags))
    with urllib.request.urlopen(urllib.parse.urljoin(INDEX, wheel["url"]), timeout=300) as answer:
        body = answer.read()
    if hashlib.sha256(body).hexdigest() != wheel["digests"]["sha256"]:
        raise RuntimeError(f"{wheel['filename']} does not match its checksum")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/scripts/uv"))
        (folder / "uv").write_bytes(archive.read(name))
    (folder / "uv").chmod(0o755)
    link(folder, folder / "uv")


def link(folder: Path, program: Path) -> None:
    """FOLDER/bin/uv → the program, checked to run."""
    subprocess.run([str(program), "--version"], check=True, capture_output=True)
    place = folder / "bin/uv"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(os.path.relpath(program, place.parent))


def main(folder: Path) -> int:
    """Tries each way in turn; says every reason when none works."""
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for way in (by_venv, by_pip, by_download):
        try:
            way(folder)
        except Exception as why:
            detail = getattr(why, "stderr", None)
            reasons.append(f"  {way.__name__}: {(detail or str(why).encode()).decode(errors='replace').strip()[-300:]}")
        else:
            return 0
    shutil.rmtree(folder / "venv", ignore_errors=True)
    print("uv could not be installed:", *reasons, "Install uv (https://docs.astral.sh/uv/) and try again.", sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
