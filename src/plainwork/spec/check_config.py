"""Checks of each step's configuration: the kind, its JSON Schema, the account, retries, time limits, models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from plainwork.errors import Invalid
from plainwork.spec.check_graph import FAILURES
from plainwork.spec.durations import parse_duration
from plainwork.spec.expression import parse_expression
from plainwork.spec.flow import Flow, Node
from plainwork.spec.inputs import type_schema
from plainwork.spec.json_text import json_settings
from plainwork.spec.kinds import Catalogue, Kind
from plainwork.spec.levels import Book
from plainwork.spec.meter import ExpressionError
from plainwork.spec.model import Limits, Retry
from plainwork.spec.report import Report, listed
from plainwork.spec.template import split_template

MAX_VALUE_DEPTH = 40
_DURATIONS = {("wait", "for"), ("repeat", "wait")}
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
}
_HOST_ENDS = re.compile(r"[/?#\\]")
_MODEL = re.compile(r"[a-z0-9][a-z0-9_.-]*:\S+", re.ASCII)
_VALIDATORS: dict[int, tuple[Kind, Any]] = {}


def check_config(flow: Flow, book: Book, catalogue: Catalogue, report: Report) -> None:
    """All findings about what steps are set to do."""
    default_account = flow.defaults.account if flow.defaults is not None else None
    for _, _, node in book.steps():
        kind = catalogue.get(node.type)
        if kind is None:
            _add_unknown_kind(node, catalogue, report)
        else:
            _check_step(node, kind, default_account, report)
            _check_use(node, kind, report)
            _check_address(node, kind, default_account, report)
        check_policy(node.retry, node.timeout, report, node.id)
        check_duration(node.cache, "cache", report, node.id)
        check_limits(node.limits, report, node.id)
        check_model(node.model, report, node.id)


def _add_unknown_kind(node: Node, catalogue: Catalogue, report: Report) -> None:
    name, _, version = node.type.partition("@")
    field = "uses" if report.is_document else "type"
    known = catalogue.get(name)
    if known is not None:
        message = f"{name} is installed in version {known.version}, not {version}."
        report.add("unknown-version", message, f"Write {name}@{known.version}.", node=node.id, field=field)
        return
    hint = report.did_you_mean(name, catalogue, "`plainwork kinds` lists what there is.")
    report.add("unknown-kind", f"No step kind is called {name[:80]}.", hint, node=node.id, field=field)


def _check_step(node: Node, kind: Kind, default_account: str | None, report: Report) -> None:
    if kind.id == "todo":
        report.warn("todo", f"{node.name or node.id} is not decided yet.", "A run that reaches it fails.", node=node.id)
    has_body = (
        bool((node.config.get("flow") or {}).get("nodes")) if isinstance(node.config.get("flow"), dict) else False
    )
    config = {key: value for key, value in node.config.items() if not (kind.holds and key == "flow")}
    if kind.holds and not has_body:
        report.add("empty-loop", f"{node.id} holds no steps.", "Write them below it, one heading deeper.", node=node.id)
    if has_body and not kind.holds:
        config.pop("flow", None)
        message = f"{kind.id} cannot hold steps, but {node.id} does."
        report.add(
            "holds-steps", message, "Put them one heading level up, or use foreach, repeat or group.", node=node.id
        )
    _check_account(node, kind, default_account, report)
    for key in node.blocks:
        if key not in config:
            report.add(
                "bad-block", f"{node.id} has a text block {key} without text.", node=node.id, field=f"blocks.{key}"
            )
    if _is_too_deep(config):
        report.add(
            "too-deep", f"A value is nested more than {MAX_VALUE_DEPTH} deep.", node=node.id, field=report.config
        )
        return
    try:
        read = json_settings(config, node.blocks, kind.blocks)
    except ExpressionError:  # a template that is never closed, which the check of names tells
        return
    except Invalid as why:
        key, _, message = why.message.partition(": ")
        report.add("bad-json", message, why.next_step, node=node.id, field=f"{report.config}.{key}")
        return
    check_settings(kind, read, node.id, report.config, report)
    _check_special(node, kind, read, report)


_OF_RUNS = ("cost_per_day_usd", "time_per_run", "runs_per_day", "steps_per_run", "runs_at_once", "priority")


def _check_use(node: Node, kind: Kind, report: Report) -> None:
    """Warnings about settings that change nothing where they stand."""
    if kind.holds:
        for name in ("retry", "timeout", "cache"):
            if getattr(node, name) is not None:
                message = f"{name} does nothing for {kind.id}: it counts for each step by itself."
                report.warn("no-use", message, "Write it at the steps inside.", node=node.id, field=name)
    elif node.cache is not None and (node.effect or kind.effect_of(node.config)) in ("keyed", "once"):
        message = f"{node.name or node.id} acts, so it is never answered from memory."
        report.warn("no-use", message, "Leave `cache` out.", node=node.id, field="cache")
    for name in _OF_RUNS:
        if node.limits is not None and getattr(node.limits, name) is not None:
            message = f"{name.removesuffix('_usd').replace('_', ' ')} bounds whole runs, not a step."
            report.warn("no-use", message, "Write it in the front matter.", node=node.id, field=f"limits.{name}")


def _check_account(node: Node, kind: Kind, default: str | None, report: Report) -> None:
    if kind.account is None:
        if node.account is not None:
            message = f"{kind.id} uses no account."
            report.warn("needless-account", message, "Leave `account` out.", node=node.id, field="account")
    elif kind.account_required and node.account is None and default is None:
        message = f"{node.name or node.id} needs an account ({kind.account})."
        hint = "Add `account: NAME` and describe it under `secrets:`."
        report.warn("needs-account", message, hint, node=node.id, field="account")


def _check_address(node: Node, kind: Kind, default: str | None, report: Report) -> None:
    """A warning where what a run is given decides to which host a secret is sent."""
    account, url = node.account or default, node.config.get("url")
    if kind.account is None or account is None or not isinstance(url, str):
        return
    try:
        deciders = _host_names(url)
    except ExpressionError:  # the check of names tells
        return
    if deciders:
        message = f"{node.name or node.id} sends {account} to the host that {listed(sorted(deciders))} names."
        hint = f"Bind the secret to its hosts, so that {account} goes nowhere else, or write the host into the url."
        report.warn("open-address", message, hint, node=node.id, field=f"{report.config}.url")


def _host_names(url: str) -> set[str]:
    """The names that decide over the host of an address; ``vars`` do not count, as the workspace sets them."""
    names: set[str] = set()
    seen = ""
    for content, _, is_code in split_template(url):
        if is_code:
            found = parse_expression(content).references
            names.update(".".join(map(str, path)) for path in found if path[0] != "vars")
            content = "_"
        seen += content
        if _HOST_ENDS.search(seen.partition("://")[2] or seen.replace("://", "")):
            break
    return names


def _is_too_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(MAX_VALUE_DEPTH):
        deeper: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                deeper.extend(one.values())
            elif isinstance(one, (list, tuple)):
                deeper.extend(one)
        if not deeper:
            return False
        layer = deeper
    return True


# The kind's JSON Schema


def _validator(kind: Kind) -> Any:
    """The compiled schema of a kind; the kind is kept beside it, so that no other object can take its identity."""
    known = _VALIDATORS.get(id(kind))
    if known is None:
        import jsonschema_rs

        if len(_VALIDATORS) >= 2_000:
            _VALIDATORS.clear()
        known = _VALIDATORS[id(kind)] = (kind, jsonschema_rs.validator_for(kind.input))
    return known[1]


def check_settings(kind: Kind, config: Mapping[str, Any], node: str | None, root: str, report: Report) -> None:
    """All findings about what a kind's schema says of its settings, which stand at ``root``."""
    try:
        errors = list(_validator(kind).iter_errors(config))
    except (ValueError, RecursionError) as why:
        report.add("bad-config", f"The settings cannot be read: {str(why)[:200]}.", node=node, field=root)
        return
    for error in errors:
        if not _is_excused(error):
            _add_mismatch(kind, config, error, node, root, report)


