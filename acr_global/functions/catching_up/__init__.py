"""What the registry could not deliver is read from its logs.

catching            one run: what is new is taken in, oldest first
logs                the event logs of the webhooks
marks               how far each has been read
"""
