"""House rules that no linter knows: file sizes, unfinished marks, and documents that point at files that exist."""

import re
import subprocess
import sys
from pathlib import Path

MOST_LINES = {".py": 500, ".ts": 250, ".tsx": 250}
UNFINISHED = re.compile(r"\b(FIXME|XXX)\b|(#|//|\*) *TODO|NotImplementedError|pytest\.mark\.skip\b|assert True\b")
DOUBLED = re.compile(r"\bvi\.mock\(|\b(it|test|describe)\.(skip|only)\b|@ts-(ignore|nocheck)\b")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
OWN = Path(__file__).name


def tracked() -> list[Path]:
    """Every file git knows, that still exists."""
    names = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split("\n")
    return [Path(n) for n in names if n and Path(n).is_file()]


def problems(path: Path) -> list[str]:
    """What one file breaks, as ``path:line: what``."""
    if path.suffix not in {*MOST_LINES, ".md", ".sql", ".yaml"} or path.name == OWN:
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    found = []
    most = MOST_LINES.get(path.suffix)
    if most and len(lines) > most and "client/" not in str(path):
        found.append(f"{path}: {len(lines)} lines, more than {most}. Split it by meaning.")
    for number, line in enumerate(lines, 1):
        if path.suffix in MOST_LINES and UNFINISHED.search(line):
            found.append(f"{path}:{number}: unfinished: {line.strip()[:80]}")
        if path.suffix in {".ts", ".tsx"} and DOUBLED.search(line):
            found.append(f"{path}:{number}: mocks, leaves out or hushes: {line.strip()[:80]}")
        if path.suffix == ".md" and "examples/agents" not in str(path):
            missing = [t for t in LINK.findall(line) if not (path.parent / t).exists()]
            found += [f"{path}:{number}: link to {target}, which does not exist" for target in missing]
    return found


def main() -> int:
    """Prints every problem; 1 when there is one."""
    found = [p for path in tracked() for p in problems(path)]
    print(*(found or ["house rules: kept"]), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
