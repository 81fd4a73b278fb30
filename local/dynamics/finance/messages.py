"""Finance's errors: an outer text that says nothing, and the cause in innererror.message."""

from typing import Any

from local.dynamics.odata.errors import Messages, ServiceError

TABLE = {
    "unknown_property": (
        400,
        "",
        "The property '{property}' does not exist on type '{type}'. Make sure to only use property names that are "
        "defined by the type.",
    ),
    "unknown_query_property": (400, "", "Could not find a property named '{property}' on type '{type}'."),
    "read_only": (400, "", "The property '{property}' of type '{type}' cannot be written."),
    "wrong_type": (400, "", "Cannot convert a value '{value}' of '{property}' to the expected type '{type}'."),
    "wrong_option": (400, "", "Requested value '{value}' of '{property}' was not found. Members are: {options}"),
    "too_long": (
        400,
        "",
        "The value of '{property}' has {length} characters, the string size is {max_length}. Value: {value}",
    ),
    "bad_filter": (400, "", "The filter '{filter}' is not valid: {reason}"),
    "or_across_fields": (400, "", "The filter combines different fields by or."),
    "unknown_option": (400, "", "The query parameter '{option}' is not supported."),
    "bad_option": (400, "", "The value '{value}' of the query option {option} is not valid."),
    "bad_json": (400, "", "Cannot read the request body: {reason}"),
    "bad_batch": (400, "", "Cannot read the batch: {reason}"),
    "deep_patch": (400, "", "The update of '{property}' within '{type}' is not supported."),
    "unknown_resource": (404, "", "No HTTP resource was found that matches the segment '{name}'."),
    "unknown_action": (404, "", "The action '{action}' is not served for type '{type}'."),
    "not_found": (404, "", "No resources were found when selecting {type} ({key})."),
    "method_not_allowed": (405, "", "'{method}' requests for '{name}' are not allowed."),
    "etag_stale": (412, "", "The record was changed since it was read: the ETag of If-Match does not match."),
    "page_too_large": (400, "", "A page of {size} entities exceeds the limit of {limit}."),
    "batch_too_large": (400, "", "A batch of {size} operations exceeds the limit of {limit}."),
    "unauthenticated": (401, "", "Unauthorized"),
    "too_many_requests": (429, "", "The service is under pressure. Try again after the time in Retry-After."),
}
MESSAGES = Messages(TABLE)
CANCELED = "Error: Update has been canceled."


def infolog(entity: str, *lines: str) -> ServiceError:
    """Return a refusal by business logic; lines begin with `Error:`, `Warning:` or `Info:`."""
    text = "; ".join(line if line.startswith(("Error:", "Warning:", "Info:")) else f"Error: {line}" for line in lines)
    return ServiceError(400, "", f"Write failed for table row of type '{entity}Entity'. Infolog: {text}.")


def not_related(entity: str, value: object, field: str, table: str) -> ServiceError:
    """Return the refusal of a value that names no row of the related table."""
    text = f"Error: The value '{value}' in field '{field}' is not found in the related table '{table}'."
    return infolog(entity, text, CANCELED)


def must_be_filled(entity: str, field: str) -> ServiceError:
    """Return the refusal of an empty mandatory field."""
    return infolog(entity, f"Error: Field '{field}' must be filled in.", CANCELED)


def error_body(error: ServiceError) -> dict[str, Any]:
    """Return the body of an error answer."""
    kind = "Microsoft.Dynamics.Platform.Integration.Services.OData.ODataException"
    inner = {"message": error.message, "type": kind, "stacktrace": ""}
    return {"error": {"code": error.code, "message": "An error has occurred.", "innererror": inner}}


def fault_body(status: int) -> dict[str, Any]:
    """Return the body of a programmed failure."""
    if status == 429:
        return error_body(MESSAGES.error("too_many_requests"))
    return error_body(ServiceError(status, "", f"The service answered with status {status}."))
