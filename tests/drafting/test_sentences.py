"""English of many kinds and the agent it asks for: trigger, steps in order, loops, and always a valid document."""

from __future__ import annotations

import pytest

from plainwork.drafting.schedule import cron_of
from plainwork.spec.model import Schedule
from tests.drafting.support import drafted, shape, trigger

PLAIN = [
    ("Fetch https://api.example.com/weather.json and mail it to me@example.org", "http email.send"),
    ("Download https://example.com/feed.json. Keep the items with points over 50. Write a digest of them.", "http filter llm"),
    ("Get the open tickets from Freshdesk and write a summary of them", "http llm"),
    ("Read the orders from the database and count them", "sql.query set"),
    ("Fetch https://example.com/a.csv, convert the csv to json and store the rows in Postgres", "http code sql.query"),
    ("Get the contacts and companies from Pipedrive", "http http"),
    ("Create a Wrike task and an invoice in FreshBooks", "http http"),
    ("Make: 1. a Basecamp project 2. a Toggl client", "http http"),
    ("Post 'Lunch is ready' to #kitchen on Slack", "slack.post"),
    ("Post the release notes to Slack and Discord", "http slack.post discord.send"),
    ("Text +4915123456789 that the build is green", "sms.send"),
    ("Translate the text into French and proofread it", "llm llm"),
    ("Classify the message as complaint, praise or question", "llm.classify"),
    ("Extract the name, the amount and the due date from the letter", "llm.extract"),
    ("Ask Claude to write a poem about rain", "llm"),
    ("Generate an image of a lighthouse and upload it to Dropbox", "http http"),
    ("Transcribe the recording with AssemblyAI, then summarise the transcript", "http llm"),
    ("Delete the old branches in Bitbucket", "http"),
    ("Wait 10 minutes, then email the team that it is done", "wait email.send"),
    ("Merge the subscribers of Klaviyo and MailerLite, remove duplicates and add them to Google Sheets", "http http set set google-sheets.append"),
    ("Sort the products by price and group them by brand", "set set"),
    ("Send the data to https://hooks.example.com/in", "http"),
    ("Fetch https://api.example.com/users. Ask the manager for approval. Then delete the users in Okta.", "http approval http"),
    ("Look up the company in ZoomInfo and update the deal in Attio", "http http"),
    ("Add a row to Airtable with the name and the email", "airtable.create"),
    ("Get the latest releases of octo/tool from GitHub and post them to Telegram", "github.list_releases telegram.send"),
    ("Frobnicate the widgets", "todo"),
]  # fmt: skip

BRANCHES = [
    ("Get the newest Linear issue. If its priority is urgent, text me, otherwise add it to Notion.", "http condition sms.send notion.create_page"),
    ("Fetch https://example.com/stock.json. Unless the level is above 20, email buyer@example.org.", "http condition email.send"),
    ("Get the sensor value from https://example.com/t.json and alert the team on Slack if the temperature is over 80", "http condition slack.post"),
    ("Classify the request as refund or other. If it is a refund, create a Stripe refund. If it is other, forward it to desk@example.org.", "llm.classify http email.send"),
    ("Check whether the customer exists in Chargebee. If so, update the customer. If not, create a new customer.", "http condition http http"),
    ("Get the invoice from Sage. If the total is at least 1000 and the status is open, mail it to boss@example.org. Finally save it to Dropbox.", "http condition email.send http"),
    ("If the price of gold is below 1500, send me an email", "http condition email.send"),
]  # fmt: skip

LOOPS = [
    ("Get all tasks from ClickUp and for each task create a card in Trello", "http foreach[http]"),
    ("Send an SMS for each appointment retrieved from Acuity Scheduling", "http foreach[sms.send]"),
    ("Retrieve the leads from Copper. For each lead that has a 'warm' rating, write a short letter and mail it to sales@example.org.", "http foreach[condition llm email.send]"),
    ("Read the rows from the Google Sheet. Enrich each row with Clearbit. Post a message to Slack.", "google-sheets.read foreach[http] slack.post"),
    ("Get the repositories from Gitea. For every repository, if it is archived, delete it, otherwise post its name to Mattermost.", "http foreach[condition http http]"),
    ("Get the employees from Personio and notify each employee by email", "http foreach[email.send]"),
    ("For each page in Confluence, summarise it and add the summary to Coda", "http foreach[llm http]"),
    ("Fetch https://example.com/orders.json. If an order is over $200, tell the team on Slack.", "http foreach[condition slack.post]"),
    ("Get the reviews from Shopify. Classify each review as good or bad. For bad reviews, draft an apology.", "http foreach[llm.classify llm]"),
    ("Every day at 8 congratulate everyone whose birthday is today by mail", "foreach[condition email.send]"),
    ("Remind each member who has not paid by mail every Monday at 9", "foreach[condition email.send]"),
    ("Every morning read the Google Sheet of employees and post a message in Slack for everyone whose work anniversary is today", "google-sheets.read foreach[condition slack.post]"),
]  # fmt: skip

