"""Many more sentences of every kind: what they become, that no clause of them is lost, and that every name reads well."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from plainwork.drafting import Draft
from plainwork.drafting import words as w
from plainwork.spec.model import to_json
from tests.drafting.support import drafted, every, shape, step, trigger
from tests.drafting.test_acceptance import rehearse

VARIED = [
    ("When a visitor fills in the quote form, decide whether it is a complaint, a price request or junk. Complaints go to Slack #care, price requests are mailed to offers@acme.io, and junk is ignored.", "form", "llm.classify slack.post email.send"),
    ("When a ticket is created in Zendesk, classify it as billing, outage or praise and add a tag; if it's an outage also notify the duty officer on Telegram", "webhook", "llm.classify http condition telegram.send"),
    ("Check https://shop.example.com every 10 minutes and text +15550001111 if it is down", "schedule", "http condition sms.send"),
    ("Every morning get the stock level from https://erp.example.com/stock.json and email buyer@example.org only if it is below 20", "schedule", "http condition email.send"),
    ("Fetch https://example.com/jobs.json, save it to Notion and tell the team on Discord unless there are no jobs", "manual", "http condition notion.create_page discord.send"),
    ("Watch the rates every hour. If any rate falls by more than 2%, tell the desk on Slack and record it in Airtable; otherwise do nothing.", "schedule", "http foreach[condition slack.post airtable.create]"),
    ("When a lead arrives in HubSpot: if the country is Spain, add it to the Google Sheet, else if it is Italy, send a message to #italy on Slack, else delete the lead", "webhook", "condition google-sheets.append slack.post http"),
    ("Get the deals from Pipedrive and for every deal worth more than 20000 euros create a task in Asana", "manual", "http foreach[condition http]"),
    ("Get the messages from Intercom, classify each message as urgent or normal and forward the urgent ones to lead@example.org", "manual", "http foreach[llm.classify email.send]"),
    ("Extract the order number, the date and total from the letter, and insert them into the orders table in Postgres. If the total is above 900, ask the head of sales for approval first.", "manual", "llm.extract condition approval sql.query"),
    ("Take a list of links, fetch every page, extract the headline and the author and return them as JSON", "manual", "foreach[http llm.extract]"),
    ("Get the articles from https://example.com/a.json, summarise each one and email me the list", "manual", "http foreach[llm] email.send"),
    ("Chatbot that answers questions about our manuals using OpenAI", "chat", "llm"),
    ("A bot which posts a joke to Discord every day at noon", "schedule", "llm discord.send"),
    ("An agent that reads my unread mails and drafts replies", "manual", "http llm"),
    ("Daily digest of Hacker News stories sent to me@example.org", "schedule", "http llm email.send"),
    ("Automatic translation of new Shopify product descriptions into German", "webhook", "llm"),
    ("Whenever someone stars my repo, thank them on Mattermost. When it fails, email admin@x.io", "webhook", "http"),
    ("Translate the article into French, German and Spanish in parallel, then merge the three", "manual", "llm llm llm set"),
    ("When an order is paid in Stripe, send an email and a Slack message", "webhook", "email.send slack.post"),
    ("When a video is published on YouTube, post it to Twitter, LinkedIn and Facebook", "schedule", "http http http http"),
    ("Read the essay, score it from 1 to 10 and, if the score is above 7, post it to Slack", "manual", "http llm condition slack.post"),
    ("Rate each applicant in the Google Sheet from 0 to 100 with GPT-4 and if the rating is over 80 email them an invitation", "manual", "google-sheets.read foreach[llm condition email.send]"),
    ("Update the status of all Jira tickets in the current sprint to done and post a summary to Microsoft Teams", "manual", "http llm http"),
    ("Move every closed Trello card to the archive list", "manual", "foreach[http]"),
    ("Create a new Salesforce opportunity and notify the account owner in Slack", "manual", "http slack.post"),
    ("Retrieve all Workday employees and for each of them create a user in Okta", "manual", "http foreach[http]"),
    ("Add a comment to the Jira issue whenever a pull request that mentions it is merged in Bitbucket", "webhook", "http"),
    ("Send a birthday greeting by SMS to each customer whose birthday is today", "manual", "foreach[condition sms.send]"),
    ("Every night back up the Postgres database to S3 and report the result to #ops on Slack", "schedule", "sql.query http slack.post"),
    ("When an invoice arrives by email, read the attachment with OCR, extract the supplier and the amount, and store them in Xero", "email", "http llm.extract http"),
    ("New Calendly bookings are added to HubSpot as contacts and the sales rep is notified by email", "webhook", "http email.send"),
    ("For each new follower on Twitter, save the profile to Airtable", "schedule", "http airtable.create"),
    ("Onboard the new hire in BambooHR and send them a welcome email", "manual", "http email.send"),
    ("The contract is uploaded to Dropbox, a copy is sent to legal@example.org and the deal is closed in HubSpot", "manual", "http email.send http"),
    ("Create a resume screening workflow. The user will provide a job description (variable jd) and a resume file (variable resume). The task is to compare the resume with the job description and give a score from 0 to 100. The workflow outputs the score (variable score) and a comment (variable comment).", "manual", "llm"),
    ("Create a travel planning workflow. The user will provide a destination (variable city) and the number of days (variable days). Search the web for sights, then write an itinerary. The workflow needs to output the itinerary (variable plan).", "manual", "http llm"),
    ("Create a product copy workflow. The user will provide the product name (variable product) as input. Generate a slogan and an advertising image. Output the slogan (variable slogan) and the image (variable image).", "manual", "llm http"),
    ("Create a customer feedback workflow. The user will provide a review (variable review). If the review is positive, generate a thank-you note, otherwise generate an apology. Output the text (variable reply).", "manual", "llm.classify llm llm"),
    ("This n8n template watches a Gmail inbox, labels every message with AI and archives newsletters.", "email", "llm.classify http"),
    ("This workflow monitors a Google Drive folder for new CVs, extracts the candidate's skills with OpenAI and adds a row to Google Sheets.", "schedule", "http llm.extract google-sheets.append"),
    ("""Get a Slack alert when your site's certificate is about to expire.

