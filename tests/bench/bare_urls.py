"""The whole map, and beside it views that do nothing, insert a row, or answer calls without noting them."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from dialnexa import clock
from dialnexa.urls import handler400, handler404, handler500
from dialnexa.urls import urlpatterns as project
from phone_numbers.inbound import receiving
from phone_numbers.models import PhoneNumber
from phone_numbers.views.webhooks import respond, signed_request


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    """The body is read, as by any view that is posted to; else the server closes the connection."""
    return HttpResponse(f"{len(request.body)} bytes.\n", content_type="text/plain")


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """One pending number, as it is posted."""
    national = request.POST["number"]
    PhoneNumber.objects.create(
        workspace_id=request.POST["workspace"],
        e164=f"+1{national}",
        country="US",
        calling_code="1",
        national_number=national,
        type="local",
        carrier="plivo",
    )
    return HttpResponse("Inserted.\n", content_type="text/plain")


@csrf_exempt
def unnoted(request: HttpRequest) -> HttpResponse:
    """As our own view, without noting the call: signature, route and XML."""
    signed = signed_request(request)
    assert signed
    answer, _ = receiving.decide(signed, carrier="plivo", now=clock.now())
    return respond(answer)


urlpatterns = [
    path("carrier/bare/", bare),
    path("carrier/plivo/unnoted/", unnoted),
    path("bare/", bare),
    path("bare/insert/", insert),
    *project,
]
__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]
