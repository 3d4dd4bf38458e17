"""A verdict is reached; and told once, if it still stands, to everybody who is to hear of it.

waiting             what a push's orchestrator waits for, looks for and decides
notifying           how it has a verdict sent, until it is sent or handed over
standing            whether an alarm stands, so that no other can come in its place
joining             an alarm joins the group of those that lack the same regions
sending             one attempt for each target
overtaking          a retry gives way to what was said later
"""
