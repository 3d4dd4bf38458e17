"""What the app costs, beside the textbook way of writing it. For people, not for the tests.

Every figure stands next to a baseline from the same run on the same machine, because a figure
alone says more about the machine than about the app. Nothing is asserted.

    sides       the two apps, and one push through either
    cost        storage operations per push
    throughput  wall and CPU time of many pushes
    coldstart   what importing the app takes, beside a Durable app with one function
    replay      CPU time of one replay of a recorded history
    starter     how long a webhook waits for its answer
    requests    requests to storage per push; on the real engine
    cpu         processor time of the Python process per push, likewise
    bursts      webhooks a second, and how soon a push is decided; on the real engine
    polling     what looking into queues costs and buys, likewise
    hub         what host.json's settings for a task hub cost and buy, likewise
    kills       what becomes of pushes when the host or Python is killed; on the real engine
    chaos/      random pushes and faults, and what must hold whatever happens
    process     this process: what it runs on, and how it is silent
    table       plain text

What each means, and figures: docs/benchmarks.md; of bursts, kills and chaos docs/reliability.md.
"""
