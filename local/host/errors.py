"""The one error that keeps the host from starting."""


class HostError(Exception):
    """The app or its settings cannot be served; the text says what, where and what to do next."""
