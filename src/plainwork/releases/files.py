"""A workspace as files for Git: pure, and the same workspace always gives the same bytes.

``agents/<id>.md`` holds an agent's document, ``plainwork.json`` what is said of each beside it, ``variables.json`` the
variables, and ``secrets.json`` the names and bindings of secrets: never a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from plainwork.errors import Finding, Invalid, LimitReached

FORMAT = 1
MOST_AGENTS = 1000
MOST_CHARACTERS = 64 * 1024 * 1024
MANIFEST, VARIABLES, SECRETS = "plainwork.json", "variables.json", "secrets.json"
FOLDER = "agents/"
_DOCUMENT = re.compile(r"agents/([a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?)\.md")


class AgentState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of an agent beside its document. ``live``: the document is what runs; ``paused_triggers``: the ids of
    triggers that are paused by themselves."""

    name: str
    live: bool = False
    paused: bool = False
    paused_triggers: tuple[str, ...] = ()


class SecretNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret that there is: what it is for, and what it is bound to (null: not bound); agents by their ids in addresses."""

    about: str = ""
    connector: str | None = None
    hosts: tuple[str, ...] | None = None
    agents: tuple[str, ...] | None = None


class Bundle(msgspec.Struct, frozen=True):
    """A workspace: documents and states of agents by their ids in addresses, variables and secrets by name."""

    documents: Mapping[str, str]
    states: Mapping[str, AgentState]
    variables: Mapping[str, Any]
    secrets: Mapping[str, SecretNeed]


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    agents: dict[str, AgentState] = {}


def write(bundle: Bundle) -> dict[str, str]:
    """The files, path → text, in the order of their paths."""
    manifest = {"format": FORMAT, "agents": msgspec.to_builtins(bundle.states)}
    files = {f"{FOLDER}{slug}.md": text for slug, text in bundle.documents.items()}
    files[MANIFEST] = _text(manifest)
    files[VARIABLES] = _text(bundle.variables)
    files[SECRETS] = _text(msgspec.to_builtins(bundle.secrets))
    return dict(sorted(files.items()))


def read(files: Mapping[str, str]) -> Bundle:
    """The workspace that files say. Raises Invalid, with a finding for each file that does not belong or cannot be read, and
    LimitReached when there is too much. Files may be missing: what they would say is left as it is."""
    if len(files) > MOST_AGENTS + 3 or sum(map(len, files.values())) > MOST_CHARACTERS:
        raise LimitReached(f"A workspace's files may hold {MOST_AGENTS} agents and 64 MiB.", next_step="Send fewer.")
    findings: list[Finding] = []
    manifest = _parsed(files, MANIFEST, _Manifest, findings) or _Manifest(FORMAT)
    variables = _parsed(files, VARIABLES, dict[str, Any], findings) or {}
    secrets = _parsed(files, SECRETS, dict[str, SecretNeed], findings) or {}
    documents: dict[str, str] = {}
    for path in sorted(set(files) - {MANIFEST, VARIABLES, SECRETS}):
        if found := _DOCUMENT.fullmatch(path):
            documents[found[1]] = files[path]
        else:
            hint = f"There are {FOLDER}<id>.md, {MANIFEST}, {VARIABLES} and {SECRETS}."
            findings.append(_finding("unknown-file", f"{path[:200]} is no file of a workspace.", hint))
    if manifest.format != FORMAT:
        findings.append(_finding("unknown-format", f"{MANIFEST} is of format {manifest.format}, not {FORMAT}.", None))
    for slug in sorted(manifest.agents.keys() - documents.keys()):
        hint = f"Add {FOLDER}{slug}.md, or leave the agent out of {MANIFEST}."
        findings.append(_finding("missing-file", f"{MANIFEST} speaks of {slug[:80]}, which has no document.", hint))
    if findings:
        raise Invalid("These are not the files of a workspace.", findings=tuple(findings))
    return Bundle(documents, manifest.agents, variables, secrets)


def _parsed(files: Mapping[str, str], path: str, kind: Any, findings: list[Finding]) -> Any:
    if path not in files:
        return None
    try:
        return msgspec.json.decode(files[path].encode(), type=kind)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as why:
        findings.append(_finding("bad-file", f"{path}: {why}.", "Mend it, or export the workspace anew."))
        return None


def _finding(code: str, message: str, next_step: str | None) -> Finding:
    return Finding(code=code, message=message, next_step=next_step)


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
