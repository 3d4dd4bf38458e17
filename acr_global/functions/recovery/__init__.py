"""What broke off goes on, or is given up and can be tried again.

orphans, awaking    which turns a dead process was in, by its journal; they are gone on with
noting              what is open is noted in storage, for when this machine is gone
accepted            what this machine's journals tell of one push
reviving            the next life of a push: with what the one before knew
resuming            a delivery or a group that was broken off, with what its history holds
mending             what is done to an instance that failed: begun again, or a courier sent
givingup            what breaks again and again, or cannot be reached: a dead letter
letters, replays    dead letters, as the engine keeps them, and their replays
"""
