"""One module a flow: load, plan, write, write back."""
