"""Pushes and regions, as operators see them.

pushlists           lists of pushes: newest, of an image, of a region
openpushes          those that are open, whose rows are not written yet
pushlooks           one push in all detail
pushviews           what a push's instance tells of it
regionlists         the regions, and how they lag
paging              a list's pages, and the token from one to the next
"""
