"""The spine of the REST API: keys, scopes, rate limits, idempotency, errors, pages, the OpenAPI document.

An endpoint is a ``views.ApiView`` with one serializer in, one verb, one serializer out.
"""