## How it works
- Runs every Monday at 8am
- Reads the list of domains from Google Sheets
- Checks each certificate with an HTTP request
- If the certificate expires within 14 days, sends a message to Slack

## Set up
1. Connect your Google account
2. Add your Slack credentials""", "schedule", "google-sheets.read foreach[http condition slack.post]"),
    ("""# AI news digest
1. **Schedule Trigger** runs every morning at 6.
2. **RSS Read** pulls the latest articles.
3. **OpenAI** summarizes the articles.
4. **Gmail** sends the summary to subscribers.""", "schedule", "rss.read llm email.send"),
    ("""**Lead router**
* New lead comes in from a Facebook Lead Ads form
* Clearbit enriches the lead
* If the company has more than 100 employees the lead is assigned to enterprise sales in Salesforce
* Otherwise it is added to a Mailchimp list""", "webhook", "http condition http http"),
    ("Zap: when I star an email in Gmail, create a to-do in Todoist", "email", "http"),
    ("Save new Instagram photos to Dropbox", "webhook", "http"),
    ("Share new WordPress posts on LinkedIn and in Slack", "webhook", "http slack.post"),
    ("Turn starred Slack messages into Asana tasks", "manual", "http http"),
    ("Send myself a text message with the weather forecast every day at 7", "schedule", "http sms.send"),
    ("Remind the team by email about unpaid invoices on the last day of each month", "schedule", "http email.send"),
    ("On every push to main, run the tests and post the result to Slack", "webhook", "http slack.post"),
    ("Receive a webhook with an address, validate it with Google Maps, and return the coordinates", "webhook", "http respond"),
    ("When the temperature in the greenhouse exceeds 30 degrees, switch on the fan through Home Assistant and message me on WhatsApp", "manual", "http condition http http"),
    ("Every 15 minutes look for new tweets about our brand, judge their sentiment, and open a Zendesk ticket for the negative ones", "schedule", "http foreach[llm.classify http]"),
    ("Pull yesterday's signups, enrich them with Clearbit and push the qualified ones to Salesforce", "manual", "http http filter http"),
    ("Upload the recording to Google Drive, transcribe it with Whisper, summarise the transcript and put the notes into Notion", "manual", "http http llm notion.create_page"),
    ("If the sentiment of the review is negative, open a ticket in Freshdesk; if it is positive, ask for a testimonial by email", "manual", "llm.classify http email.send"),
    ("Every weekday at 18:00 collect the commits of the day from GitHub, have an LLM turn them into a changelog and publish it to Confluence", "schedule", "http llm http"),
    ("Wait for a payment in PayPal, then generate a licence key and email it to the buyer", "webhook", "llm email.send"),
    ("Notify me on Telegram if the bitcoin price goes above 100000 dollars, checking every 5 minutes", "schedule", "http condition telegram.send"),
    ("Sync Google Contacts with Mailchimp every night at 1:30", "schedule", "http http"),
    ("Send the report to Anna, Ben and Carla by mail and store a copy in SharePoint", "manual", "http email.send http"),
    ("When a meeting ends in Zoom, get the transcript, list the action items, create a Linear issue for each of them, and email the summary to all participants", "webhook", "http http foreach[http] llm email.send"),
    ("Get all open opportunities from Salesforce, and for each opportunity above 50000 send an email to the account manager", "manual", "http foreach[condition email.send]"),
    ("Retrieve the list of Box files and delete those older than a year", "manual", "http http"),
    ("When a new row is added to Smartsheet, create a Wrike task, update the Confluence page and send a Slack message", "webhook", "http http slack.post"),
    ("Find the Zendesk tickets that are unresolved and escalate them in PagerDuty", "manual", "http http"),
    ("Copy all Trello cards from the done list to an Airtable base", "manual", "http airtable.create"),
    ("Upload an invoice to SharePoint, send it for approval to the manager and if approved pay it via Stripe", "manual", "http approval http"),
    ("Every Monday, get the latest Jira sprint and send an Outlook email with the number of open issues", "schedule", "http email.send"),
    ("Create a workflow for code review. The user will provide a code snippet (variable code) and the language (variable lang). The task is to find bugs, suggest improvements and rewrite the code. The workflow outputs the issues (variable issues) and the improved code (variable fixed).", "manual", "llm llm llm"),
    ("Create a news podcast workflow. The user provides a topic (variable topic). Search the web for the latest news on the topic, summarize the results into a script of 300 words, and convert the script into speech. Output the audio (variable audio).", "manual", "http llm http"),
    ("Create an exam paper workflow. The user will provide a subject (variable subject) and a difficulty (variable level). If the difficulty is easy, generate ten multiple choice questions; if it is hard, generate five essay questions. The workflow should output the questions (variable paper).", "manual", "condition llm llm"),
    ("Create a translation workflow. The user uploads a document (variable doc) and provides several target languages (variable languages). For each target language, translate the document. Output all translations (variable results).", "manual", "foreach[llm]"),
    ("Create a poster workflow. The user will provide an event name (variable event). Polish the event name into a slogan, write an image prompt, and draw the poster. Output the poster (variable poster).", "manual", "llm llm http"),
    ("Create a comment analysis workflow. The user will provide an Excel file of comments (variable file). Read the file, classify each comment as positive or negative, count the number in each class and draw a chart. Output the chart (variable chart).", "manual", "foreach[llm.classify] set http"),
    ("""Automatically reply to Google reviews with AI.

