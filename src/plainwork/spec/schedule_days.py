"""Reads the days of a schedule phrase: days of the week, of the month, n-th weekdays, months."""

from __future__ import annotations

from plainwork.spec.schedule_cursor import EVERY, Cursor
from plainwork.spec.schedule_words import (
    MONTH_NUMBERS,
    ORDINALS,
    UNITS,
    WEEKDAYS,
    WEEKDAYS_MANY,
    WEEKEND,
    WORKDAYS,
    WORKING,
)


class DaysReader(Cursor):
    """The clauses about days and months."""

    def _lead(self) -> bool:
        """Take ``on``, ``every`` or ``each``; say whether it recurs."""
        if self._word() in EVERY:
            self.spot += 1
            return True
        self._take("on")
        return False

    def _read_weekdays(self) -> bool:
        if self.said.weekdays is not None or self.said.nth:
            return False
        recurs = self._lead()
        many = self._word() in WEEKDAYS_MANY or self._word() in ("weekdays", "weekends", "workdays")
        many = many or (self._word() in WORKING and self._word(1) == "days") or self._is_day_range()
        led = recurs or self._word(-1) == "on"
        found = self._day_list(short=led)
        many = many or self._word() in ("mornings", "afternoons", "evenings", "nights")
        if not found or not (led or many or self.said.recurs):
            return False
        self.said.weekdays = frozenset(found)
        self.said.recurs = self.said.recurs or recurs or many
        self._take_part_of_day()
        return True

    def _take_part_of_day(self) -> bool:
        """``morning`` or ``mornings`` behind a day, unless a part of the day was named before."""
        name = self._word().removesuffix("s")
        if name not in ("morning", "afternoon", "evening", "night") or self.said.part is not None:
            return False
        self.said.part = name
        self.spot += 1
        return True

    def _day_list(self, short: bool) -> set[int]:
        found = self._day_range(short)
        while found:
            spot = self.spot
            self._take(",")
            if not self._take("and"):
                self._take("&")
            self._take_any("on", *EVERY)
            more = self._day_range(short=True) if self.spot > spot else set()
            if not more:
                self.spot = spot
                break
            found |= more
        return self._without_exceptions(found) if found else found

    def _without_exceptions(self, found: set[int]) -> set[int]:
        """``every weekday except Friday``."""
        spot = self.spot
        if self._take_any("except", "but", "excluding"):
            self._take_any("on", "for")
            excluded = self._day_list(short=True)
            if excluded and excluded < found:
                return found - excluded
        self.spot = spot
        return found

    def _is_day_range(self) -> bool:
        """``Mon-Fri``, ``Monday to Friday``: nobody means just once by it."""
        joined = self._kind(1) == "dash" or self._word(1) in ("to", "through", "thru")
        return self._word() in WEEKDAYS and joined and self._word(2) in WEEKDAYS

    def _day_range(self, short: bool) -> set[int]:
        group = self._day_group()
        if group:
            return group
        first = self._day(short)
        if first is None:
            return set()
        spot = self.spot
        if self._take_any("to", "through", "until", "till", "thru") or self._kind() == "dash":
            self.spot += self._kind() == "dash"
            last = self._day(short=True)
            if last is not None:
                return {(first + ahead) % 7 for ahead in range((last - first) % 7 + 1)}
            self.spot = spot
        return {first}

    def _day(self, short: bool) -> int | None:
        word = self._word()
        number = WEEKDAYS_MANY.get(word, WEEKDAYS.get(word))
        if number is None or (len(word) < 4 and not short and not self._followed_by_day()):
            return None
        self.spot += 1
        return number

    def _followed_by_day(self) -> bool:
        return self._word(2) in WEEKDAYS or self._word(1) in WEEKDAYS

    def _day_group(self) -> set[int]:
        if self._take_any("weekday", "weekdays", "workday", "workdays"):
            return set(WORKDAYS)
        if self._take_any("weekend", "weekends"):
            return set(WEEKEND)
        if self._word() in WORKING and self._word(1) in ("day", "days"):
            self.spot += 2
            return set(WORKDAYS)
        if self._word() in ("day", "days") and self._word(1) in ("except", "but"):
            spot = self.spot
            self.spot += 2
            self._take_any("on", "for")
            excluded = self._day_list(short=True)
            if excluded:
                return set(range(7)) - excluded
            self.spot = spot
        return set()

    def _ordinal(self) -> int | str | None:
        word = self._word()
        if word == "last":
            self.spot += 1
            return "L"
        number = int(word[:-2]) if self._kind() == "ordinal" else ORDINALS.get(word)
        if number is not None:
            self.spot += 1
        return number

    def _ordinals(self) -> list[int | str]:
        found: list[int | str] = []
        while True:
            spot = self.spot
            if found and not self._take_glue():
                break
            self._take("the")
            number = self._ordinal()
            if number is None:
                self.spot = spot
                break
            found.append(number)
        return found

    def _read_nth(self) -> bool:
        """``on the first Monday of the month``, ``every last Friday of the month``."""
        if self.said.nth or self.said.days or self.said.weekdays is not None:
            return False
        recurs = self._lead()
        self._take("the")
        numbers = self._ordinals()
        day = WEEKDAYS.get(self._word()) if numbers else None
        if day is None:
            return False
        self.spot += 1
        owned = self._read_owner()
        if not owned and self.said.unit not in ("month", "quarter", "year"):
            return False
        if any(isinstance(number, int) and number > 5 for number in numbers):
            self.said.trouble = "a month has at most five of each day of the week"
        self.said.nth = [(day, number) for number in numbers]
        self.said.recurs = self.said.recurs or recurs or owned
        return True

    def _read_owner(self) -> bool:
        """``of the month``, ``of every month``, ``of each quarter``, ``of January and July``."""
        spot = self.spot
        if not self._take_any("of", "in"):
            return False
        self._take_any("the", "a", *EVERY)
        unit = UNITS.get(self._word())
        if unit in ("month", "quarter", "year") and self.said.unit in (None, unit):
            self.spot += 1
            self.said.unit = unit
            return True
        months = self._month_list()
        if months and self.said.months is None:
            self.said.months = frozenset(months)
            return True
        self.spot = spot
        return False

    def _read_month_days(self) -> bool:
        if self.said.days or self.said.nth or self.said.weekdays is not None:
            return False
        recurs = self._lead()
        return (self._read_named_date() or self._read_day_numbers()) and self._recurring(recurs)

    def _recurring(self, recurs: bool) -> bool:
        self.said.recurs = self.said.recurs or recurs
        return True

    def _read_named_date(self) -> bool:
        """``March 1st``, ``1 March``, ``the 1st of March`` (the last one by the owner clause)."""
        spot = self.spot
        if self.said.months is not None:
            return False
        month = self._month()
        number = self._date_number() if month else None
        if number is None:
            self.spot = spot
            number = self._number() if self._kind() == "number" else None
            month = self._month() if number else None
        if month is None or number is None:
            self.spot = spot
            return False
        self.said.months, self.said.days = frozenset({month}), [number]
        return True

    def _read_edge(self) -> bool:
        """``at the end of every month``, ``at the start of each quarter``."""
        self._take_any("at", "by", "on")
        self._take("the")
        edges: dict[str, int | str] = {"end": "L", "start": 1, "beginning": 1}
        edge = edges.get(self._word())
        if edge is None or self._word(1) != "of" or self.said.days or self.said.nth:
            return False
        self.spot += 2
        recurs = self._take_any(*EVERY)
        unit = UNITS.get(self._word() if recurs or self._take("the") else "")
        if unit is None or self.said.unit not in (None, unit):
            return False
        self.spot += 1
        self.said.unit, self.said.recurs = unit, True
        if unit in ("month", "quarter", "year"):
            self.said.days = [edge]
        else:
            self.said.trouble = f"the {'end' if edge == 'L' else 'start'} of a {unit} is not one certain time"
        return True

    def _date_number(self) -> int | str | None:
        self._take("the")
        if self._kind() == "number" and self._kind(1) not in ("half", "minute"):
            return self._number()
        return self._ordinal()

    def _read_day_numbers(self) -> bool:
        """``the 1st and 15th``, ``day 5``, ``the last day``, ``the last working day``."""
        self._take("the")
        if self._take_any("day", "days"):
            number = self._number()
            self.said.days = [number] if number is not None else []
        else:
            self.said.days = self._ordinals()
            if self.said.days == ["L"]:
                self.said.days = self._last_day()
            elif self.said.days:
                self._read_first_working_day()
        if not self.said.days:
            return False
        owned = self._read_owner()
        if not owned and self.said.unit not in ("month", "quarter", "year"):
            self.said.days = []
            return False
        self.said.recurs = self.said.recurs or owned
        return True

    def _last_day(self) -> list[int | str]:
        if self._take("day"):
            return ["L"]
        if self._take_any("weekday", "workday") or (self._word() in WORKING and self._take(self._word(), "day")):
            return ["LW"]
        return []

    def _read_first_working_day(self) -> None:
        if self._take_any("weekday", "workday") or (self._word() in WORKING and self._take(self._word(), "day")):
            self.said.trouble = "cron knows the last working day of a month, not the first"
        else:
            self._take_any("day", "days")

    def _read_months(self) -> bool:
        """``in January and July``, ``every January``."""
        if self.said.months is not None:
            return False
        recurs = self._word() in EVERY
        if not self._take_any("in", "of", "every", "each"):
            return False
        months = self._month_list()
        if not months:
            return False
        self.said.months = frozenset(months)
        return self._recurring(recurs)

    def _month(self) -> int | None:
        number = MONTH_NUMBERS.get(self._word())
        if number is not None:
            self.spot += 1
        return number

    def _month_list(self) -> set[int]:
        found: set[int] = set()
        month = self._month()
        while month is not None:
            found.add(month)
            spot = self.spot
            if self._take("to") or self._take("through"):
                last = self._month()
                if last is None:
                    break
                found |= {(month - 1 + ahead) % 12 + 1 for ahead in range((last - month) % 12 + 1)}
                spot = self.spot
            glued = self._take_glue()
            month = self._month() if glued else None
            if month is None:
                self.spot = spot
        return found
