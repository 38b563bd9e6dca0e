"""The planner: what a run does next, worked out from its flow and its history alone.

Pure: no I/O, no clock (times are fields of records), no randomness but what the run's own id determines. The same
history always gives the same plan. ``Graph.build`` once per version; ``Progress`` (or ``Progress.resume``) per run.
"""

from plainwork.engine.plan.carry import Side, carry_over
from plainwork.engine.plan.given import Given, step_at
from plainwork.engine.plan.graph import Graph, GraphStep, Level, Scope
from plainwork.engine.plan.progress import PASSED_OVER, Progress, plan
from plainwork.engine.plan.recorded import Recorded
from plainwork.engine.plan.records import REPEAT, Failure, Plan, PlanStatus, Record, RecordStatus, Task

__all__ = [
    "PASSED_OVER",
    "REPEAT",
    "Failure",
    "Given",
    "Graph",
    "GraphStep",
    "Level",
    "Plan",
    "PlanStatus",
    "Progress",
    "Record",
    "RecordStatus",
    "Recorded",
    "Scope",
    "Side",
    "Task",
    "carry_over",
    "plan",
    "step_at",
]
