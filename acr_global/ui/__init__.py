"""The pages at /api/ui: what an operator sees. Pure: API models in, HTML out.

    texts       durations and paths, as pages write them
    states      each state's word, symbol and colour
    scale       seconds → places on a line, with the ticks of an axis
    timeline    one push: each region's way, to scale
    pushes, push, regions, letters  what is shown: the view models of the pages
    render      view model → HTML, by the templates beside (Jinja2, which escapes every value)
    assets      stylesheet, script and symbol, named by their content

A page holds no moment that passes by itself: what is left until a deadline is counted by the
script. So a page is the same as long as nothing has happened, and its ETag says so.
"""
