"""The views in a browser, and who may look.

pageviews           the pages
badges              an image's badge, which everybody may see
guard, entrance     who may see the pages; what others are answered
browsers            how a browser is answered
"""
