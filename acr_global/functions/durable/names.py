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
OPEN_API = "OpenApi"
BADGE = "Badge"
DIAGNOSIS = "Diagnosis"
UI_SIGN_IN = "SignIn"
UI_PAGES = "Pages"
UI_PAGE_FORMS = "PageForms"
UI_PAGE_ASSETS = "PageAssets"
REVIVE_INTERRUPTED = "ReviveInterrupted"
CATCH_UP = "CatchUp"
PURGE_FINISHED = "PurgeFinished"
WAIT_FOR_ALL_REGIONS = "WaitForAllRegions"
COURIER = "Courier"
DELIVER_NOTIFICATION = "DeliverNotification"
NOTE_OPEN = "NoteOpen"
PROBE_FUNCTIONS = "ProbeFunctions"
GATHER_ALARMS = "GatherAlarms"
CARRY_ARRIVAL = "CarryArrival"
GATHER_EVIDENCE = "GatherEvidence"
RECALL_PUSH = "RecallPush"
FIRE_PUSH_NOTIFICATION = "FirePushNotification"
HAND_OVER_DELIVERY = "HandOverDelivery"
ATTEMPT_DELIVERY = "AttemptDelivery"
TELL_GROUP = "TellGroup"
ASK_MEMBERS = "AskMembers"


ALARM_EVENT = "alarm"
"""The external event by which a group hears of a push. Not a function's name."""

WAKE_EVENT = "wake"
"""The external event that gives a push a turn, and says nothing."""


def every() -> tuple[str, ...]:
    """All of them, sorted."""
    return tuple(
        sorted(value for name, value in globals().items() if name.isupper() and value[0].isupper())
    )


def always() -> tuple[str, ...]:
    """Those that every app has: `CatchUp`, `Badge` and the pages depend on the settings."""
    return tuple(name for name in every() if name not in (CATCH_UP, BADGE, *pages()))


def pages() -> tuple[str, ...]:
    """Those of the pages: their names here begin with UI_."""
    return tuple(sorted(value for name, value in globals().items() if name.startswith("UI_")))


def there(*, catches_up: bool, badges: bool, ui: str) -> tuple[str, ...]:
    """Those that an app with these settings has."""
    without_key = () if ui == "key" else (UI_SIGN_IN,)
    absent = {*(pages() if ui == "off" else without_key), *(() if catches_up else (CATCH_UP,))}
    absent |= set() if badges else {BADGE}
    return tuple(name for name in every() if name not in absent)


def activities() -> tuple[str, ...]:
    """Those that orchestrators call."""
    return (
        CARRY_ARRIVAL,
        GATHER_EVIDENCE,
        RECALL_PUSH,
        FIRE_PUSH_NOTIFICATION,
        HAND_OVER_DELIVERY,
        ATTEMPT_DELIVERY,
        TELL_GROUP,
        ASK_MEMBERS,
    )
