"""All goals by number."""

from bench.faults import goal_1, goal_2, goal_3, goal_4, goal_5, goal_6, goal_7, goal_8, goal_9
from bench.faults.goal import Goal

GOALS: dict[int, Goal] = {
    module.GOAL.number: module.GOAL
    for module in (goal_1, goal_2, goal_3, goal_4, goal_5, goal_6, goal_7, goal_8, goal_9)
}
