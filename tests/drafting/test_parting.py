"""Sentences that send some things one way and the rest another way: the steps, and where each way leads."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from plainwork.drafting.parting import rest_of
from plainwork.drafting.text import tokenize
from plainwork.spec.model import Spec, Step
from tests.drafting.support import drafted, every, shape, step

PARTED = [
    (
        'When a message arrives at the webhook, decide whether it is urgent, a complaint or a question; post urgent ones to #support on Slack and mail the rest to desk@example.org',
        'llm.classify slack.post email.send',
        (
            'urgent → Post urgent messages to #support on Slack',
            'otherwise → Mail the rest to desk',
        ),
    ),
    (
        'Post urgent tickets to #support and mail the rest to desk@example.org',
        'foreach[condition slack.post email.send]',
        (
            'lower(str(ticket.priority)) == "urgent" → Post urgent tickets to #support on Slack',
            'otherwise → Mail the rest to desk',
        ),
    ),
    (
        'If the order is over 500 euros send it to sales@example.org, everything else goes to orders@example.org',
        'http condition email.send email.send',
        (
            'get_the_order.body.total > 500 → Send the order to sales',
            'otherwise → Send everything else to orders',
        ),
    ),
    (
        'Fetch https://example.com/posts.json, keep posts with a score over 100 and mail them to a@example.org, mail the rest to b@example.org',
        'http filter email.send filter email.send',
        (
            'Keep posts with a score over 100: item.score > 100',
            'Keep the rest: not (item.score > 100)',
        ),
    ),
    (
        'When an email arrives, sort it into invoice, job application or spam; save invoices to Dropbox, forward job applications to hr@example.org and ignore everything else',
        'llm.classify http email.send',
        (
            'invoice → Save invoices to Dropbox',
            'job application → Forward job applications to hr',
            'otherwise → stop',
        ),
    ),
    (
        'Every morning get the open issues from GitHub, post the ones labelled bug to #bugs on Slack and send all others to triage@example.org',
        'github.list_issues filter slack.post filter email.send',
        (
            'Keep the issues labelled bug: contains(lower(str(get(item, "labels", item))), "bug")',
            'Keep all others: not (contains(lower(str(get(item, "labels", item))), "bug"))',
        ),
    ),
    (
        'When a form is submitted, if the budget is above 10000 notify #sales on Slack, otherwise mail it to info@example.org',
        'condition slack.post email.send',
        (
            'inputs.budget > 10000 → Notify #sales on Slack',
            'otherwise → Mail the submission to info',
        ),
    ),
    (
        'Send complaints to care@example.org and everything else to hello@example.org',
        'foreach[llm.classify email.send email.send]',
        (
            'complaint → Send complaints to care',
            'otherwise → Send everything else to hello',
        ),
    ),
    (
        'Negative reviews go to #care on Slack, the others are added to a Google Sheet',
        'foreach[llm.classify slack.post google-sheets.append]',
        (
            'negative → Send negative reviews to #care on Slack',
            'otherwise → Add the others to a Google Sheet',
        ),
    ),
    (
        'When a new order comes in from Shopify, send orders above 1000 euros to vip@example.org and all other orders to shop@example.org',
        'condition email.send email.send',
        (
            'inputs.order.total > 1000 → Send orders above 1000 euros to vip',
            'otherwise → Send all other orders to shop',
        ),
    ),
    (
        'Unless the invoice is paid, remind the customer by email; otherwise archive it in Xero',
        'http condition email.send http',
        (
            'not (lower(str(get_the_invoice.body.status)) == "paid") → Remind the customer by email',
            'otherwise → Archive the invoice in Xero',
        ),
    ),
    (
        'If the temperature is below 5 degrees text me, if not post it to #weather on Slack',
        'http condition sms.send slack.post',
        (
            'get_the_temperature.body.value < 5 → Text me',
            'otherwise → Post the temperature to #weather on Slack',
        ),
    ),
    (
        'Get the leads from HubSpot. Assign the ones from Germany to Anna and the remaining ones to Ben.',
        'http filter http filter http',
        (
            'Keep the leads from Germany: lower(str(item.country)) == "germany"',
            'Keep the remaining leads: not (lower(str(item.country)) == "germany")',
        ),
    ),
    (
        'When a support request arrives, forward technical questions to tech@example.org, billing questions to billing@example.org and the rest to office@example.org',
        'llm.classify email.send email.send email.send',
        (
            'technical question → Forward technical questions to tech',
            'billing question → Forward billing questions to billing',
            'otherwise → Forward the rest to office',
        ),
    ),
    (
        'Read https://example.com/news.json, mail the articles about AI to me@example.org and save the other ones to Notion',
        'http foreach[llm.classify email.send notion.create_page]',
        (
            'about ai → Mail the articles about AI to me',
            'otherwise → Save the other news to Notion',
        ),
    ),
    (
        'When a webhook arrives, mail it to boss@example.org if it is urgent, else post it to Slack',
        'condition email.send slack.post',
        (
            'lower(str(inputs.request.priority)) == "urgent" → Mail the request to boss',
            'otherwise → Post the request to Slack',
        ),
    ),
    (
        'Every Friday fetch https://example.com/invoices.json and mail overdue invoices to finance@example.org; the remaining invoices are saved to Google Drive',
        'http filter email.send filter http',
        (
            'Keep overdue invoices: lower(str(item.status)) == "overdue"',
            'Keep the remaining invoices: not (lower(str(item.status)) == "overdue")',
        ),
    ),
    (
        'Classify the incoming message as praise or complaint. Praise goes to #wins, the rest goes to #care.',
        'llm.classify slack.post slack.post',
        (
            'praise → Send praise to #wins on Slack',
            'otherwise → Send the rest to #care on Slack',
        ),
    ),
    (
        'If a ticket is urgent, call the duty officer. All others are put in the queue in Zendesk.',
        'http condition sms.send http',
        (
            'lower(str(get_a_ticket.body.priority)) == "urgent" → Call the duty officer',
            'otherwise → Put all others in the queue in Zendesk',
        ),
    ),
    (
        'When an email arrives in Gmail, reply to it if it is a question, and archive the rest',
        'llm.classify llm email.send http',
        (
            'yes → Write a reply',
            'otherwise → Archive the rest',
        ),
    ),
    (
        'Sort new mail into urgent and normal; text urgent ones to +15550001111 and leave the others alone',
        'llm.classify sms.send',
        (
            'urgent → Text urgent mails to +15550001111',
            'otherwise → stop',
        ),
    ),
    (
        'Orders from France are mailed to paris@example.org, those from Spain to madrid@example.org and everything else to hq@example.org',
        'foreach[condition email.send email.send email.send]',
        (
            'lower(str(order.country)) == "france" → Mail orders from France to paris',
            'lower(str(order.country)) == "spain" → Mail orders from Spain to madrid',
            'otherwise → Mail everything else to hq',
        ),
    ),
    (
        'Get the tickets from Zendesk; send high-priority ones to #oncall and ignore the rest',
        'http filter slack.post',
        (
            'Keep high-priority tickets: lower(str(item.priority)) == "high"',
        ),
    ),
    (
        'When a review is posted, if it is positive thank the customer by email, if it is negative open a ticket in Jira, and otherwise do nothing',
        'llm.classify email.send http',
        (
            'positive → Thank the customer by email',
            'negative → Open a ticket in Jira',
            'otherwise → stop',
        ),
    ),
    (
        'Mail invoices over 1000 EUR to cfo@example.org. Mail all the others to ap@example.org.',
        'foreach[condition email.send email.send]',
        (
            'invoice.total > 1000 → Mail invoices over 1000 EUR to cfo',
            'otherwise → Mail all the others to ap',
        ),
    ),
    (
        'Keep the posts with more than 100 likes and send them to marketing@example.org; post the rest in #archive on Slack',
        'filter email.send filter slack.post',
        (
            'Keep the posts with more than 100 likes: item.likes > 100',
            'Keep the rest: not (item.likes > 100)',
        ),
    ),
    (
        'When a visitor sends the contact form, decide if it is spam; delete spam and send everything else to Slack',
        'llm.classify http slack.post',
        (
            'yes → Delete spam',
            'otherwise → Send everything else to Slack',
        ),
    ),
    (
        'For each lead in the Google Sheet, if the score is over 80 add it to HubSpot, all others get a newsletter email',
        'google-sheets.read foreach[condition http email.send]',
        (
            'lead.score > 80 → Add the lead to HubSpot',
            'otherwise → Send a newsletter email',
        ),
    ),
    (
        'Approve expenses under 100 euros automatically and send the rest to the manager for approval',
        'foreach[condition http approval]',
        (
            'expense.total < 100 → Approve expenses under 100 euros',
            'otherwise → Get approval for the rest from the manager',
        ),
    ),
    (
        'If the payment failed, mail the customer, in all other cases post it to #payments',
        'http condition email.send slack.post',
        (
            'lower(str(get_the_payment.body.status)) == "failed" → Mail the customer',
            'otherwise → Post the payment to #payments on Slack',
        ),
    ),
    (
        'Every hour check https://example.com/status.json; if the status is not ok, alert #ops on Slack, otherwise do nothing',
        'http condition slack.post',
        (
            'lower(str(check_the_status.body.status)) != "ok" → Alert #ops on Slack',
            'otherwise → stop',
        ),
    ),
    (
        'Summarize long articles and forward short ones to me@example.org',
        'foreach[llm.classify llm email.send]',
        (
            'long → Summarize long articles',
            'short → Forward short articles to me',
            'otherwise → stop',
        ),
    ),
    (
        'Post five-star reviews to #praise, and mail any other review to support@example.org',
        'foreach[condition slack.post email.send]',
        (
            'review.rating == 5 → Post five-star reviews to #praise on Slack',
            'otherwise → Mail any other review to support',
        ),
    ),
    (
        'When a file is added to Dropbox, move PDFs to the archive folder and delete everything else',
        'http filter http filter http',
        (
            'Keep PDFs: ends_with(lower(item.name), ".pdf")',
            'Keep everything else: not (ends_with(lower(item.name), ".pdf"))',
        ),
    ),
    (
        'The urgent ones go to #support, the rest to desk@example.org',
        'foreach[condition slack.post email.send]',
        (
            'lower(str(message.priority)) == "urgent" → Send the urgent messages to #support on Slack',
            'otherwise → Send the rest to desk',
        ),
    ),
    (
        'When a message arrives at the webhook, classify it as urgent, complaint or question, post urgent messages to #support on Slack, mail complaints to care@example.org and mail the rest to desk@example.org',
        'llm.classify slack.post email.send email.send',
        (
            'urgent → Post urgent messages to #support on Slack',
            'complaint → Mail complaints to care',
            'otherwise → Mail the rest to desk',
        ),
    ),
    (
        'When a customer writes, decide whether they are angry or happy; tell the manager on Slack about angry ones, answer the rest by email',
        'llm.classify slack.post llm email.send',
        (
            'angry → Tell the manager on Slack about angry messages',
            'otherwise → Answer the rest',
        ),
    ),
    (
        'If it rains tomorrow send me a text message, otherwise send nothing',
        'condition sms.send',
        (
            'bool(get(inputs.data, "rains_tomorrow")) → Send me a text message',
            'otherwise → stop',
        ),
    ),
    (
        'Fetch https://example.com/orders.json. Orders with a total over 500 are mailed to sales@example.org; everything under that goes to #orders on Slack.',
        'http filter email.send filter slack.post',
        (
            'Keep orders with a total over 500: item.total > 500',
            'Keep the rest: not (item.total > 500)',
        ),
    ),
    (
        'When a lead fills in the form, mail leads with more than 50 employees to enterprise@example.org, and the other leads to smb@example.org',
        'condition email.send email.send',
        (
            'inputs.employees > 50 → Mail leads with more than 50 employees to enterprise',
            'otherwise → Mail the other leads to smb',
        ),
    ),
]  # fmt: skip


def ways(spec: Spec) -> tuple[str, ...]:
    """``test → step`` for every choice of a route; the test of each filter when there is none."""
    names = {one.id: one.name for one in every(spec.steps)}
    routes = [
        f"{route.test or route.lead} → {' and '.join(names.get(to, to) for to in route.to)}"
        for one in every(spec.steps)
        for route in one.routes
        if route.lead != "then"
    ]
    filters = [f"{one.name}: {one.with_['where']}" for one in every(spec.steps) if one.uses == "filter"]
    return tuple(routes or filters)


@pytest.mark.parametrize(("english", "kinds", "expected"), PARTED)
def test_parts_and_the_rest_go_their_ways(english: str, kinds: str, expected: tuple[str, ...]) -> None:
    draft = drafted(english)
    assert (shape(draft.spec.steps), ways(draft.spec)) == (kinds, expected)
    assert [finding for finding in draft.findings if finding.severity == "error"] == []
    assert not [one.text for one in draft.assumptions if "No step was made" in one.text]


@pytest.mark.parametrize("english", [row[0] for row in PARTED])
def test_a_way_never_falls_into_the_next_one(english: str) -> None:
    for level in _levels(drafted(english).spec):
        chosen = {to for one in level for route in one.routes if route.lead != "then" for to in route.to}
        for one, after in pairwise(level):
            if after.id in chosen and not any(route.lead != "then" for route in one.routes):
                assert after.id not in [to for route in one.routes for to in route.to], (one.name, after.name)
                assert one.routes, one.name


def _levels(spec: Spec) -> list[tuple[Step, ...]]:
    return [spec.steps, *(one.steps for one in every(spec.steps) if one.steps)]


@pytest.mark.parametrize("english", [row[0] for row in PARTED])
def test_mails_are_called_after_what_is_in_them(english: str) -> None:
    for one in every(drafted(english).spec.steps):
        subject = str(one.with_.get("subject", "Some words"))
        assert not re.match(r"(?:rest|others?|all|any|everything|to|from|nothing|those|ones)\b", subject.lower()), (
            subject
        )


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("the rest to me", 2),
        ("all the others to me", 3),
        ("everything else goes", 2),
        ("the remaining invoices are saved", 3),
        ("any other review to me", 3),
        ("all other orders", 3),
        ("the rest of the orders to me", 5),
        ("everything under that goes", 3),
        ("the rest api", 0),
        ("the other day", 0),
        ("the rest of the team", 0),
        ("others", 1),
        ("all orders", 0),
        ("everything", 0),
        ("the result", 0),
    ],
)
def test_what_means_the_rest(words: str, size: int) -> None:
    assert rest_of(tokenize(words)) == size


def test_the_rest_of_a_list_is_what_no_filter_took() -> None:
    draft = drafted(
        "Fetch https://example.com/posts.json, mail posts with a score over 100 to a@example.org, "
        "mail posts with a score under 5 to b@example.org and mail the rest to c@example.org"
    )
    assert shape(draft.spec.steps) == "http filter email.send filter email.send filter email.send"
    left = draft.spec.steps[5]
    assert left.with_["where"] == "not (item.score > 100 or item.score < 5)"
    assert left.with_["items"] == draft.spec.steps[1].with_["items"]
    assert draft.spec.steps[6].with_["body"] == "{{ keep_the_rest.items }}"


def test_the_title_names_the_ways_and_the_prose_keeps_the_channel() -> None:
    draft = drafted("Post urgent tickets to #support and mail the rest to desk@example.org")
    assert draft.spec.title == "Post urgent tickets to #support on Slack or mail the rest to desk"
    assert draft.spec.about == "Post urgent tickets to #support and mail the rest to desk@example.org"
    assert step(draft.spec, "mail-the-rest-to-desk").with_ == {
        "to": "desk@example.org",
        "subject": "Ticket",
        "body": "{{ ticket }}",
    }


def test_kinds_of_a_text_are_one_judgement() -> None:
    draft = drafted(
        "When an email arrives, if it is a question, forward it to help@example.org; "
        "if it is a complaint, post it to #care on Slack; otherwise archive it"
    )
    assert shape(draft.spec.steps) == "llm.classify email.send slack.post http"
    assert ways(draft.spec) == (
        "question → Forward the email to help",
        "complaint → Post the email to #care on Slack",
        "otherwise → Archive the email",
    )
    assert draft.spec.steps[0].with_["instructions"] == "Decide what the email is: question, complaint or other."


def test_what_is_judged_without_a_source_is_asked_for_and_passed_on() -> None:
    spec = drafted(
        "If the review is positive, thank the customer by email. If it is negative, open a ticket in Jira."
    ).spec
    assert shape(spec.steps) == "llm.classify email.send http"
    assert [one.with_["body"] for one in spec.steps if one.uses == "email.send"] == ["{{ inputs.text }}"]


@pytest.mark.parametrize(
    ("english", "setting", "value"),
    [
        ("Remind me every day at 9pm to write in my diary", "body", "Remember to write in my diary."),
        (
            "Read https://example.com/top.json, translate the titles into German and mail it to me@example.org",
            "subject",
            "Translation of the titles for {{ run.date }}",
        ),
        ("When an email arrives, reply to it", "subject", "Re: {{ inputs.email.subject }}"),
        ("When a customer cancels in Stripe, ask them why by email", "to", "{{ inputs.customer.email }}"),
    ],
)
def test_mails_say_what_they_are_about(english: str, setting: str, value: str) -> None:
    mail = next(one for one in every(drafted(english).spec.steps) if one.uses == "email.send")
    assert mail.with_[setting] == value


def test_a_payment_that_failed_is_no_failure_of_the_agent() -> None:
    spec = drafted("If the payment failed, mail the customer").spec
    assert (shape(spec.steps), spec.errors) == ("http condition email.send", ())
    assert len(drafted("Fetch https://example.com/a.json. If the request failed, mail me").spec.errors) == 1
