"""What is measured, where somebody exports it.

observing           where the observer is found; None where nobody exports
observer            spans and measures of what happens
exporting           the exporter, from the settings
"""
