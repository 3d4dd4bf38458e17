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

    notice.py       what Message and GroupMessage have in common; group_words.py: the latter's texts
    request.py      what a request of any kind may hold
    lookup.py · heads.py · redirects.py     names, odd answers, redirects, for deliver.py
    preview.py      what an operator may see of a request
    schema.py · docs.py                     write docs/message.schema.json and docs/channels.md
"""
