"""Commands about documents: check, compile, decompile, diff, draft, test. None of them needs a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from plainwork.cli import output
from plainwork.errors import CallFailed, Invalid, NotFound, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plainwork.spec import Loaded
    from plainwork.spec.flow import Flow
    from plainwork.spec.kinds import Kind
    from plainwork.spec.model import Spec

file_argument = click.argument("file", metavar="FILE")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
data_dir_option = click.option(
    "--data-dir", metavar="FOLDER", help="Where the embedded Postgres and the vault's key live."
)
out_option = click.option("--out", "-o", metavar="FILE", help="Write there instead of printing.")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read from a file. ``markdown`` None: it was given in its JSON form."""

    file: str
    markdown: str | None
    loaded: Loaded

    def require_valid(self) -> tuple[Spec, Flow]:
        """The spec and the flow. Raises Invalid with the findings when one of them is an error."""
        spec, flow = self.loaded.spec, self.loaded.flow
        if spec is None or flow is None or output.has_errors(self.loaded.findings):
            findings = tuple(self.loaded.findings)
            raise Invalid("The document has errors.", findings=findings, where=Where(file=self.file))
        return spec, flow


def read(file: str) -> Document:
    """Reads a document (markdown or JSON) and parses, checks and compiles it; findings are in the result."""
    from plainwork import spec
    from plainwork.engine.catalogue import load as load_catalogue

    if file.endswith(".json"):
        return Document(file, None, spec.load_json(output.read_json(file), load_catalogue()))
    text = output.read_text(file)
    return Document(file, text, spec.load(text, load_catalogue()))


@click.command()
@file_argument
@json_option
def check(file: str, as_json: bool) -> int:
    """Check a document: print every finding with its line and what to do about it.

    FILE is an AgentSpec in markdown, or its JSON form (*.json); - reads standard input.
    """
    loaded = read(file).loaded
    wrong = output.has_errors(loaded.findings)
    if as_json:
        output.print_json({"valid": not wrong, "findings": loaded.findings})
    else:
        output.print_findings(loaded.findings, file)
        errors = sum(f.severity == "error" for f in loaded.findings)
        warnings = len(loaded.findings) - errors
        counted = [(len(loaded.spec.steps) + len(loaded.spec.errors), "step")] if loaded.spec else []
        counted += [(errors, "error"), (warnings, "warning")]
        said = ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counted)
        click.echo(output.visible(f"{file}: {said}"))
    return output.NOT_RIGHT if wrong else output.OK


@click.command("compile")
@file_argument
@out_option
def compile_(file: str, out: str | None) -> int:
    """Compile a document to its flow (JSON)."""
    import msgspec

    flow = read(file).require_valid()[1]
    output.write_text(out, msgspec.json.format(msgspec.json.encode(flow), indent=2).decode() + "\n")
    return output.OK


@click.command()
@click.argument("flow", metavar="FLOW.json")
@out_option
def decompile(flow: str, out: str | None) -> int:
    """Turn a flow (JSON) back into its document."""
    import msgspec

    from plainwork.engine.catalogue import load as load_catalogue
    from plainwork.spec.check import check_flow
    from plainwork.spec.decompile import decompile as to_spec
    from plainwork.spec.flow import flow_from_json
    from plainwork.spec.markdown import render
    from plainwork.spec.problems import problems

    try:
        parsed = flow_from_json(output.read_json(flow))
    except msgspec.ValidationError as why:
        raise output.Unreadable(
            f"This is not a flow: {why}.", where=Where(file=flow), next_step="See docs/agent-spec.md for its shape."
        ) from None
    findings = check_flow(parsed, load_catalogue())
    try:
        spec = to_spec(parsed)
    except Invalid as why:
        wrong = why.findings or tuple(f for f in findings if f.severity == "error")
        raise Invalid("The flow has errors.", findings=wrong, where=Where(file=flow)) from None
    unwritable = problems(spec)
    if unwritable:
        raise Invalid("The flow cannot be written as a document.", findings=tuple(unwritable), where=Where(file=flow))
    output.write_text(out, render(spec))
    # A flow of unknown kinds is still a graph: it becomes a document, and what is to be mended there is said.
    output.print_findings(findings, flow)
    return output.OK


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@json_option
def diff(a: str, b: str, as_json: bool) -> int:
    """Say what changed between two documents, in terms of the agent: steps, routes, triggers, secrets, hosts."""
    from plainwork.engine.catalogue import load as load_catalogue
    from plainwork.spec.diff import diff as compare

    found = compare(read(a).require_valid()[0], read(b).require_valid()[0], load_catalogue())
    if as_json:
        output.print_json({name: getattr(found, name) for name in found.__struct_fields__})
    else:
        click.echo(output.visible("\n".join(found.summary)) or "No difference.")
    return output.OK


