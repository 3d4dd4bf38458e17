"""An arrival is put where nothing can lose it.

keeping             the promise: accepted means kept
searching           the search for a place, shared by those that come together
instances           which instance an arrival belongs to: by id, or by content
pacing              a few at a time, so that a burst leaves the engine room
strays              one whose region has left the settings finds the push that waits for it
beginning           what follows a start: has the push begun?
"""
