"""What was said of pushes, listed for as long as it is kept.

bookkeeping         a verdict's row is written, and read again
ledgers             what such a list can do, and one in memory
tables, batches     the one in Table storage; a row written under all of its keys at once
purging             what has ended is removed, when it was kept for its time
"""
