"""The Azure Functions shell: what the portal shows as `ImagePush` is http/image_push.py, and so on
in orchestrators/, activities/ and timers/. Beside them stands what they share:

    app, setup                          what is registered; what each function works with
    sdk                                 our bindings; the durable SDK, where its releases differ
    engine, statuses, names             the engine's calls, bounds and names of functions
    wire, notifications                 what the engine stores: of pushes; of what is sent
    keeping, searching, instances       an arrival is put where nothing can lose it
    pacing, strays                      in its turn; and where its region has left the settings
    beginning, turns, external_events   a push begins, has its turns, and hears of its regions
    waiting, notifying                  what a push's orchestrator waits for, decides; and has sent
    standing, sending, overtaking       an alarm is told if it stands; one attempt for each target
    joining, groups                     an alarm joins its group; what a group stores
    journal, noting                     what a process notes of its work
    accepted                            what of a push is noted on this machine
    orphans, awaking                    who goes on with it when the process has died
    bookkeeping, ledgers, tables        what was said of pushes, listed: in storage, or in memory
    batches                             a row of it, written under all of its keys at once
    pushlists, openpushes, pushlooks, pushviews     pushes, as operators see them
    regionlists, badges                 regions, likewise; and an image, as everybody may see it
    reviving, mending, givingup         what was broken off begins anew, or is given up
    answers, letters, replays, paging   what operators are answered
    catching, logs, marks               what the registry could not deliver is taken in, and marked
    purging                             what has ended is removed, when it was kept for its time
    timings                             how a timer function is registered, and how long it runs
    probing                             whether the engine takes up what it is given
    guard, entrance                     who may see the pages; what others are answered
    pageviews, browsers                 the pages, and how a browser is answered
    log, clock                          one line for each thing that happened; the time
    observing, observer, exporting      what is measured, where somebody exports it

One webhook's way: http/image_push, keeping, searching, orchestrators/wait_for_all_regions, waiting,
activities/fire_push_notification, sending, then notify/. `python -m tools.journey --way` lists it,
function by function.
"""
