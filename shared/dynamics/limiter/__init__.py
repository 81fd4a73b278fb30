"""The limits of an application user, kept by all processes together.

`limits` says what a back-end allows, `sheet` what the processes hold of it, `decisions` who gets what (pure), `gate` is
one user as this process sees it, and `limiter` lets requests through.
"""
