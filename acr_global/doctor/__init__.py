"""Everything that can be wrong between a push and its verdict: what is known → findings.

    finding     one check's outcome: fine, wrong, or not made, and what to do
    facts       what was found out, or why it could not be
    app         the app from outside and inside: reached, key, settings, functions, engine, clock
    regions     the regions that are expected, and the registry's replicas
    hooks       the registry's webhooks: there, enabled, where they post to, with which key
    deliveries  what the event logs say of the last posts, and which correlation fits
    catching_up whether what was not delivered is taken in, and what there is of it
    examine     all checks, in the order of a push's way
    asking      one request to the app
    aside       work that blocks, in a thread that nobody waits for
    gather      finds it out: asks the app and the resource manager, side by side

All but the last three is pure. docs/doctor.md says what each line means.
"""