## How it works
1. Checks for new Google My Business reviews every hour
2. Filters out reviews that already have a reply
3. Generates a reply with OpenAI based on the rating
4. Posts the reply to Google My Business
5. Logs the review and the reply in Google Sheets

## Setup
- Connect Google My Business
- Add your OpenAI key""", "schedule", "http filter llm http google-sheets.append"),
    ("This workflow listens to a Telegram bot. When a voice message is received, it is transcribed with OpenAI Whisper, the text is sent to GPT-4 and the answer is sent back to the user as a voice message made by ElevenLabs.", "webhook", "http llm http"),
    ("**Webhook** receives the lead → **Hunter** verifies the email → **IF** the email is valid → **Lemlist** adds the lead to a campaign, otherwise **Gmail** informs the sales team.", "webhook", "http condition http email.send"),
    ("Template for automated invoice processing: Gmail Trigger watches for emails with the label Invoice. The PDF is extracted, Gemini reads the vendor, amount and due date, the data are appended to a Google Sheet and the email is marked as read.", "email", "llm.extract google-sheets.append http"),
    ("""* Use this template to track crypto prices
* Runs every 10 minutes
* Fetches BTC and ETH prices from CoinGecko
* Compares them with the last value stored in Redis
* Sends a Discord message if the change is over 5%
* Updates Redis""", "schedule", "http http condition discord.send http"),
    ("Research assistant agent: takes a topic, plans search queries, searches the web with Tavily, reads the pages, and writes a cited report in Markdown.", "manual", "http http llm"),
    ("Agent that triages customer support tickets in Zendesk: it detects the language, classifies urgency, assigns the ticket to the right group, and drafts a first response.", "manual", "http llm.classify http llm"),
    ("Sales outreach agent. Given a company name, it finds the decision makers on LinkedIn, enriches them with Apollo, writes a personal email to each of them and sends it through Gmail.", "manual", "http http foreach[llm email.send]"),
    ("Keep my Spotify liked songs in sync with a playlist", "manual", "http"),
    ("Add new Google Form responses to a Notion database and send a confirmation email to the respondent", "webhook", "notion.create_page email.send"),
    ("Get a text message when a new five-star review is posted on Trustpilot", "webhook", "sms.send"),
    ("Post a tweet whenever I publish a new episode on Buzzsprout", "webhook", "http"),
    ("Turn emails with the label 'todo' into Todoist tasks", "manual", "http"),
    ("Send a Slack reminder 10 minutes before each Google Calendar event", "manual", "http slack.post"),
    ("When a Stripe charge is refunded, update the order in Shopify, notify finance by email and create a credit note in QuickBooks", "webhook", "http email.send http"),
    ("When someone unsubscribes, remove them from the Mailchimp list, delete the contact from Intercom and note it in the Google Sheet.", "webhook", "http http google-sheets.append"),
    ("A new employee is added in BambooHR, so create accounts for them in Google Workspace, Slack and GitHub, then email IT", "webhook", "http http http email.send"),
    ("Fetch the page https://example.com/blog, summarize it in three bullet points and post them on LinkedIn", "manual", "http llm http"),
    ("Send an email to all attendees of the Eventbrite event with a link to the recording", "manual", "http email.send"),
    ("When a candidate moves to the interview stage in Greenhouse, schedule a call in Google Calendar and email them the invite", "webhook", "http email.send"),
    ("For each overdue invoice in FreshBooks, email the client a reminder; if it is more than 30 days overdue, call them with Twilio", "manual", "http foreach[email.send condition http]"),
    ("Back up my Notion pages to Google Drive every Sunday at 23:00", "schedule", "notion.query http"),
    ("Get the exchange rate from https://api.example.com/rate and if it is above 1.2 buy dollars via Wise, otherwise wait a day", "manual", "http condition http wait"),
    ("If the form answer contains the word 'refund', create a Zendesk ticket, otherwise reply with a standard email", "manual", "http condition http email.send"),
    ("Classify incoming support tickets by topic, assign them to the right team in Jira Service Management and post urgent tickets to #alerts", "webhook", "llm.classify http slack.post"),
    ("Every day at 8am: 1) fetch the top 5 stories from Hacker News 2) summarise each 3) send the summaries to my Telegram", "schedule", "http foreach[llm] telegram.send"),
    ("Use GPT-4o to write three variants of the ad copy, then choose the best and save it to Google Docs", "manual", "llm http"),
    ("Whenever a file lands in the S3 bucket, resize the image and put the thumbnail back into another bucket", "schedule", "http http http"),
    ("When a Jira issue moves to Done: comment on the linked GitHub PR, email the reporter and, if the priority is High, post in #releases", "webhook", "github.comment email.send condition slack.post"),
    ("The agent should read my calendar each morning, check the weather, and text me what to wear", "schedule", "http http sms.send"),
    ("Poll https://api.example.com/orders every minute; for new orders send a WhatsApp message to the warehouse, and if the order is international also email customs@example.org", "schedule", "http foreach[http condition email.send]"),
    ("Collect feedback through a form, score its urgency from 1 to 5 and page someone via Opsgenie when the score is 5", "manual", "http llm condition http"),
    ("Monitor our brand mentions on Twitter and Reddit, run sentiment analysis, and post negative ones to #pr", "schedule", "http reddit.top foreach[llm.classify slack.post]"),
    ("A customer service bot for WhatsApp that looks up order status in Shopify and hands over to a human if it can't answer", "webhook", "http condition http"),
    ("Send new Stripe payments to Xero as invoices and to Slack as a message", "webhook", "http slack.post"),
    ("Remove inactive users from Okta and write their names to a CSV file in Dropbox", "manual", "http http"),
    ("When I get an email from my boss, flash the lights with Philips Hue", "email", "http"),
    ("Weekly report on website traffic from Google Analytics emailed to marketing@example.org", "schedule", "http llm email.send"),
    ("Create a Zoom meeting, add it to Google Calendar, then message the participants on Slack with the link", "manual", "http http slack.post"),
    ("Every hour query Postgres for failed jobs and, if there are any, open a PagerDuty incident", "schedule", "sql.query condition http"),
    ("Ask Claude whether the review violates our policy; if so hide it, if not publish it", "manual", "llm.classify http email.send"),
    ("Once the payment succeeds, generate an invoice PDF, upload it to Google Drive and send the link to the customer", "webhook", "http http email.send"),
    ("Generate an image from the user's prompt with DALL-E and return it", "manual", "http"),
    ("Convert the CSV at https://example.com/data.csv to JSON and POST it to https://example.com/api", "manual", "code http"),
    ("If a pull request has been open for more than 3 days, remind the reviewers on Slack", "manual", "http condition slack.post"),
    ("Delete spam comments from WordPress and report the number of deleted comments to me by e-mail", "manual", "http email.send"),
    ("Send a Slack message when a Zoom webinar is scheduled", "webhook", "slack.post"),
    ("Create a DocuSign envelope for each opportunity won in Salesforce", "manual", "http foreach[http]"),
    ("Get a list of Shopify products and create a HubSpot product for each", "manual", "http foreach[http]"),
    ("Retrieve all incidents from ServiceNow that were opened yesterday and create a report in Google Docs", "manual", "http http"),
    ("Delete a Dropbox file, notify the owner via Outlook", "manual", "http email.send"),
    ("If there are unread Gmail messages, forward them to Slack; else, send a text with Twilio", "manual", "http condition slack.post sms.send"),
    ("For each Trello card in the backlog, add it to Monday.com, and then archive it", "manual", "http foreach[http http]"),
    ("Check if a customer exists in Stripe; if not, create the customer, then create a subscription", "manual", "http condition http http"),
    ("Get the weather for London and post a message on Slack depending on whether it is raining", "manual", "http condition slack.post"),
    ("This workflow automatically creates a Jira ticket from every new Typeform entry and sends the ticket link back to the respondent by email.", "webhook", "http email.send"),
    ("How it works: The workflow is triggered by a webhook. The data is validated. If the data is invalid, an error response is returned. Otherwise the record is saved to MySQL and a success response is returned.", "webhook", "http condition respond sql.query respond"),
    ("""This workflow pulls the top posts from several subreddits, uses Gemini to pick the most interesting ones, generates a short video script for each and saves everything to Google Sheets.

