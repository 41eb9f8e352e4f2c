"""Numbers: list, buy, one, change, release."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import api_actor, workspace_of
from dialnexa.doorbell import ring_on_commit
from phone_numbers.api.changes import change_number
from phone_numbers.api.compatible.changes import wish_of
from phone_numbers.api.compatible.lists import ListQuery, get_owned, links_of, owned_numbers, page_of
from phone_numbers.api.compatible.purchase import buy
from phone_numbers.api.compatible.shapes import number_shape
from phone_numbers.api.compatible.views import CompatibleView
from phone_numbers.releasing import release_number
from phone_numbers.tasks import release_number as tell_carrier


class Numbers(CompatibleView):
    scopes = {"GET": "numbers:read", "POST": "numbers:purchase"}
    limits = {"POST": "purchase"}

    def get(self, request: Request) -> Response:
        asked = read(ListQuery, request.query_params)
        page = page_of(workspace_of(request), asked)
        links = links_of(request.path, asked, page)
        return Response({"links": links, "data": [number_shape(number) for number in page.rows]})

    @idempotent
    def post(self, request: Request) -> Response:
        order = buy(request)
        return Response(number_shape(owned_numbers(workspace_of(request)).get(pk=order.number_id)))


class Number(CompatibleView):
    scopes = {"GET": "numbers:read", "PUT": "numbers:write", "DELETE": "numbers:release"}

    def get(self, request: Request, number_uuid: str) -> Response:
        return Response(number_shape(get_owned(workspace_of(request), number_uuid)))

    def put(self, request: Request, number_uuid: str) -> Response:
        workspace = workspace_of(request)
        number = get_owned(workspace, number_uuid)
        wish = wish_of(number, dict(request.data))
        change_number(number, wish, by=api_actor(request), now=clock.now())
        return Response(number_shape(get_owned(workspace, number_uuid)))

    def delete(self, request: Request, number_uuid: str) -> Response:
        number = get_owned(workspace_of(request), number_uuid)
        release_number(number, by=api_actor(request), now=clock.now())
        ring_on_commit(tell_carrier, number_id=number.pk)
        return Response(status=204)
