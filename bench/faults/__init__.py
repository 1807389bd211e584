"""`python -m bench.faults`: nine goals for what goes wrong, each measured from what ARM and storage themselves hold.

__main__     the command
goal         what a goal is, and its verdict
table        the verdicts as a table and as a line of JSON
ground       a stack with many deployments on it
inventory    what ARM holds: snapshots, intervals, what is still under way
worlds       bundles that goals deploy
sites        where a fault can happen, from a recorded run
goal_1 … 9   the goals, in the order of the table
"""
