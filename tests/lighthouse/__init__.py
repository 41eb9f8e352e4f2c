"""Lighthouse on every page of a filled world, on the server that production has, as phone and as desktop.

``make lighthouse`` (needs Node and Chromium; takes an hour for all) prints a line for each page and preset,
and fails below 95 in any of the four categories. Nothing is fetched but over loopback.

One audit is left out, ``is-crawlable``: pages behind a sign-in are not for search engines, and say so.
The processor may be busy with other things: a page that is too slow is measured again, and its best counts.
"""