_LOOSE = frozenset(
    (
        *("anyOf", "oneOf", "not", "if", "contains", "dependentSchemas", "uniqueItems"),
        *("const", "enum", "format", "pattern", "minLength", "maxLength"),
    )
)


def _is_excused(error: Any) -> bool:
    """Whether a template in the value makes the finding doubtful: what it will hold is only known at run time."""
    value = error.instance
    if error.kind.name == "falseSchema":
        return False
    if isinstance(value, str):
        if "{{" not in value:
            return False
        return _is_whole(value) or error.schema_path[-1] in _LOOSE
    return error.schema_path[-1] in _LOOSE and any("{{" in text for text in _texts(value))


def _is_whole(text: str) -> bool:
    """Whether a text is one template and nothing else, so that its value can be of any type."""
    clean = text.strip()
    return clean.startswith("{{") and clean.endswith("}}") and clean.count("{{") == 1


def _texts(value: Any) -> Iterator[str]:
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            stack.extend(one.values())
        elif isinstance(one, (list, tuple)):
            stack.extend(one)


def _add_mismatch(
    kind: Kind, config: Mapping[str, Any], error: Any, node: str | None, root: str, report: Report
) -> None:
    inner = [*map(str, error.instance_path)]
    path, name = [root, *inner], ".".join(inner)
    add = partial(report.add, node=node)
    match error.kind.name:
        case "required":
            missing = ".".join([*inner, error.kind.property])
            add("missing-setting", f"{kind.id} needs {missing}.", _about(kind, error), field=f"{root}.{missing}")
        case "additionalProperties" | "unevaluatedProperties":
            _add_unknown_settings(kind, error, error.kind.unexpected, node, root, report)
        case "falseSchema" if error.schema_path[-1] == "additionalProperties":
            _add_unknown_settings(kind, error, list(_at(config, error.instance_path)), node, root, report)
        case "falseSchema":
            add("unknown-setting", f"{kind.id} does not know {name}.", "Leave it out.", field=".".join(path))
        case _:
            message = f"{name or 'The settings'}: {_complaint(error)}."
            add("bad-setting", message, _about(kind, error), field=".".join(path))


