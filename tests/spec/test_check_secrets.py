"""Where a document sends the secrets that it names."""

from __future__ import annotations

import pytest

from tests.spec.documents import read


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("{{ inputs.url }}", "inputs.url"),
        ("{{ inputs.url }}/orders", "inputs.url"),
        ("https://{{ inputs.site }}.example.org/{{ trigger.id }}", "inputs.site"),
        ("https://api.example.org{{ trigger.path }}", "trigger.path"),
        ("https://api.example.org:{{ inputs.port }}/", "inputs.port"),
        ("{{ vars.scheme }}://{{ inputs.a }}.{{ trigger.b }}/", "inputs.a or trigger.b"),
        ("https://api.example.org/{{ inputs.url }}", None),
        ("https://api.example.org?q={{ inputs.url }}", None),
        ("{{ vars.base }}/{{ inputs.url }}", None),
        ("https://api.example.org", None),
    ],
)
def test_a_secret_sent_to_a_host_that_a_run_is_told(url: str, names: str | None) -> None:
    front = "inputs: {url: text, site: text, port: integer, a: text}\nsecrets: {API: for the shop}"
    loaded = read(f"Fetch it | uses: http ;; account: API ;; with: {{url: '{url}'}}", front=front)
    found = [finding for finding in loaded.findings if finding.code == "open-address"]
    assert [(f.severity, f.node, f.field) for f in found] == [("warning", "fetch-it", "with.url")] * (names is not None)
    for finding in found:
        assert f"Fetch it sends API to the host that {names} names" in finding.message
        assert "Bind the secret to its hosts" in (finding.next_step or "")
    alone = read(f"Fetch it | uses: http ;; with: {{url: '{url}'}}", front=front.split("\n")[0])
    assert "open-address" not in {finding.code for finding in alone.findings}
