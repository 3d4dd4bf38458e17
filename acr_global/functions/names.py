"""The functions' names. Instances in flight hold them, so they never change."""

IMAGE_PUSH = "ImagePush"
HEALTH = "Health"
DEAD_LETTERS = "DeadLetters"
DEAD_LETTER = "DeadLetter"
REPLAY_DEAD_LETTER = "ReplayDeadLetter"
TRY_TARGET = "TryTarget"
PUSHES = "Pushes"
PUSH = "Push"
RETRY_PUSH = "RetryPush"
REGIONS = "Regions"
DIAGNOSIS = "Diagnosis"
REVIVE_INTERRUPTED = "ReviveInterrupted"
CATCH_UP = "CatchUp"
WAIT_FOR_ALL_REGIONS = "WaitForAllRegions"
COURIER = "Courier"
DELIVER_NOTIFICATION = "DeliverNotification"
NOTE_OPEN = "NoteOpen"
PROBE_FUNCTIONS = "ProbeFunctions"
CARRY_ARRIVAL = "CarryArrival"
GATHER_EVIDENCE = "GatherEvidence"
FIRE_PUSH_NOTIFICATION = "FirePushNotification"
HAND_OVER_DELIVERY = "HandOverDelivery"
ATTEMPT_DELIVERY = "AttemptDelivery"


def every() -> tuple[str, ...]:
    """All of them, sorted."""
    return tuple(sorted(value for name, value in globals().items() if name.isupper()))


def always() -> tuple[str, ...]:
    """Those that every app has: `CatchUp` is there only where the settings ask for it."""
    return tuple(name for name in every() if name != CATCH_UP)


def activities() -> tuple[str, ...]:
    """Those that orchestrators call."""
    return (
        CARRY_ARRIVAL,
        GATHER_EVIDENCE,
        FIRE_PUSH_NOTIFICATION,
        HAND_OVER_DELIVERY,
        ATTEMPT_DELIVERY,
    )
