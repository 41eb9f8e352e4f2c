"""“Language and time zone” of whoever is signed in, and the language of strangers' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods

from dialnexa import clock, time_zones
from dialnexa.access import browser_actor
from dialnexa.http import Request
from dialnexa.profiles import change_profile
from dialnexa.shell import sign_in_required


class ProfileForm(forms.Form):
    """``language`` only where there is a choice. Zones are those that are named after places, and UTC."""

    language = forms.ChoiceField(required=False)
    time_zone = forms.ChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = sorted(name for name in time_zones.known() if "/" in name and not name.startswith("Etc/"))
        self.fields["time_zone"].choices = [(name, name.replace("_", " ")) for name in ["UTC", *places]]  # type: ignore[attr-defined]
        self.fields["language"].choices = [("", AS_BROWSER), *settings.LANGUAGES]  # type: ignore[attr-defined]


AS_BROWSER = gettext_lazy("As my browser asks; mails in English")


@require_http_methods(["GET", "POST"])
@sign_in_required
def show_profile(request: Request) -> HttpResponse:
    """The form; what is saved counts from the next page on."""
    user = request.user
    assert user.is_authenticated
    own = {"language": user.language, "time_zone": user.time_zone}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=own)
    if request.method == "GET" or not form.is_valid():
        return render(request, "account/profile.html", {"form": form}, status=422 if form.errors else 200)
    change_profile(user, **form.cleaned_data, by=browser_actor(request), now=clock.now())
    with override(user.language or None):
        messages.success(request, _("Saved."))
    return redirect("profile")
