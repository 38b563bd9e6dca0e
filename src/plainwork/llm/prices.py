"""What a call costs, in US dollars, by the offline price list of ``genai-prices``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from plainwork.llm.model import Usage
from plainwork.llm.providers import Provider

_KEPT = 1000
_found: dict[tuple[str, str], Callable[[Usage], float] | None] = {}


async def cost_usd(provider: Provider, model: str, usage: Usage) -> float | None:
    """The price of a call; None when the model's price is not known. Tiers by prompt length count."""
    if provider.free:
        return 0.0
    if provider.prices is None:
        return None
    if (provider.prices, model) not in _found:
        if len(_found) >= _KEPT:
            _found.clear()
        _found[provider.prices, model] = await asyncio.to_thread(_look_up, provider.prices, model)
    entry = _found[provider.prices, model]
    return None if entry is None else entry(usage)


def _look_up(provider: str, model: str) -> Callable[[Usage], float] | None:
    """Finding a model's entry is slow and loading the list takes half a second, so it happens once, off the loop."""
    from genai_prices import Usage as Billed
    from genai_prices import calc_price

    try:
        found = calc_price(Billed(input_tokens=1, output_tokens=1), model_ref=model, provider_id=provider)
    except (LookupError, ValueError):
        return None

    def price(usage: Usage) -> float:
        cached = min(usage.cached, usage.input)
        billed = Billed(input_tokens=usage.input, output_tokens=usage.output, cache_read_tokens=cached)
        return float(found.model.calc_price(billed, found.provider).total_price)

    return price
