"""What the app is tried with: for `acr-global simulate`, the demo, the tests and the benchmarks.

    registry    events in the registry's form, and posting them as its webhooks do
    receivers   servers that keep what they are sent, and answer as they are told to
    loopback    serving on a free port
    arm         a resource manager, for the SDKs and `az`
    processes   processes that end with the one that started them
    host        devhost as a process, with none of the user's settings
    world       the app on devhost in this process, with receivers and a poster of webhooks
    engine      Azurite, and `func` on the app
    simulation/ what `acr-global simulate` plays, and how it is judged

Never deployed. The wheel contains it, but without a checkout only registry, receivers, loopback,
processes, arm and simulation work: the others start `devhost`, `func` or Azurite, which only the
checkout has. Nothing here imports the demo, the tests, the benchmarks or the tools; only world
imports `devhost`.
"""
