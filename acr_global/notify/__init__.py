"""Telling the targets: a verdict becomes a message, a message one request per target.

    Verdict ─ message.py ─▶ Message ─ channels.py ─▶ OutboundRequest ─ deliver.py ─▶ Attempt
                              one file per channel: the exact bytes     outcomes.py: what an
                              words.py: what people read                answer means
                              signing.py: Standard Webhooks

Everything but deliver.py is pure; deliver.py is the only way out. trial.py sends one test
message through it.
"""
