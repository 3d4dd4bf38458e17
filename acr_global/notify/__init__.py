"""Telling the targets: a verdict, or a report on a group of pushes, becomes a message, a message
one request per target.

    setting.py: ACR_GLOBAL_TARGETS ─▶ targets, each of a class in channels/
    Verdict ─ message.py ─▶ Message ─ target.render ─▶ OutboundRequest ─ deliver.py ─▶ Attempt
    GroupReport ─ group.py ─▶ GroupMessage ─▶ ...                        target.judge: what an
                              sheet.py, words.py: what people read       answer means (outcomes.py)
                              signing.py: Standard Webhooks

A file of channels/ is all that there is to one kind; the others know only target.py. Everything but
deliver.py (and libraries that it calls) is pure; deliver.py is the only way out. trial.py sends one
test message through it.
"""
