"""`make chaos`: random schedules of pushes and faults, and what must hold whatever happens.

record      what was sent, what was heard, and what was troubled meanwhile
invariants  a record → what is wrong in it, group_invariants of groups of alarms; pure
schedule    a seed → pushes and faults, in the order of their times; pure
shrink      a schedule that fails → a smaller one that fails in the same way
parties     who sends the webhooks, and the receivers, both of which remember
features    what of the app some rounds use beside the rest
virtual     a schedule played on devhost, in virtual time
processes   the app's processes there, each with what the one before has noted
real        a schedule played on the real engine
proxy       what stands before Azurite there, and can fail
report      figures → a table
cli         python -m benchmarks.chaos
"""
