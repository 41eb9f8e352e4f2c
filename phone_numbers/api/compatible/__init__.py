"""SignalWire's number API, spoken by us: a client written for it works here with another host name.

Basic authentication: the workspace's project id (or its slug or id), and an API key with the ``numbers:``
scopes. What their document leaves open is decided so:

- **Which numbers.** Those that are ours to use: active ones, and sold ones whose papers are being checked.
- **Search** finds American and Canadian numbers at the first provider configured, as theirs does; every E.164
  number that it sells can be bought. A result is spelled both as in their document (``number``) and as their
  service writes it (``e164``, ``country_code`` …); its capabilities are a map of those it has.
- **A purchase** waits ``API_WAIT`` seconds. Sold: 200. Certainly not sold: 422. Not known by then: 504 with
  the code ``purchase_pending``; like any 5xx after a purchase it means "look before you try again". The order
  goes on, the number is in the list once it is ours, and the same request again waits for the same order.
- **An update** takes ``name`` (our nickname) and an agent: ``call_handler`` ``relay_application`` with the
  agent's id as ``call_relay_application``, whose latest published version then answers; a ``call_handler`` of
  null detaches it. Every other way to handle calls or messages is refused (422) rather than silently not
  done; repeating what the number shows, and fields that can't be changed, are ignored.
- **Refusals** have their status and shape: 400, 401 and 404 are ``{"error": "…"}``, all others
  ``{"errors": [{"detail", "status", "title", "code"}]}``. What a rule of ours says no to is 422 with our
  code, or theirs where they have one for it. Beyond their document: 403 (scope), 405, 409
  (``Idempotency-Key``), 413, 415, 429, 502, 503, 504.
- ``Idempotency-Key`` works as in our own API; theirs has none.
"""
