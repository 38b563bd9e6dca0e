"""A small catalogue for the tests of the language, so that they do not hang on what is installed."""

from __future__ import annotations

from typing import Any

from plainwork.spec.kinds import Catalogue, Kind


def _object(*, required: tuple[str, ...] = (), more: bool = False, **properties: Any) -> dict[str, Any]:
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    return {"type": "object", "properties": named, "required": list(required), "additionalProperties": more}


TEXT = {"type": "string"}
EXPRESSION = {"type": "string", "x-expression": True}

CATALOGUE = Catalogue(
    [
        Kind(
            id="http",
            title="Call",
            about="Calls an address.",
            effect="keyed",
            reads_when={"method": ["GET"]},
            account="http",
            input=_object(
                required=("url",),
                url={**TEXT, "minLength": 1, "description": "Where to"},
                method={**TEXT, "enum": ["GET", "POST"], "default": "GET"},
                expect={"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}},
                headers={"type": "object", "additionalProperties": TEXT},
                json={},
            ),
            output=_object(status={"type": "integer"}, headers={"type": "object"}, body={}),
        ),
        Kind(id="set", title="Set", about="Names values.", input={"type": "object"}, output={"type": "object"}),
        Kind(
            id="filter",
            title="Filter",
            about="Keeps items.",
            input=_object(
                required=("items",), items={"type": "array"}, where={**EXPRESSION, "x-names": ["item", "index"]}
            ),
            output={"type": "object", "properties": {"items": {"type": "array"}, "count": {"type": "integer"}}},
        ),
        Kind(
            id="condition", title="Decide", about="Branches.", input={"type": "object", "additionalProperties": False}
        ),
        Kind(
            id="foreach",
            title="Each",
            about="Loops.",
            holds=True,
            input=_object(required=("items",), items={"type": "array"}, as_=TEXT, at_once={"type": "integer"}),
            output={"type": "object", "properties": {"results": {}, "errors": {}, "count": {}}},
        ),
        Kind(
            id="repeat",
            title="Repeat",
            about="Loops.",
            holds=True,
            input=_object(
                required=("until", "max"),
                until={**EXPRESSION, "x-names": ["last", "results", "index"]},
                max={"type": "integer", "minimum": 1},
                wait=TEXT,
            ),
        ),
        Kind(id="group", title="Group", about="A box.", holds=True, input=_object()),
        Kind(
            id="code",
            title="Code",
            about="Runs.",
            input=_object(required=("code",), more=True, code={**TEXT, "x-no-template": True}),
        ),
        Kind(
            id="llm",
            title="Ask",
            about="Asks.",
            effect="read",
            input=_object(
                required=("prompt",), more=True, prompt={**TEXT, "x-names": ["*"]}, max_tokens={"type": "integer"}
            ),
        ),
        Kind(
            id="llm.classify",
            title="Classify",
            about="Labels.",
            outcomes_from="labels",
            input=_object(
                required=("text", "labels"),
                text={},
                labels={
                    "oneOf": [{"type": "array", "minItems": 2, "items": TEXT}, {"type": "object", "minProperties": 2}]
                },
            ),
        ),
        Kind(
            id="email.send",
            title="Mail",
            about="Mails.",
            effect="once",
            account="smtp",
            input=_object(
                required=("to",), to={"type": ["string", "array"], "items": TEXT}, subject=TEXT, body={}, html=TEXT
            ),
            output={"type": "object", "properties": {"message_id": TEXT}},
        ),
        Kind(
            id="sql.query",
            title="Ask",
            about="Reads.",
            effect="once",
            account="postgres",
            account_required=True,
            hosts=("db.example.org",),
            input=_object(required=("query",), query={**TEXT, "x-no-template": True}, params={"type": "array"}),
        ),
        Kind(
            id="wait",
            title="Wait",
            about="Waits.",
            input={
                **_object(for_=TEXT, until=TEXT),
                "oneOf": [{"required": ["for"]}, {"required": ["until"]}],
            },
        ),
        Kind(id="fail", title="Fail", about="Fails.", input=_object(required=("message",), message=TEXT)),
        Kind(id="todo", title="Open", about="Open.", input=_object(text=TEXT)),
    ],
    [
        Kind(
            id="rss.new_item",
            title="New item",
            about="New items.",
            input=_object(required=("url",), url={**TEXT, "minLength": 1}, most={"type": "integer"}),
        ),
        Kind(
            id="slack.new_message",
            title="New message",
            about="New messages.",
            account="slack",
            account_required=True,
            hosts=("slack.com",),
        ),
        Kind(id="mailbox.new_mail", title="New mail", about="New mails.", account="imap", account_required=True),
    ],
)
