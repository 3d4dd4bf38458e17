"""The app at work, on this machine: `make demo`, or `python -m demo`.

plan.py       what is pushed, and how its webhooks come in
webhooks.py   what the simulated registry posts: one webhook per region
receivers.py  two receivers of notifications, one of which refuses each message twice
settings.py   the app's settings
judge.py      what came back → what is wrong with it
table.py      what came back → the table at the end

Registry, receivers and host are those of acr_global_rig.
"""
