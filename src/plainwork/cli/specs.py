"""Commands about documents: check, compile, decompile, diff, draft, test. None of them needs a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plainwork.cli import output
from plainwork.errors import Invalid, Where

if TYPE_CHECKING:
    from plainwork.spec import Loaded
    from plainwork.spec.flow import Flow
    from plainwork.spec.model import Spec

File = Annotated[str, typer.Argument(metavar="FILE", help="An AgentSpec (markdown, or its JSON form); - reads stdin.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Out = Annotated[str | None, typer.Option("--out", "-o", metavar="FILE", help="Write there instead of printing.")]


def register(app: typer.Typer) -> None:
    """Adds this module's commands to the program."""
    for command in (check, compile_, decompile, diff, draft, test):
        app.command(name=command.__name__.rstrip("_"))(command)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read from a file. ``markdown`` None: it was given in its JSON form."""

    file: str
    markdown: str | None
    loaded: Loaded

    @property
    def spec(self) -> Spec:
        """The spec. Raises Invalid with the findings when one of them is an error."""
        if self.loaded.spec is None or output.has_errors(self.loaded.findings):
            findings = tuple(self.loaded.findings)
            raise Invalid("The document has errors.", findings=findings, where=Where(file=self.file))
        return self.loaded.spec

    @property
    def flow(self) -> Flow:
        """The flow. Raises Invalid as ``spec``."""
        compiled = self.loaded.flow
        if compiled is None or output.has_errors(self.loaded.findings):
            findings = tuple(self.loaded.findings)
            raise Invalid("The document has errors.", findings=findings, where=Where(file=self.file))
        return compiled


def read(file: str) -> Document:
    """Reads a document (markdown or JSON) and parses, checks and compiles it; findings are in the result."""
    from plainwork import spec
    from plainwork.engine.catalogue import load as load_catalogue

    if file.endswith(".json"):
        return Document(file, None, spec.load_json(output.read_json(file), load_catalogue()))
    text = output.read_text(file)
    return Document(file, text, spec.load(text, load_catalogue()))


def check(file: File, json: Json = False) -> int:
    """Check a document: print every finding with its line and what to do about it."""
    loaded = read(file).loaded
    wrong = output.has_errors(loaded.findings)
    if json:
        output.print_json({"valid": not wrong, "findings": loaded.findings})
    else:
        output.print_findings(loaded.findings, file)
        errors = sum(f.severity == "error" for f in loaded.findings)
        warnings = len(loaded.findings) - errors
        steps = f"{len(loaded.spec.steps) + len(loaded.spec.errors)} steps, " if loaded.spec else ""
        typer.echo(f"{file}: {steps}{errors} errors, {warnings} warnings")
    return output.NOT_RIGHT if wrong else output.OK


def compile_(file: File, out: Out = None) -> int:
    """Compile a document to its flow (JSON)."""
    import msgspec

    flow = read(file).flow
    output.write_text(out, msgspec.json.format(msgspec.json.encode(flow), indent=2).decode() + "\n")
    return output.OK


def decompile(
    flow: Annotated[str, typer.Argument(metavar="FLOW.json", help="A flow in JSON; - reads stdin.")], out: Out = None
) -> int:
    """Turn a flow (JSON) back into its document."""
    import msgspec

    from plainwork.engine.catalogue import load as load_catalogue
    from plainwork.spec import render
    from plainwork.spec.check import check_flow
    from plainwork.spec.decompile import decompile as to_spec
    from plainwork.spec.flow import flow_from_json

    try:
        parsed = flow_from_json(output.read_json(flow))
    except msgspec.ValidationError as why:
        raise output.Unreadable(
            f"This is not a flow: {why}.", where=Where(file=flow), next_step="See docs/agent-spec.md for its shape."
        ) from None
    findings = [f for f in check_flow(parsed, load_catalogue()) if f.severity == "error"]
    if findings:
        raise Invalid("The flow has errors.", findings=tuple(findings), where=Where(file=flow))
    output.write_text(out, render(to_spec(parsed)))
    return output.OK


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="The earlier document.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The later document.")],
    json: Json = False,
) -> int:
    """Say what changed between two documents, in terms of the agent: steps, routes, triggers, secrets, hosts."""
    from plainwork.engine.catalogue import load as load_catalogue
    from plainwork.spec.diff import diff as compare

    found = compare(read(a).spec, read(b).spec, load_catalogue())
    if json:
        output.print_json(found)
    else:
        typer.echo("\n".join(found.summary) or "No difference.")
    return output.OK


def draft(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the agent should do, in English; - reads stdin.")],
    rules: Annotated[bool, typer.Option("--rules", help="Draft by rules alone: no model, no network.")] = False,
    model: Annotated[str | None, typer.Option("--model", help="The model to ask, as provider:model.")] = None,
    zone: Annotated[str, typer.Option("--zone", help="The time zone of a schedule that names none.")] = "UTC",
    json: Json = False,
    out: Out = None,
) -> int:
    """Draft a document from a sentence in English."""
    import asyncio

    from plainwork.cli.output import read_text

    english = read_text("-") if text == "-" else text
    made = asyncio.run(_draft(english, rules=rules or model is None, model=model, zone=zone))
    if json:
        output.print_json({k: getattr(made, k) for k in _DRAFT_KEYS})
        return output.OK
    output.write_text(out, made.markdown)
    for title, lines in (("Assumed", made.assumptions), ("To decide", made.questions), ("Needs", made.needs)):
        for line in lines:
            typer.echo(f"{title}: {_sentence(line)}", err=True)
    return output.OK


_DRAFT_KEYS = ("markdown", "spec", "flow", "assumptions", "questions", "needs", "findings", "drafted_by")


def _sentence(item: Any) -> str:
    return item if isinstance(item, str) else str(getattr(item, "text", item))


async def _draft(english: str, *, rules: bool, model: str | None, zone: str) -> Any:
    from plainwork.drafting import draft as draft_agent
    from plainwork.engine.catalogue import load as load_catalogue

    if rules:
        return await draft_agent(english, load_catalogue(), zone=zone, rules=True)
    from plainwork.cli.runs import local_gateway

    async with local_gateway() as gateway:
        return await draft_agent(english, load_catalogue(), gateway=gateway, model=model, zone=zone)


def test(file: File, json: Json = False) -> int:
    """Run a document's Examples: no network, no keys, nothing is sent."""
    from plainwork.engine.catalogue import load as load_catalogue
    from plainwork.engine.examples import run_examples

    document = read(file)
    report = run_examples(document.spec, document.flow, load_catalogue())
    if json:
        output.print_json(report)
    else:
        for example in report.examples:
            typer.echo(f"{'ok  ' if example.passed else 'FAIL'} {example.name}")
            for problem in example.problems:
                typer.echo(f"     {problem}")
        typer.echo(f"{report.passed} passed, {report.failed} failed")
    return output.NOT_RIGHT if report.failed else output.OK
