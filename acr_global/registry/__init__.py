"""What the registry itself says about the regions that have not reported a push.

    question   what is asked, and how: Question, Access
    guard      one check becomes one Evidence, whatever happens to it
    look       the entrance: every region and kind side by side, within one budget
    naming     how our webhooks are named and marked (pure)
    webhooks   which of the registry's webhooks is ours in a region (pure)
    firings    event-log entries and what they mean (pure)
    event_log  asks the resource manager; the only file that imports the Azure SDK, and late
    addresses  where a manifest may be asked for and a token may be sent (pure)
    manifest   asks one region's own endpoint
    absence    what is asked for there, and what its answer proves (pure)
    transport  how the Azure SDK sends: by our proxies, without credentials

What each kind proves, and which rights it needs: docs/evidence.md.
"""