### Setup
- Reddit OAuth
- Gemini key

### Customisation
- Change the list of subreddits""", "manual", "reddit.top foreach[llm] google-sheets.append"),
    ("""**Who is it for?** Recruiters.
**What it does**
- Watches a Gmail label for applications
- Extracts the text of the attached CV
- Uses an AI agent to score the candidate against the job description
- If the score is above 70, creates a candidate in Greenhouse and schedules an interview via Calendly
- If not, sends a rejection email""", "email", "llm.extract llm condition http http email.send"),
    ("""1. Manual trigger
2. Get all customers from the Customer Datastore node
3. Set node keeps only name and email
4. Write the result into a spreadsheet file
5. Upload the file to Dropbox""", "manual", "http filter set http"),
    ("Uses the Hugging Face API to generate images from a text prompt received by webhook and returns the image", "webhook", "http respond"),
    ("Create a resume optimization workflow. The user will provide their resume (variable resume) and a target position (variable position). The task requires analyzing the gap between the resume and the position, rewriting the resume and generating a cover letter. The workflow needs to output the optimized resume (variable new_resume) and the cover letter (variable letter).", "manual", "llm llm"),
    ("Create a multi-language customer service workflow. The user will input a question (variable question). First identify the language of the question, then answer it based on the knowledge base, and finally translate the answer into the original language. Output the answer (variable answer).", "manual", "llm.extract llm llm"),
    ("Create an intelligent routing workflow. The user will provide a query (variable query). Classify the query into technical, sales, or general. Technical queries should be answered by a technical expert model, sales queries by a sales expert model, and general queries by a general assistant. Output the answer (variable answer).", "manual", "llm.classify llm llm llm"),
    ("Create a workflow that fetches a web page. The user will provide a URL (variable url). The task is to get the page content, summarize it and generate five tags. Output the summary (variable summary) and the tags (variable tags).", "manual", "http llm llm"),
    ("Create a novel-to-image workflow. The user provides a novel chapter (variable chapter). Split the chapter into scenes, generate an image prompt for each scene and draw an image for each prompt. Output the list of images (variable images).", "manual", "set foreach[llm] foreach[http]"),
    ("Create a data analysis workflow. The user will provide a CSV file (variable csv_file) and a question (variable question). Read the file, write Python code that answers the question, execute the code, and explain the result. Output the explanation (variable report).", "manual", "http llm set llm"),
    ("PR review bot: on each pull request, reads the diff, checks for security issues, comments with findings and labels the PR.", "poll", "http github.list_issues http llm.classify"),
    ("Automated release notes generator: whenever a tag is pushed, collect merged PRs since the last tag, group them by label, write release notes and create a GitHub release.", "webhook", "http set llm http"),
    ("Personal assistant that manages email: it reads unread messages, categorizes them by importance, drafts answers to important ones, and archives newsletters.", "manual", "http llm.classify llm http"),
    ("Data pipeline: extract orders from MySQL, transform the currency to euros, load into BigQuery, alert on Slack upon failure.", "manual", "sql.query set http"),
    ("Daily standup bot which asks every team member in Slack for updates, collects the answers and posts a summary to the channel.", "schedule", "foreach[slack.post] http llm slack.post"),
    ("Sort incoming mails as invoice, application or other. Invoices go to Xero, applications to Greenhouse and the rest to Slack.", "email", "llm.classify http http slack.post"),
]  # fmt: skip


FORM = (
    "When a guest fills in the feedback form, decide whether it is a complaint, a booking request or spam. Complaints go to "
    "Slack #care, booking requests are mailed to desk@example.org, and spam is dropped."
)


@pytest.mark.parametrize(("english", "kind", "kinds"), VARIED)
def test_it_becomes_these_steps(english: str, kind: str, kinds: str) -> None:
    draft = drafted(english)
    assert (trigger(draft.spec), shape(draft.spec.steps)) == (kind, kinds)
    assert [str(f) for f in draft.findings if f.severity == "error"] == []


def told(draft: Draft) -> str:
    """Everything a draft says, but the description that it repeats."""
    spec = to_json(draft.spec)
    spec.pop("about", None)
    notes = [one.text for one in draft.assumptions] + [one.text for one in draft.questions]
    return json.dumps([spec, notes], default=str, ensure_ascii=False).lower().replace("\\", "")


def clauses(english: str) -> list[set[str]]:
    """The content words of each clause, cut short so that ``enriches`` and ``enrich`` are the same."""
    text = re.split(r"\n## Set ?up", english)[0].split("Output")[0]
    text = re.sub(r"^(?:Create an? [^.]*workflow[^.]*\.|Template for [^:]*:|Research assistant agent:)", "", text)
    parts = re.split(r"[,.;:→\n](?=\s)|\band\b|\bthen\b|\bif\b|\bwhen\b", re.sub(r"[#*`]", "", text))
    found = [re.findall(r"[a-z][a-z0-9-]{3,}", part.lower()) for part in parts]
    return [{word[:4] for word in row if word not in w.STOP_WORDS | PLAIN} for row in found if len(row) > 2]


PLAIN = frozenset(
    [
        "variable",
        "workflow",
        "create",
        "every",
        "template",
        "user",
        "users",
        "will",
        "provide",
        "takes",
        "needs",
        "runs",
        "works",
        "given",
        "them",
    ]
)


@pytest.mark.parametrize("english", [english for english, _, _ in VARIED])
def test_no_clause_vanishes(english: str) -> None:
    said = told(drafted(english))
    lost = [words for words in clauses(english) if words and not any(word in said for word in words)]
    assert lost == []


@pytest.mark.parametrize("english", [english for english, _, _ in VARIED])
def test_names_and_subjects_read_well(english: str) -> None:
    for one in every(drafted(english).spec.steps):
        assert not re.search(r"\b(\w+) \1\b", one.name.lower().replace("that that", "")), one.name
        assert not re.match(r"(?:decide|get approval from) (?:for|chatbot)\b", one.name.lower())
        assert len(one.name) <= 61
        subject = str(one.with_.get("subject", ""))
        assert not re.match(r"(?:it|them|me|us|this|these)\b", subject.lower()), subject


def test_each_label_leads_to_what_is_done_with_it() -> None:
    draft = drafted(FORM)
    sort = draft.spec.steps[0]
    assert sort.with_["labels"] == ["complaint", "booking request", "spam"]
    routes = {route.test: route.to for route in sort.routes if route.lead == "when"}
    assert routes["spam"] == ("stop",)
    assert step(draft.spec, routes["complaint"][0]).with_["channel"] == "#care"
    given = {
        "inputs": {"answers": "the soup was cold"},
        "mock": {sort.id.replace("-", "_"): {"label": "booking request"}},
    }
    rehearse(draft.spec, given, {"ran": [routes["booking request"][0].replace("-", "_")]})


def test_a_label_is_known_some_steps_later() -> None:
    draft = drafted(
        "When a ticket arrives in Zendesk, classify it as outage or praise and add a tag; if it's an outage also text me"
    )
    (check,) = [one for one in draft.spec.steps if one.uses == "condition"]
    assert check.routes[0].test == 'classify_the_ticket.label == "outage"'


def test_else_if_is_one_branch_with_three_arms() -> None:
    draft = drafted(
        "When a lead arrives in HubSpot: if the country is Spain, mail es@example.org, else if it is Italy, mail it@example.org, "
        "else delete the lead"
    )
    check = draft.spec.steps[0]
    assert [route.lead for route in check.routes] == ["if", "if", "otherwise"]
    assert [route.test for route in check.routes][:2] == [
        'lower(str(inputs.lead.country)) == "spain"',
        'lower(str(inputs.lead.country)) == "italy"',
    ]


def test_things_done_side_by_side_meet_again() -> None:
    draft = drafted(
        "Fetch https://example.com/e.json, then in parallel post it to Slack, save it to Notion and mail it to a@example.org, "
        "and finally log the run in Airtable"
    )
    first, *branches, last = draft.spec.steps
    assert first.routes[0].to == tuple(one.id for one in branches)
    assert {one.routes[0].to for one in branches} == {(last.id,)}


def test_a_model_gives_the_score_that_is_compared() -> None:
    draft = drafted(
        "Read https://example.com/essay.txt, score it from 1 to 10 and if the score is above 7, post it to Slack"
    )
    check = next(one for one in draft.spec.steps if one.uses == "condition")
    assert check.routes[0].test == "score_the_essay_from_1_to_10.data.score > 7"
    score = step(draft.spec, "score-the-essay-from-1-to-10")
    assert score.with_["schema"]["properties"]["score"] == {"type": "number"}


def test_an_address_that_is_down_is_told_by_its_status() -> None:
    draft = drafted("Check https://shop.example.com every 10 minutes and text +15550001111 if it is down")
    fetch, check, text = draft.spec.steps
    assert fetch.with_["expect"] == "any"
    assert check.routes[0].test == f"{fetch.id.replace('-', '_')}.status >= 400"
    assert text.with_["to"] == "+15550001111"


def test_approval_comes_before_what_it_is_for() -> None:
    draft = drafted(
        "Extract the number, the date and total from the letter, and insert them into the orders table in Postgres. "
        "If the total is above 900, ask the head of sales for approval first."
    )
    extract, check, ask, insert = draft.spec.steps
    assert set(extract.with_["fields"]) == {"number", "date", "total"}
    assert check.routes[0].test == f"{extract.id.replace('-', '_')}.data.total > 900"
    assert ask.name == "Get approval from the head of sales"
    assert insert.uses == "sql.query"


def test_what_is_returned_is_the_output() -> None:
    draft = drafted(
        "Take a list of links, fetch every page, extract the headline and the author and return them as JSON"
    )
    assert draft.spec.inputs["links"].type == "list of text"
    assert draft.spec.outputs["result"].value == "{{ for_each_page.results }}"


def test_all_of_them_are_drafted_quickly() -> None:
    begin = time.process_time()
    for english, _, _ in VARIED:
        drafted(english)
    assert (time.process_time() - begin) / len(VARIED) < 0.1


def test_a_change_is_compared_in_its_direction() -> None:
    draft = drafted("Fetch https://example.com/rates.json. If a rate drops by more than 10%, tell the desk on Slack")
    check = next(one for one in every(draft.spec.steps) if one.uses == "condition")
    assert check.routes[0].test == "rate.change_percent < -10"
    assert check.name == "Check whether a rate drops by more than 10%"


def test_a_failure_is_told_as_one() -> None:
    draft = drafted("Whenever someone stars my repo, thank them on Discord. When it fails, email admin@example.org")
    (mail,) = draft.spec.errors
    assert mail.with_["body"] == "The agent could not finish its run."
    assert draft.spec.on_failure == mail.id


def test_a_rejected_approval_goes_where_the_words_say() -> None:
    asked = "Write a post about the news. Ask boss@example.org for approval. "
    draft = drafted(asked + "If it is approved, publish it to Slack #news, otherwise mail me.")
    _, ask, publish, mail = draft.spec.steps
    assert (ask.uses, ask.with_["who"]) == ("approval", ["boss@example.org"])
    assert ask.with_["show"] == "{{ write_a_post_about_the_news.text }}"
    assert [(route.lead, route.test, route.to) for route in ask.routes] == [
        ("when", "approved", (publish.id,)),
        ("otherwise", None, (mail.id,)),
    ]
    draft = drafted(asked + "If it is rejected, mail me. Then publish it to Slack #news.")
    _, ask, mail, publish = draft.spec.steps
    assert {route.test: route.to for route in ask.routes} == {"approved": (publish.id,), "rejected": (mail.id,)}
    assert [route.to for route in mail.routes] == [("stop",)]


def test_what_is_not_approved_does_not_happen() -> None:
    draft = drafted(
        "Fetch https://api.example.com/users. Ask the manager for approval before you delete the users in Okta."
    )
    fetch, ask, delete = draft.spec.steps
    assert {route.test: route.to for route in ask.routes} == {"approved": (delete.id,), "rejected": ("stop",)}
    given: dict[str, Any] = {
        "mock": {ask.id.replace("-", "_"): {"decision": "rejected"}, fetch.id.replace("-", "_"): {"body": []}}
    }
    given["inputs"] = {"okta_users_url": "https://okta.example.com/users"}
    rehearse(draft.spec, given, {"not_ran": [delete.id.replace("-", "_")]})
