"""Business Central's error codes and texts."""

import uuid
from typing import Any

from local.dynamics.odata.errors import Messages, ServiceError

DIALOG = "Application_DialogException"
TABLE = {
    "unknown_property": (
        400,
        "BadRequest",
        "The property '{property}' does not exist on type '{type}'. Make sure to only use property names that are "
        "defined by the type.",
    ),
    "unknown_query_property": (400, "BadRequest", "Could not find a property named '{property}' on type '{type}'."),
    "read_only": (400, "BadRequest", "Control '{property}' is read-only."),
    "wrong_type": (400, "BadRequest", "Cannot convert the value '{value}' of '{property}' to the type '{type}'."),
    "wrong_option": (
        400,
        "Unknown",
        "'{value}' is not an option for '{property}'. The existing options are: {options}",
    ),
    "too_long": (
        400,
        "Application_StringExceededLength",
        "The length of the string is {length}, but it must be less than or equal to {max_length} characters. "
        "Value: {value}. Property: {property}",
    ),
    "bad_filter": (400, "BadRequest", "The filter '{filter}' is not valid: {reason}"),
    "or_across_fields": (
        400,
        "BadRequest",
        "The 'OR' operator is not supported on distinct fields on an OData filter.",
    ),
    "unknown_option": (400, "BadRequest", "The query parameter '{option}' is not supported."),
    "bad_option": (400, "BadRequest", "The value '{value}' of the query option {option} is not valid."),
    "bad_json": (400, "BadRequest", "Cannot read the request body as JSON: {reason}"),
    "deep_patch": (400, "BadRequest", "Deep update is not supported: '{property}' on type '{type}'."),
    "unknown_resource": (404, "BadRequest_NotFound", "No HTTP resource was found for the segment '{name}'."),
    "unknown_action": (404, "BadRequest_NotFound", "The action '{action}' is not served for type '{type}'."),
    "not_found": (
        404,
        "Internal_RecordNotFound",
        "The {type} does not exist. Identification fields and values: SystemId='{key}'",
    ),
    "method_not_allowed": (
        405,
        "BadRequest_MethodNotAllowed",
        "'{method}' requests for '{name}' are not allowed.",
    ),
    "if_match_missing": (
        400,
        "BadRequest_InvalidToken",
        "Could not validate the client concurrency token required by the service. Please send an If-Match header.",
    ),
    "etag_stale": (409, "Request_EntityChanged", "Another user has already changed the record."),
    "page_too_large": (413, "BadRequest", "A page of {size} entities exceeds the limit of {limit}."),
    "batch_too_large": (400, "BadRequest", "A batch of {size} operations exceeds the limit of {limit}."),
    "unauthenticated": (
        401,
        "Authentication_InvalidCredentials",
        "The server has rejected the client credentials.",
    ),
    "too_many_requests": (
        429,
        "Application_TooManyRequests",
        "Too many requests reached. The rate limit of this user is used up, retry later.",
    ),
}
MESSAGES = Messages(TABLE)


def dialog(message: str) -> ServiceError:
    """Return a business error: most of the application's own checks answer like this."""
    return ServiceError(400, DIALOG, message)


def invalid_relation(field: str, value: object, table: str) -> ServiceError:
    """Return the error for a value that names no row of the related table."""
    return ServiceError(
        400,
        "Internal_InvalidTableRelation",
        f"The field {field} contains a value ({value}) that cannot be found in the related table ({table}).",
    )


def error_body(error: ServiceError) -> dict[str, Any]:
    """Return the body of an error answer."""
    message = f"{error.message}  CorrelationId:  {uuid.uuid4()}."
    return {"error": {"code": error.code, "message": message}}


def fault_body(status: int) -> dict[str, Any]:
    """Return the body of a programmed failure."""
    if status == 429:
        return error_body(MESSAGES.error("too_many_requests"))
    return error_body(ServiceError(status, "Unknown", f"The service answered with status {status}."))
