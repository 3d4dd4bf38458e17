"""The app at work, on this machine: `make demo`, or `python -m demo`.

plan.py       what is pushed, and how its webhooks come in
registry.py   the simulated registry: one webhook per region, in the registry's own format
receivers.py  two receivers of notifications, one of which refuses each message twice
host.py       the local host as a subprocess, with settings of its own
judge.py      what came back → what is wrong with it
table.py      what came back → the table at the end
"""
