"""A geo-replicated registry in a box: what `acr-global simulate` plays, and how it is judged.

    lag        how long after a push its webhook comes: fixed, or drawn from a distribution
    scenario   what a scenario file may say, as models
    reading    YAML → Scenario, or each mistake with its line and field
    schema     docs/scenario.schema.json, for editors
    plan       Scenario → every push and every webhook, with its time
    expect     plan → what must be said of each push
    receivers  take the app's messages, or refuse them at first
    state      what has been answered and told so far
    judge      expected and actual messages → what is wrong, and what is not known
    asking     the verdicts as the app lists them, where nobody receives its messages
    table      a run as rows: one per push, with a column for each region
    play       the shell: posts the webhooks and waits for the verdicts

All but receivers, asking and play are pure.
"""
