"""Reads the clauses of a schedule phrase, in any order, into what they say: unit, days, times, window, zone.

Each ``_read_*`` method takes a clause at the current token and says whether it did; nothing is decided here about what
cron can express.
"""

from __future__ import annotations

from plainwork.spec.schedule_cursor import EVERY
from plainwork.spec.schedule_days import DaysReader
from plainwork.spec.schedule_times import TimesReader
from plainwork.spec.schedule_words import (
    ADVERBS,
    AMBIGUOUS_ZONES,
    ORDINALS,
    PARTS_OF_DAY,
    TIMES_WORDS,
    UNITS,
    WEEKDAYS,
    cities,
    zones,
)

_PER = ("a", "an", "per", *EVERY)


class Reader(TimesReader, DaysReader):
    """Reads clauses from ``tokens`` at ``spot`` on."""

    def read(self) -> int:
        """Take as many clauses as there are; the number of tokens up to the end of the last one."""
        end = self.spot
        while self._read_clause():
            end = self.spot
            while self._word() in (",", "and", ";"):
                self.spot += 1
        self.spot = end
        return end

    def _read_clause(self) -> bool:
        readers = (
            self._read_adverb,
            self._read_rate,
            self._read_hours_of_work,
            self._read_edge,
            self._read_nth,
            self._read_month_days,
            self._read_weekdays,
            self._read_every,
            self._read_window,
            self._read_offset,
            self._read_times,
            self._read_part,
            self._read_months,
            self._read_zone,
        )
        return any(self._attempt(read) for read in readers)

    # How often

    def _read_adverb(self) -> bool:
        unit = ADVERBS.get(self._word())
        if unit is None or self.said.unit:
            return False
        self.said.unit, self.said.recurs = unit, True
        self.said.nightly = self._word() == "nightly"
        self.spot += 1
        return True

    def _read_rate(self) -> bool:
        """``twice a day``, ``3 times an hour``."""
        count = TIMES_WORDS.get(self._word())
        self.spot += 1
        if count is None:
            self.spot -= 1
            count = self._number()
            if count is None or not self._take_any("times", "time"):
                return False
        if count == 1 and self._word() in EVERY:
            return self._read_every()
        if self.said.unit or not self._take_any(*_PER) or self._word() not in UNITS:
            return False
        self.said.unit, self.said.recurs = UNITS[self._word()], True
        self.said.rate = count if count > 1 else None
        self.spot += 1
        return True

    def _read_every(self) -> bool:
        if self.said.unit or not self._take_any(*EVERY):
            return False
        self.said.recurs = True
        if self._take("single"):
            return self._read_unit(1)
        return self._read_fraction() or self._read_other() or self._read_counted() or self._read_part_of_day()

    def _read_fraction(self) -> bool:
        for words, minutes in (
            (("half", "an", "hour"), 30),
            (("half", "hour"), 30),
            (("quarter", "of", "an", "hour"), 15),
            (("quarter", "hour"), 15),
        ):
            if self._take(*words):
                self.said.unit, self.said.step = "minute", minutes
                return True
        return False

    def _read_other(self) -> bool:
        """``every other week``, ``every second day``, ``every 3rd hour``."""
        word = self._word()
        number = 2 if word in ("other", "alternate") else ORDINALS.get(word)
        if self._kind() == "ordinal":
            number = int(word[:-2])
        if number is None:
            return False
        self.spot += 1
        if self._word() in WEEKDAYS or self._word() in ("weekday", "workday", "weekend"):
            self.said.unit, self.said.step = "week", number
            self.said.trouble = f"“every {word} {self._word()}” needs a count over several weeks"
            self.spot += 1
            return True
        return self._read_unit(number)

    def _read_counted(self) -> bool:
        number = self._number()
        return self._read_unit(1 if number is None else number)

    def _read_unit(self, step: int) -> bool:
        unit = UNITS.get(self._word())
        if unit is None:
            return False
        self.spot += 1
        self.said.unit, self.said.step = unit, step
        return True

    def _read_part_of_day(self) -> bool:
        if self._word() not in PARTS_OF_DAY:
            return False
        self.said.unit, self.said.part = "day", self._word()
        self.spot += 1
        return True

    def _read_part(self) -> bool:
        """``in the evening``, ``at night``."""
        if not self.said.recurs or self.said.times or self.said.unit in ("minute", "hour"):
            return False
        return (self._take("in", "the") or (self._take("at") and self._word() == "night")) and self._take_part_of_day()

    # Where

    def _read_zone(self) -> bool:
        if self.said.zone or self.said.unsure_zone:
            return False
        bracket = self._take("(")
        led = self._take("in") or bracket
        if not self._read_zone_name(led):
            return False
        self._take("time", "zone") or self._take_any("time", "timezone")
        return self._take(")") if bracket else True

    def _read_zone_name(self, led: bool) -> bool:
        word = self._word()
        if self._kind() == "zone" and word in zones():
            self.said.zone = zones()[word]
        elif word in ("utc", "gmt", "z") and (word != "z" or led):
            self.said.zone = "UTC"
        elif word in AMBIGUOUS_ZONES and self._is_zone_word():
            self.said.unsure_zone = word
        elif self._kind() == "zone" and led:
            self.said.trouble = f"“{self.tokens[self.spot].original}” is not a time zone"
        else:
            return self._read_city(led)
        self.spot += 1
        return True

    def _is_zone_word(self) -> bool:
        """``EST``, ``Eastern``: in capitals, because ``et`` and ``central`` are words too."""
        original = self.tokens[self.spot].original
        return original.isupper() if len(original) < 5 else original[0].isupper()

    def _read_city(self, led: bool) -> bool:
        for length in (3, 2, 1):
            words = [self._word(ahead) for ahead in range(length)]
            if not all(self._kind(ahead) == "word" for ahead in range(length)):
                continue
            capital = self.tokens[self.spot].original[:1].isupper()
            if not capital or not (led or self._word(length) == "time"):
                continue
            name = cities().get(" ".join(words))
            if name is not None:
                self.said.zone = name
                self.spot += length
                return True
        return False
