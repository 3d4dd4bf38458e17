"""The app at work, on this machine: `make demo`, or `python -m demo`.

It starts devhost and plays scenario.yaml to the app on it, as `acr-global simulate` does to any.
"""
