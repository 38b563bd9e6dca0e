"""The scheduler: fires due schedules, each time exactly once however many schedulers run; starts what waits for the run
before; polls what has to be asked; sweeps up what workers that died have left; keeps partitions ahead of the clock, deletes
what has had its time, and removes deleted workspaces for good.
Runs that wait wake by themselves: their queue entry says when.
"""

from plainwork.scheduler.alarms import AlarmWatch, mailer
from plainwork.scheduler.loop import Scheduler
from plainwork.scheduler.poller import Poller
from plainwork.scheduler.removal import Remover
from plainwork.scheduler.ticks import inputs_from

__all__ = ["AlarmWatch", "Poller", "Remover", "Scheduler", "inputs_from", "mailer"]
