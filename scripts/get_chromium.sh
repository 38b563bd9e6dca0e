#!/usr/bin/env bash
# Makes sure that there is a Chromium for the browser journeys: Debian's package, installed when we may.
# Without one it says so and goes on; PLAINWORK_BROWSER=required makes the journeys fail instead of being skipped.
set -euo pipefail

has_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if [ -n "${PLAINWORK_CHROMIUM:-}" ] || has_chromium >/dev/null; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser journeys …"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || true
fi
if ! has_chromium >/dev/null; then
  cat >&2 <<'SAY'
────────────────────────────────────────────────────────────────────────────────────────────
NO BROWSER: the journeys in tests/browser will be skipped.
Install Chromium (Debian: apt-get install chromium), or name one with PLAINWORK_CHROMIUM=path.
────────────────────────────────────────────────────────────────────────────────────────────
SAY
fi
