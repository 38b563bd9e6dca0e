"""Nouns and small words by what they tell the drafter. Sets only; the verbs are in ``verbs.yaml``, the apps in ``apps.yaml``."""

from __future__ import annotations

from collections.abc import Sequence

from plainwork.drafting.text import Token

TEXTS = frozenset(
    "summary summaries story stories poem article articles essay essays script scripts report reports digest newsletter reply "
    "replies response responses answer answers caption captions title titles outline prompt prompts description descriptions "
    "translation translations letter headline headlines slogan slogans speech lyrics tagline hashtags keywords insight insights "
    "recommendation recommendations suggestion suggestions analysis analyses review reviews quiz questions notes minutes agenda "
    "itinerary proposal plan draft drafts paragraph paragraphs text copy content blog joke explanation overview feedback recipe "
    "recipes biography bio brief conclusion message greeting abstract changelog cover-letter dialogue comparison assessment "
    "introduction strategy version versions novel chapter chapters transcript subtitle subtitles words sentence sentences "
    "syllabus lesson exam advice ideas idea topics list name names concept concepts resume cv documentation guide tutorial "
    "announcement press-release pitch narrative narration questionnaire flashcards mindmap critique opinion verdict".split()
)
PICTURES = frozenset(
    "image images picture pictures photo photos logo logos illustration illustrations artwork thumbnail poster banner avatar "
    "graphic graphics drawing painting wallpaper sticker infographic".split()
)
SOUNDS = frozenset("audio speech voiceover voice-over mp3 voice sound music song podcast-audio".split())
FILMS = frozenset("video videos clip clips animation film movie reel".split())
PAPERS = frozenset("pdf pdfs docx pptx slides presentation spreadsheet epub zip".split())
MAILS = frozenset("email emails e-mail e-mails mail mails newsletter newsletters mailbox inbox imap".split())
PHONES = frozenset("sms text-message texts phone".split())
MAIL_BOXES = frozenset("mailbox inbox imap".split())
AGENT_NOUNS = frozenset(
    "workflow workflows agent agents bot chatbot assistant automation automations template pipeline flow system integration "
    "scenario zap tool solution app application".split()
)
ATTRIBUTES = frozenset(
    "name names email emails title titles body description subject date dates time status id ids price prices url urls link links "
    "phone address addresses content contents text author size number amount total quantity type category details detail information info "
    "data metadata summary value values sender recipient attachment attachments message image images tags tag labels comments "
    "score scores rating ratings reason location age state country company role position department notes key keys".split()
)
VAGUE = frozenset("it them this that these those everything all data result results output one ones information content".split())
ADJECTIVES = frozenset(
    "new updated old open closed reopened active inactive latest recent unread pending overdue important urgent high low big small "
    "short long daily weekly monthly free specific certain given existing current available relevant potential upcoming past "
    "first last top best single multiple various different simple complex key main full entire quick brief".split()
)
STOP_WORDS = frozenset(
    "a an the this that these those its their his her our your my of in on at to for from with by as and or is are was were be been has have "
    "had it they them we you i all any each every some no not only just also into via using than then there if when which who whose "
    "please will would can could should must do does did more most other another such very so up out about over under between".split()
)
PREPOSITIONS = frozenset(
    "to in into on onto at via using with through by from of off for about as within inside under over between based after before "
    "against per during without according regarding including containing like".split()
)
PEOPLE = frozenset(
    "team manager customer customers user users client clients boss everyone me us admin administrator owner group staff employee "
    "employees colleague colleagues sales support finance hr ceo reviewer moderator recipient recipients friends family subscriber "
    "subscribers member members partner partners person people sender lead leads engineer engineers developer developers".split()
)


def singular(noun: str) -> str:
    """The singular of an English noun, by its ending: ``stories`` → ``story``, ``boxes`` → ``box``."""
    if len(noun) > 4 and noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches", "shes", "zes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is", "news", "series")) and len(noun) > 3:
        return noun[:-1]
    return noun


def is_plural(noun: str) -> bool:
    """Whether a noun looks like several."""
    return singular(noun) != noun or noun in ("people", "news", "data", "feedback", "children")


def noun_phrase(tokens: Sequence[Token]) -> list[Token]:
    """The tokens up to the first preposition or clause mark: the phrase whose last word is its head."""
    phrase: list[Token] = []
    for at, token in enumerate(tokens):
        following = tokens[at + 1].lower if at + 1 < len(tokens) else ""
        if phrase and token.lower.endswith("ed") and following in PREPOSITIONS and len(token.lower) > 4:
            break
        stops = token.lower in PREPOSITIONS or token.lower in ("that", "which", "who", "whose", "where", "if", "when", "and", "or")
        if phrase and (stops or token.kind == "mark"):
            break
        if not stops and token.kind != "mark":
            phrase.append(token)
    return phrase


def head_noun(tokens: Sequence[Token]) -> str:
    """The head of the first noun phrase, small letters; ``list of urls`` gives ``urls``; empty when there is none."""
    phrase = [token for token in noun_phrase(tokens) if token.kind == "word"]
    while phrase and (phrase[-1].lower in STOP_WORDS or phrase[-1].lower.endswith("ly")):
        phrase.pop()
    word = phrase[-1].lower if phrase else ""
    lowers = [token.lower for token in tokens]
    if word in ("list", "lists", "number", "set", "bits", "copy", "details", "content", "contents", "batch", "all", "each", "any") and "of" in lowers:
        return head_noun(tokens[lowers.index("of") + 1 :]) or word
    return word.removesuffix("'s").removesuffix("'")


def content_words(tokens: Sequence[Token]) -> set[str]:
    """The words that carry meaning, as singulars."""
    return {singular(t.lower) for t in tokens if t.kind == "word" and t.lower not in STOP_WORDS}


def head_noun_of(text: str) -> str:
    """As :func:`head_noun`, of a text."""
    from plainwork.drafting.text import tokenize  # noqa: PLC0415

    return head_noun(tokenize(text))
