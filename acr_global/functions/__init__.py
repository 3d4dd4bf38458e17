"""The Azure Functions shell: what the portal shows as `ImagePush` is http/image_push.py, and so on
in orchestrators/, activities/ and timers/. What they do stands in packages by subject; each one's
docstring says what is where, and a package imports only those that stand above it here:

    durable         the engine: what it is asked, what it stores, how turns are taken
    telemetry       what is measured, where somebody exports it
    recovery        what broke off goes on, or is given up
    records         what was said of pushes, listed for as long as it is kept
    arrivals        an arrival is put where nothing can lose it
    verdicts        a verdict is reached; and told, once, to everybody who is to hear of it
    catching_up     what the registry could not deliver is read from its logs
    views           pushes and regions, as operators see them
    pages           the same in a browser, and who may look

and beside them what all of these share:

    app, setup      what is registered; what each function works with
    answers         what callers are answered
    timings         how a timer function is registered, how long it runs, and page by page
    log, clock      one line for each thing that happened; the time

One webhook's way: http/image_push, arrivals/keeping, arrivals/searching,
orchestrators/wait_for_all_regions, verdicts/waiting, activities/fire_push_notification,
verdicts/sending, then notify/. `python -m tools.journey --way` lists it, function by function.
"""
