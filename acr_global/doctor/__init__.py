"""Everything that can be wrong between a push and its verdict: facts → findings.

    finding     the result of a check: fine, wrong, or not made, and what to do
    facts       what is known, or why it is not
    app         the app from outside and inside: reached, key, settings, functions, engine, clock
    regions     the expected regions, and the registry's replicas
    hooks       the registry's webhooks: existence, state, URI and key
    deliveries  what the event logs say of the last posts, and which correlation fits
    catching_up whether what was not delivered is taken in, and what there is of it
    examine     all checks, in the order of a push's way
    asking      one request to the app
    aside       blocking work, in a thread that nobody waits for
    gather      finds the facts: asks the app and the resource manager, side by side

All but the last three is pure. docs/doctor.md says what each line means.
"""