def _about(kind: Kind, error: Any) -> str | None:
    """What the kind says about the setting."""
    first = str(error.instance_path[0]) if error.instance_path else getattr(error.kind, "property", None)
    known = kind.input.get("properties", {}).get(first, {})
    text = known.get("description") or known.get("title") if isinstance(known, dict) else None
    return f"{first}: {text}." if text else None


def _at(value: Any, path: list[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value


def _add_unknown_settings(
    kind: Kind, error: Any, unexpected: list[str], node: str | None, root: str, report: Report
) -> None:
    schema = _at(kind.input, error.schema_path[:-1])
    names = list(schema.get("properties", {}))
    path = [*map(str, error.instance_path)]
    for name in unexpected:
        hint = report.did_you_mean(name, names, f"It knows {listed(names, 'and')}." if names else "It has no settings.")
        message = f"{kind.id} does not know {'.'.join([*path, name])}."
        report.add("unknown-setting", message, hint, node=node, field=".".join([root, *path, name]))


def _complaint(error: Any) -> str:
    value = _shown(error.instance)
    kind = error.kind
    match kind.name:
        case "type":
            return f"{value} should be {listed([_TYPES.get(name, name) for name in kind.types])}"
        case "enum":
            return f"{value} should be one of {listed(map(_shown, kind.options))}"
        case "minimum" | "exclusiveMinimum":
            return f"{value} should be {'at least' if kind.name == 'minimum' else 'more than'} {kind.limit}"
        case "maximum" | "exclusiveMaximum":
            return f"{value} should be {'at most' if kind.name == 'maximum' else 'less than'} {kind.limit}"
        case "minLength" | "minItems" | "minProperties":
            return "it is empty" if not error.instance else f"there should be at least {kind.limit}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"there should be at most {kind.limit}"
        case "pattern":
            return f"{value} should look like {kind.pattern}"
        case "uniqueItems":
            return "the same item stands there twice"
        case "anyOf" | "oneOf":
            return _choice_complaint(error, value)
        case _:
            return str(error.message)[:300]


def _choice_complaint(error: Any, value: str) -> str:
    """Most often several settings exclude each other, so say which."""
    choices = error.instance if isinstance(error.instance, dict) else {}
    if "more than one" in error.message:
        return f"only one of {listed(choices)} can be set" if choices else f"{value} fits two descriptions"
    return "one more setting is needed" if choices == {} and not error.instance_path else f"{value} does not fit"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _check_special(node: Node, kind: Kind, config: Mapping[str, Any], report: Report) -> None:
    """What JSON Schema has no word for."""
    for key, value in config.items():
        if (kind.id, key) in _DURATIONS and isinstance(value, str) and "{{" not in value:
            check_duration(value, f"{report.config}.{key}", report, node.id)
    fields = config.get("fields")
    if kind.id == "llm.extract" and isinstance(fields, dict):
        for name, text in fields.items():
            if isinstance(text, str) and "{{" not in text:
                _check_type(text, f"{report.config}.fields.{name}", report, node.id)


def _check_type(text: str, field: str, report: Report, node: str | None = None) -> None:
    try:
        type_schema(text)
    except Invalid as why:
        report.add("bad-type", why.message, why.next_step, node=node, field=field)


# Policies


def check_policy(
    retry: Retry | None, timeout: str | None, report: Report, node: str | None = None, prefix: str = ""
) -> None:
    """Findings about a retry policy and a time limit; ``prefix`` is where they stand (``defaults.``)."""
    check_duration(timeout, f"{prefix}timeout", report, node)
    if timeout is not None and _seconds(timeout) == 0:
        report.add("bad-duration", "A time limit of nothing stops every step.", node=node, field=f"{prefix}timeout")
    if retry is None:
        return
    field = f"{prefix}retry"
    check_duration(retry.wait, f"{field}.wait", report, node)
    if not 0 <= retry.times <= 20:
        report.add("bad-retry", f"{retry.times} retries: 0 to 20 are possible.", node=node, field=f"{field}.times")
    if not 1 <= retry.backoff <= 10:
        message = f"A backoff of {retry.backoff:g}: 1 to 10 is possible."
        report.add("bad-retry", message, "2 doubles the wait each time.", node=node, field=f"{field}.backoff")
    for kind in retry.on:
        if kind not in FAILURES:
            hint = report.did_you_mean(kind, FAILURES, f"The kinds are {listed(FAILURES)}.")
            report.add("bad-retry", f"There is no failure {kind}.", hint, node=node, field=f"{field}.on")


def _seconds(text: str) -> float | None:
    try:
        return parse_duration(text)
    except ValueError:
        return None


def check_duration(text: str | None, field: str, report: Report, node: str | None = None) -> None:
    """A finding when the text is no duration."""
    if text is None:
        return
    try:
        parse_duration(text)
    except ValueError as why:
        report.add("bad-duration", str(why), node=node, field=field)


def check_limits(limits: Limits | None, report: Report, node: str | None = None) -> None:
    """Findings about bounds that bound nothing."""
    if limits is None:
        return
    check_duration(limits.time_per_run, "limits.time_per_run", report, node)
    for name in (
        "cost_per_run_usd",
        "cost_per_day_usd",
        "runs_per_day",
        "runs_at_once",
        "tokens_per_run",
        "steps_per_run",
    ):
        value = getattr(limits, name)
        if value is not None and not value > 0:
            message = f"A limit of {value} lets nothing through."
            report.add(
                "bad-limit", message, "Leave it out, or set a positive number.", node=node, field=f"limits.{name}"
            )


def check_model(model: str | tuple[str, ...] | None, report: Report, node: str | None = None) -> None:
    """Findings about names of models that no provider can be read from."""
    for name in (model,) if isinstance(model, str) else model or ():
        if "{{" not in name and not _MODEL.fullmatch(name):
            message = f"{name[:80]} is not the name of a model."
            report.add(
                "bad-model", message, "Write provider:model, such as openai:gpt-5-mini.", node=node, field="model"
            )