@click.command()
@click.argument("text", metavar="TEXT")
@click.option("--rules", is_flag=True, help="Draft by rules alone: no model, no network.")
@click.option("--model", metavar="PROVIDER:MODEL", help="The model to ask; without it, rules draft.")
@click.option("--zone", default="UTC", show_default=True, help="The time zone of a schedule that names none.")
@json_option
@out_option
def draft(text: str, rules: bool, model: str | None, zone: str, as_json: bool, out: str | None) -> int:
    """Draft a document from a sentence in English."""
    import asyncio

    _require_zone(zone)
    english = output.read_text("-") if text == "-" else output.given_text(text, "The sentence")
    made = asyncio.run(_draft(english, rules=rules or model is None, model=model, zone=zone))
    if as_json:
        if out:
            output.write_text(out, made.markdown)
        output.print_json({k: getattr(made, k) for k in _DRAFT_KEYS})
        return output.OK
    output.write_text(out, made.markdown)
    output.print_findings(made.findings, out or "the draft")
    for title, lines in (("Assumed", made.assumptions), ("To decide", made.questions), ("Needs", made.needs)):
        for line in lines:
            click.echo(output.visible(f"{title}: {_sentence(line)}"), err=True)
    return output.OK


def _require_zone(name: str) -> None:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise click.BadParameter(
            f"{name!r} is not a time zone. Write it like Europe/Berlin, America/New_York or UTC.", param_hint="--zone"
        ) from None


_DRAFT_KEYS = ("markdown", "spec", "flow", "assumptions", "questions", "needs", "findings", "drafted_by")


def _sentence(item: Any) -> str:
    return item if isinstance(item, str) else str(getattr(item, "text", item))


async def _draft(english: str, *, rules: bool, model: str | None, zone: str) -> Any:
    from plainwork.drafting import draft as draft_agent
    from plainwork.engine.catalogue import load as load_catalogue

    if rules:
        return await draft_agent(english, load_catalogue(), zone=zone, rules=True)
    from plainwork.cli.runs import local_gateway

    instead = "Leave --model out: the rules draft."
    if model is not None and model.startswith("local:"):
        raise Invalid(f"{model} is too small to draft with.", next_step=instead)
    async with local_gateway() as gateway:
        if model is not None:
            await gateway.require(model)
        made = await draft_agent(english, load_catalogue(), gateway=gateway, model=model, zone=zone)
    if model is not None and made.drafted_by == "rules":  # its first assumption then says why
        raise CallFailed(made.assumptions[0].text, next_step=instead)
    return made


@click.command()
@file_argument
@json_option
def test(file: str, as_json: bool) -> int:
    """Run a document's Examples: no network, no keys, nothing is sent."""
    from plainwork.engine.catalogue import load as load_catalogue
    from plainwork.engine.examples import run_examples

    document = read(file)
    document.require_valid()
    report = run_examples(document.loaded, load_catalogue())
    if as_json:
        output.print_json(report)
    else:
        for example in report.examples:
            click.echo(output.visible(f"{'ok  ' if example.passed else 'FAIL'} {example.name}"))
            for problem in example.problems:
                click.echo(output.visible(f"     {problem}"))
        click.echo(f"{report.passed} passed, {report.failed} failed")
        if not report.examples:
            click.echo(
                f"{file} has no Examples: nothing was tested. docs/agent-spec.md shows how to write one.", err=True
            )
    return output.NOT_RIGHT if report.failed else output.OK


@click.command()
@click.argument("kind", required=False)
@json_option
def kinds(kind: str | None, as_json: bool) -> int:
    """List the kinds of steps there are, or say all about one: what it takes, what it gives, an example."""
    from plainwork.engine.catalogue import load as load_catalogue

    catalogue = load_catalogue()
    if kind is None:
        found = sorted(catalogue.values(), key=lambda k: (k.group, k.id))
        lines = [f"{k.id.ljust(24)} {k.title}" for k in found]
    elif kind in catalogue:
        found = [catalogue[kind]]
        lines = list(_about(found[0]))
    else:
        near = catalogue.nearest(kind)
        hint = f"Did you mean {near}?" if near else "`plainwork kinds` lists what there is."
        raise NotFound(f"No step kind is called {kind}.", next_step=hint)
    if as_json:
        told = [{name: getattr(k, name) for name in k.__struct_fields__} for k in found]
        output.print_json(told if kind is None else told[0])
    else:
        output.write_text(None, "".join(f"{line}\n" for line in lines))
    return output.OK


def _about(kind: Kind) -> Iterator[str]:
    from plainwork.spec.yaml_write import block

    yield f"{kind.id}: {kind.title}"
    yield kind.about.strip()
    if kind.account:
        yield f"Account: {kind.account}{'' if kind.account_required else ', optional'}"
    required = kind.input.get("required", ())
    for name, field in kind.input.get("properties", {}).items():
        words = ". ".join(str(field[key]) for key in ("title", "description") if field.get(key))
        yield f"  {name}{' (required)' if name in required else ''}: {words or field.get('type', 'any')}"
    gives = ", ".join(kind.output.get("properties", {}))
    if gives:
        yield f"Gives: {gives}"
    shown = {"with": kind.example["with"]} if kind.example.get("with") else {}
    yield "As a step:"
    yield from (f"  {line}" for line in block({"uses": kind.id, **shown}))


COMMANDS = (check, compile_, decompile, diff, draft, kinds, test)
