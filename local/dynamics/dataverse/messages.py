"""Dataverse's error codes and texts. Codes without a public source are the ones that the field reports."""

from typing import Any

from local.dynamics.odata.errors import Messages, ServiceError

PAYLOAD = "0x80048d19"
QUERY = "0x80060888"
TABLE = {
    "unknown_property": (400, PAYLOAD, "Invalid property '{property}' was found in entity '{type}'."),
    "undeclared_property": (
        400,
        PAYLOAD,
        "An undeclared property '{property}' which only has property annotations in the payload but no property "
        "value was found in the payload.",
    ),
    "bad_bind": (400, PAYLOAD, "The value '{value}' of '{property}@odata.bind' is no reference to {target}."),
    "unknown_query_property": (400, QUERY, "Could not find a property named '{property}' on type '{type}'."),
    "read_only": (400, "0x80040216", "The property '{property}' of '{type}' cannot be set: the platform computes it."),
    "not_for_create": (400, "0x80040216", "The property '{property}' of '{type}' is not valid for create."),
    "not_for_update": (400, "0x80040216", "The property '{property}' of '{type}' is not valid for update."),
    "wrong_type": (400, PAYLOAD, "Cannot convert the value '{value}' of '{property}' to the expected type '{type}'."),
    "wrong_option": (
        400,
        "0x8004431a",
        "A validation error occurred. The value '{value}' of '{property}' is outside the valid range. "
        "Accepted Values: {options}",
    ),
    "out_of_range": (
        400,
        "0x80044331",
        "A validation error occurred. The value of '{property}' on record of type '{type}' is outside the valid "
        "range: {value} is not between {low} and {high}.",
    ),
    "too_long": (
        400,
        "0x80044331",
        "A validation error occurred. The length of the '{property}' attribute exceeded the maximum allowed length "
        "of '{max_length}'.",
    ),
    "required": (400, "0x80040203", "The property '{property}' of '{type}' must have a value."),
    "bad_filter": (400, QUERY, "The filter '{filter}' is not valid: {reason}"),
    "unknown_option": (400, QUERY, "The query parameter '{option}' is not supported."),
    "bad_option": (400, QUERY, "The value '{value}' of the query option {option} is not valid."),
    "bad_json": (400, PAYLOAD, "Error identified in Payload provided by the user: {reason}"),
    "deep_patch": (400, PAYLOAD, "Deep update is not supported: '{property}' on type '{type}'."),
    "bad_batch": (400, QUERY, "The batch request is not valid: {reason}"),
    "batch_too_large": (400, QUERY, "A batch of {size} requests exceeds the limit of {limit}."),
    "unknown_resource": (404, QUERY, "Resource not found for the segment '{name}'."),
    "unknown_action": (404, QUERY, "Resource not found for the segment '{action}' on '{type}'."),
    "not_found": (404, "0x80040217", "Entity '{type}' With Id = {key} Does Not Exist"),
    "key_not_found": (404, "0x80060891", "A record with the specified key values does not exist in {type} entity"),
    "bad_key": (
        400,
        "0x80060888",
        "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{type}'. Ensure that the names "
        "and number of key properties match the declared or alternate key properties for the resource "
        "'Microsoft.Dynamics.CRM.{type}'.",
    ),
    "duplicate_key": (
        412,
        "0x80060892",
        "Entity Key {key} violated. A record with the same value for {columns} already exists. A duplicate record "
        "cannot be created.",
    ),
    "exists": (412, "0x80040237", "A record with matching key values already exists."),
    "etag_stale": (
        412,
        "0x80060882",
        "The version of the existing record doesn't match the RowVersion property provided.",
    ),
    "method_not_allowed": (405, QUERY, "The requested resource '{name}' does not support http method '{method}'."),
    "no_track_changes": (400, "0x80072491", "Change tracking does not go with the query option {option}."),
    "delta_expired": (
        410,
        "0x80044352",
        "Version stamp associated with the client has expired. Please perform a full sync. It was for {days} days.",
    ),
    "not_tracked": (400, "0x80044351", "Change tracking is not enabled for the entity {type}."),
    "unauthenticated": (401, "0x80040220", "The bearer token is missing, has expired or is for another resource."),
    "too_many_requests": (
        429,
        "0x80072322",
        "Number of requests exceeded the limit over the time window of 300 seconds.",
    ),
    "too_much_time": (
        429,
        "0x80072321",
        "Combined execution time of incoming requests exceeded the limit over the time window of 300 seconds. Decrease "
        "number of concurrent requests or reduce the duration of requests and try again later.",
    ),
    "too_many_at_once": (429, "0x80072326", "Number of concurrent requests exceeded the limit."),
    # -- sales
    "no_customer": (400, "0x80043b10", "You should specify a parent contact or account."),
    "closed_order": (400, "0x80043b19", "The order {number} is {state}: it is read-only."),
    "use_action": (400, "0x80048408", "The state {state} of an order is reached by the action {action} only."),
    "status_of_state": (400, "0x80048408", "{status} is not a valid status code for state code {state} on {type}."),
    "write_in_product": (400, "0x80043b0e", "A write-in line has a productdescription and no productid."),
    "missing_product": (400, "0x80043b0f", "An existing-product line needs productid and uomid."),
    "product_state": (400, "0x80043b20", "The product {number} is not active: it cannot be sold."),
    "unit_group": (400, "0x80043b1d", "The unit is not valid for the product {number}: it is of another unit group."),
    "no_price_list": (400, "0x80043b21", "The order has no price list: an existing-product line needs one."),
    "not_in_price_list": (
        400,
        "0x80043b22",
        "The product {number} is not in the price list with this unit (pricing error 11, ProductNotInPriceLevel).",
    ),
    "currency_mismatch": (400, "0x80043b23", "The currency of the price list and of the order must match."),
    "quantity_decimals": (400, "0x80043b24", "The product {number} takes quantities with {decimals} decimals."),
    "missing_parent": (400, "0x80043b25", "A line needs salesorderid@odata.bind."),
    # -- customers
    "missing_address_parent": (400, "0x80040203", "An address needs parentid_account or parentid_contact."),
    "builtin_address": (400, "0x80040216", "Address {number} is part of its {type} and is changed there."),
    # -- events
    "only_asynchronous": (400, "0x80044150", "Only asynchronous steps (mode 1, stage 40) are simulated."),
    "bad_endpoint": (400, "0x80044150", "The service endpoint is not valid: {reason}"),
    # -- metadata
    "attribute_exists": (400, "0x80047013", "An attribute with the specified name {name} already exists."),
    "key_exists": (400, "0x80060889", "A key with the specified name {name} already exists."),
    "bad_metadata": (400, "0x80044150", "The definition is not valid: {reason}"),
    "no_attribute": (404, "0x80060888", "Could not find an attribute with the name {name} in {type}."),
    "no_entity": (404, "0x80060888", "Could not find an entity with the name {name}."),
}
MESSAGES = Messages(TABLE)


def error_body(error: ServiceError) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {"error": {"code": error.code, "message": error.message}}


def fault_body(status: int) -> dict[str, Any]:
    """Return the body of a programmed failure."""
    if status == 429:
        return error_body(MESSAGES.error("too_many_requests"))
    return error_body(ServiceError(status, "0x80040216", f"The service answered with status {status}."))
