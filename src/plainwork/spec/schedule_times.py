"""Reads the times of a schedule phrase: times of day, minutes of the hour, windows."""

from __future__ import annotations

from plainwork.spec.schedule_cursor import Clock, Cursor
from plainwork.spec.schedule_words import NUMBERS, UNITS, WORKDAYS, WORKING


class TimesReader(Cursor):
    """The clauses about times."""

    def _read_times(self) -> bool:
        if self.said.times:
            return False
        at = self._take_any("at", "@")
        self._halved = False
        first = self._clock(bare=at)
        if first is None:
            return False
        bare = [self._was_bare]
        self.said.times = [first]
        while True:
            spot = self.spot
            if not self._take_glue():
                break
            self._take("at")
            following = self._clock(bare=True)
            if following is None:
                self.spot = spot
                break
            self.said.times.append(following)
            bare.append(self._was_bare)
        halves = self._halved
        self.said.unsure_times = halves and any(
            b and 0 < hour <= 12 for b, (hour, _) in zip(bare, self.said.times, strict=True)
        )
        self._take("sharp")
        return True

    _was_bare = False
    _halved = False

    def _clock(self, bare: bool) -> Clock | None:
        """One time of day; a number alone counts only where ``bare``."""
        spot = self.spot
        found = self._named_time() or self._spoken_time() or self._written_time(bare)
        if found is None:
            self.spot = spot
        return found

    def _named_time(self) -> Clock | None:
        self._was_bare = False
        if self._take_any("noon", "midday"):
            return 12, 0
        return (0, 0) if self._take("midnight") else None

    def _spoken_time(self) -> Clock | None:
        """``half past 8``, ``quarter to nine pm``."""
        for words, minutes in ((("half", "past"), 30), (("quarter", "past"), 15), (("quarter", "to"), -15)):
            if self._take(*words):
                hour = self._number()
                if hour is None or not 0 < hour <= 23:
                    return None
                total = self._halve(hour, 0)[0] * 60 + minutes
                return total // 60 % 24, total % 60
        return None

    def _written_time(self, bare: bool) -> Clock | None:
        kind, word = self._kind(), self._word()
        if kind == "clock":
            hour, minute = (int(part) for part in word.replace(".", ":").split(":"))
            if "." in word and not bare and self._kind(1) != "half":
                return None
        elif kind == "hour24":
            hour, minute = int(word.split("h")[0]), int(word.split("h")[1] or 0)
        elif kind == "number" or (bare and word in NUMBERS):
            hour, minute = int(NUMBERS.get(word, word)), 0
            if not bare and self._kind(1) != "half" and self._word(1) != "o'clock":
                return None
            if self._word(1) in UNITS or (
                self._kind(1) == "other" and self._word(1) not in (",", ".", ";", "(", ")", "&")
            ):
                return None
        else:
            return None
        self.spot += 1
        if hour > 24 or minute > 59 or (hour == 24 and minute):
            self.said.trouble = f"{word} is not a time of day"
            return 0, 0
        self._was_bare = kind in ("number", "word")
        return self._halve(hour % 24, minute)

    def _halve(self, hour: int, minute: int) -> Clock:
        """Apply ``am``, ``pm``, ``o'clock``, ``in the evening``."""
        self._take("o'clock")
        if self._kind() == "half":
            return self._apply_half(hour, minute, self._word()[0])
        if self._take("in", "the", "morning"):
            self._was_bare, self._halved = False, True
        elif self._take("in", "the", "afternoon") or self._take("in", "the", "evening"):
            self._was_bare, self._halved = False, True
            return (hour + 12 if 0 < hour < 12 else hour), minute
        return hour, minute

    def _apply_half(self, hour: int, minute: int, half: str) -> Clock:
        word = self._word()
        self.spot += 1
        self._halved, self._was_bare = True, False
        if not 1 <= hour <= 12:
            self.said.trouble = f"{hour}:{minute:02d} {word} is not a time of day"
            return 0, 0
        return hour % 12 + (12 if half == "p" else 0), minute

    def _read_offset(self) -> bool:
        """``at :20``, ``at minute 20``, ``at 20 past``, ``on the hour``."""
        if self.said.offsets or self.said.unit != "hour":
            return False
        if self._take("on", "the", "hour"):
            self.said.offsets = [0]
            return True
        self._take_any("at", "on")
        if self._take("half", "past"):
            self.said.offsets = [30]
        elif self._take("quarter", "past"):
            self.said.offsets = [15]
        else:
            self.said.offsets = self._offset_list()
        self._take("the", "hour")
        return bool(self.said.offsets)

    def _offset_list(self) -> list[int]:
        found: list[int] = []
        named = self._take_any("minute", "minutes")
        while True:
            spot = self.spot
            if found and not self._take_glue():
                break
            number = self._offset(named)
            if number is None:
                self.spot = spot
                break
            found.append(number)
        return found

    def _offset(self, named: bool) -> int | None:
        if self._kind() == "minute":
            self.spot += 1
            number: int | None = int(self._word(-1)[1:])
        else:
            number = self._number()
            past = number is not None and (self._take("minutes", "past") or self._take_any("past"))
            if number is None or not (named or past):
                return None
        if number is not None and number > 59:
            self.said.trouble = f"an hour has no minute {number}"
        return number

    def _read_hours_of_work(self) -> bool:
        self._take_any("during", "in", "within")
        self._take("the")
        if self._word() not in WORKING or self._word(1) != "hours" or self.said.window:
            return False
        self.spot += 2
        self.said.window = ((9, 0), (17, 0))
        self.said.weekdays = self.said.weekdays or WORKDAYS
        self.said.assumed.append("working hours are taken as 9:00 to 17:00, Monday to Friday")
        return True

    def _read_window(self) -> bool:
        """``between 9 and 17``, ``from 9am to 5pm``."""
        if self.said.window or (not (between := self._take("between")) and not self._take("from")):
            return False
        self._halved = False
        first = self._clock(bare=True)
        if first is None or not (self._take("and") if between else self._take_any("to", "until", "till", "-", "–")):
            return False
        first_bare = self._was_bare
        last = self._clock(bare=True)
        if last is None:
            return False
        if self._halved and first_bare and last[0] > 12 and 0 < first[0] < 12 and first[0] + 12 < last[0]:
            self.said.assumed.append(f"{first[0]} is taken as {first[0]}:00 in the morning")
        if not self._halved and 0 < last[0] < first[0] <= 12:
            self.said.trouble = f"{last[0]} may mean {last[0]:02d}:00 or {last[0] + 12}:00"
        self.said.window = (first, last)
        return True
