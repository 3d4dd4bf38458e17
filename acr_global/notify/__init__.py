"""Telling the targets: a verdict becomes a message, a message one request per target.

    setting.py: ACR_GLOBAL_TARGETS ─▶ targets, each of a class in channels/
    Verdict ─ message.py ─▶ Message ─ target.render ─▶ OutboundRequest ─ deliver.py ─▶ Attempt
                              words.py: what people read                 target.judge: what an
                              signing.py: Standard Webhooks              answer means (outcomes.py)

A file of channels/ is all that there is to one kind; the others know only target.py. Everything but
deliver.py (and libraries that it calls) is pure; deliver.py is the only way out. trial.py sends one
test message through it.
"""
