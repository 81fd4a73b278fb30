"""The one FunctionApp: registers the triggers. Nothing is connected at import time."""

import azure.functions as func

from shared.triggers import dynamics, http, queues, timers

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(http.blueprint)
app.register_functions(dynamics.blueprint)
app.register_functions(queues.blueprint)
app.register_functions(timers.blueprint)
