"""Short ways to write a document and to look at its findings."""

from __future__ import annotations

from plainwork.errors import Finding
from plainwork.spec import Loaded, load
from tests.spec.kinds import CATALOGUE


def document(steps: str, front: str = "", errors: str = "", examples: str = "") -> str:
    """A document; each line of ``steps`` is ``Name | block`` with routes on lines of their own, # for each level."""
    parts = [f"---\nagentspec: 1\n{front}\n---\n\n# T\n\n## Steps\n", _steps(steps)]
    parts += [f"## When things go wrong\n\n{_steps(errors)}"] if errors else []
    parts += [f"## Examples\n\n{examples}"] if examples else []
    return "\n".join(parts)


def _steps(lines: str) -> str:
    found = []
    for line in lines.strip().splitlines():
        clean = line.strip()
        if clean.startswith("- "):
            found.append(clean)
            continue
        depth = len(clean) - len(clean.lstrip("#"))
        name, _, block = clean.lstrip("# ").partition("|")
        fields = "\n".join(part.strip() for part in block.split(";;"))
        found.append(f"\n{'#' * (3 + depth)} {name.strip()}\n```yaml step\n{fields}\n```")
    return "\n".join(found) + "\n"


def read(steps: str, **more: str) -> Loaded:
    loaded = load(document(steps, **more), CATALOGUE)
    assert loaded.spec is not None, [str(f) for f in loaded.findings]
    return loaded


def only(loaded: Loaded, code: str) -> Finding:
    found = [finding for finding in loaded.findings if finding.code == code]
    assert len(found) == 1, [str(finding) for finding in loaded.findings]
    return found[0]
