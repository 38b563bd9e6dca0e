"""Prints the API's description (OpenAPI 3.1) as JSON, without a database or anything else that runs, and without its examples:
clients are generated from it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from plainwork.api.app import create_app
from plainwork.api.openapi import describe


def main() -> None:
    """Routes and their shapes need none of the parts that the application is handed when it serves."""
    nothing: Any = None
    document = describe(create_app(nothing, nothing, nothing, nothing, nothing, nothing), with_examples=False)
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