STARTS = [
    ("Every day at 7:15 fetch https://example.com/n.json and mail it to a@example.org", "schedule", "15 7 * * *"),
    ("On the first Monday of every month at 10:00 in Europe/Paris, get the report from Xero and mail it to a@example.org", "schedule", "0 10 * * 1#1"),
    ("Each hour check https://example.com/health and post to Slack if the status is not ok", "schedule", "0 * * * *"),
    ("Write a poem every Friday at 5pm and send it to all@example.org", "schedule", "0 17 * * 5"),
    ("A daily briefing: get the events from Google Calendar and text them to me", "schedule", "0 9 * * *"),
    ("When a webhook arrives, save the payload to Notion", "webhook", None),
    ("When an order is placed in WooCommerce, create an invoice in Xero", "webhook", None),
    ("Whenever someone submits the contact form, answer the question with GPT-4 and mail the answer to desk@example.org", "form", None),
    ("Once a Typeform response comes in, add it to Baserow", "webhook", None),
    ("When a new email arrives, extract the invoice number and the total and append them to a Google Sheet", "email", None),
    ("Check my inbox for new mails and classify them as urgent or normal", "email", None),
    ("When a chat message is received, answer it with Mistral", "chat", None),
    ("A chatbot that answers questions about our handbook", "chat", None),
    ("Watch a OneDrive folder for new files and upload them to Box", "schedule", None),
    ("For every release on GitHub post a message to Discord", "poll", None),
    ("Label new issues in the repository by topic", "poll", None),
    ("Reply to incoming emails with a thank-you note", "email", None),
    ("Receive a webhook from Stripe and respond with the word ok", "webhook", None),
    ("Listen for new messages in a Telegram channel and translate them into English", "poll", None),
    ("This agent starts with a new row in Airtable. It creates a contact in Brevo.", "poll", None),
    ("Monitor an RSS feed and post new entries to Mastodon", "poll", None),
    ("Summarise the text", "manual", None),
]  # fmt: skip

TEMPLATES = [
    ("""This workflow posts the price of coffee to Telegram.

## Prerequisites
- A Telegram bot and its token
- An account at CoinGecko

## How it works
1. The Cron node starts it every day at 6:00.
2. The HTTP Request node gets the price.
3. The Telegram node sends the price to a chat.
""", "schedule", "http telegram.send"),
    ("""**What it does**
- Email trigger: fires when new mails reach the Outlook inbox
- Triage: uses OpenAI to decide whether an answer is needed
- Answer: drafts a reply with GPT-4o

**Setup**
- Add your OpenAI credentials
""", "email", "llm.classify llm"),
    ("""- A schedule trigger starts the workflow every 30 minutes
- Zendesk: gets the open tickets
- Each ticket is checked by an AI model
- A Slack message is sent for tickets which are in the escalated state
""", "schedule", "http foreach[llm.classify] condition slack.post"),
    ("""A workflow that fetches the day's tasks from Todoist, has a model write a plan, and sends it via Pushover.

You can change the prompt to your liking. Perfect for busy people!
""", "manual", "http llm http"),
    ("""Design a workflow for quizzes. The user enters a subject (variable subject) and the number of questions
(variable count). Generate the questions. The questions must be easy. The workflow should output the quiz (variable quiz).
""", "manual", "llm"),
]  # fmt: skip


@pytest.mark.parametrize(("english", "kinds"), PLAIN + BRANCHES + LOOPS)
def test_the_steps_are_those_that_were_asked_for(english: str, kinds: str) -> None:
    draft = drafted(english)
    assert shape(draft.spec.steps) == kinds
    assert not [str(f) for f in draft.findings if f.severity == "error"]


@pytest.mark.parametrize(("english", "kind", "cron"), STARTS)
def test_it_is_started_by_what_was_said(english: str, kind: str, cron: str | None) -> None:
    draft = drafted(english)
    assert trigger(draft.spec) == kind
    assert not [str(f) for f in draft.findings if f.severity == "error"]
    if cron is not None:
        (schedule,) = draft.spec.when
        assert isinstance(schedule, Schedule)
        assert cron_of(schedule, "UTC")[0] == cron


@pytest.mark.parametrize(("english", "kind", "kinds"), TEMPLATES)
def test_descriptions_of_ready_made_workflows(english: str, kind: str, kinds: str) -> None:
    draft = drafted(english)
    assert (trigger(draft.spec), shape(draft.spec.steps)) == (kind, kinds)
    assert not [str(f) for f in draft.findings if f.severity == "error"]
